import { ERRORS, type Refusal, refuse } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { personKey } from "../core/principal.ts";
import { credentialOf } from "../http/credential.ts";
import { heldFor } from "../http/held.ts";
import type { CredentialRequest, Identified, Identity } from "../identity/identity.ts";
import type { RequestContext } from "./edge.ts";
import { type HttpExchange, headerOf } from "./http/exchange.ts";
import type { Streams } from "./http/streams.ts";
import type { SessionRegistry } from "./legacy/session-registry.ts";
import type { ModernServer } from "./modern/dispatch.ts";

/** What the handlers of the HTTP endpoint share. */
export interface HttpEdge extends ModernServer {
  readonly identity: Identity;
  readonly sessions: SessionRegistry;
  readonly streams: Streams;
  readonly policyHeaders: readonly string[];
}

export type AdmittedCaller =
  | { readonly ok: true; readonly context: RequestContext }
  | { readonly ok: false; readonly refusal: Refusal; readonly headers: Readonly<Record<string, string>> };

/** Who calls, and what the endpoint shows: every request proves it anew. */
export async function admit(http: HttpEdge, { incoming, from, path, endpoint }: HttpExchange): Promise<AdmittedCaller> {
  const request = { ...credentialOf(incoming, from, http.identity.apiKeyHeader), path };
  const answer = http.identity.identify(request);
  const identified = answer instanceof Promise ? await answer : answer;
  if (!identified.ok) return { ok: false, refusal: identified.refusal, headers: identified.headers };
  if (!identified.principal.may.includes("call")) {
    return { ok: false, refusal: refuse("ISSUER_NOT_PERMITTED"), headers: {} };
  }
  heldFor(incoming, personKey(identified.principal));
  const scope = http.edge.gateway.scope(endpoint);
  if (scope === undefined) return { ok: false, refusal: refuse("ENDPOINT_UNKNOWN"), headers: {} };
  if (scope.admits?.(identified.principal) === false) {
    return { ok: false, refusal: refuse("ENDPOINT_NOT_PERMITTED"), headers: {} };
  }
  const context: RequestContext = {
    principal: identified.principal,
    credential: { until: identified.until, holds: () => isAccepted(http, request, endpoint) },
    scope,
    ip: from.ip,
    userAgent: incoming.headers["user-agent"] ?? "",
    hasHeaders: true,
    header: (name) => headerOf(incoming, name),
    policyHeaders: pick(http.policyHeaders, (name) => headerOf(incoming, name)),
    receivedAt: http.edge.now(),
    authenticate: (need) => http.identity.insufficient(path, need),
  };
  return { ok: true, context };
}

/** Whether what was accepted before still is. No verdict is none: that an issuer does not answer withdraws nothing. */
async function isAccepted(
  { identity, edge }: HttpEdge,
  request: CredentialRequest,
  endpoint: string,
): Promise<boolean> {
  const answer = await identity.identify(request);
  const enters = ({ principal }: Extract<Identified, { ok: true }>): boolean =>
    principal.may.includes("call") && edge.gateway.scope(endpoint)?.admits?.(principal) !== false;
  return answer.ok ? enters(answer) : ![401, 403].includes(ERRORS[answer.refusal.code].status);
}

function pick(names: readonly string[], header: (name: string) => string | undefined): JsonObject {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = header(name);
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
