import { z } from "zod";
import { clientText } from "../../audit/client-texts.ts";
import type { Call, ClientFacts, ClientPeer } from "../../core/call.ts";
import type { ApprovalRequirement } from "../../core/decision.ts";
import { digestOf } from "../../core/digest.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { type Principal, personKey, principalKey } from "../../core/principal.ts";

/** What is kept with a request, sealed, so that its call can be decided again and run when nobody is connected. */
export interface ApprovalContext {
  readonly endpoint: string;
  /** See `Upstream`. */
  readonly place: string | undefined;
  readonly session: string | undefined;
  readonly headers: JsonObject;
  readonly client: ClientFacts;
  /** A modern client's peer, whose upstream sessions outlive its connections. */
  readonly peer: { readonly key: string; readonly capabilities: JsonObject } | undefined;
  /** What the request asks for: these policies are satisfied by it, each by its own flow. */
  readonly granted: readonly { readonly policy: string; readonly flow: string }[];
}

/** Who asks for approval of a call, as people are shown it. */
export function requesterOf({ principal, client, era }: Call) {
  return { principal, clientName: clientText(client.name), era };
}

/** The context of a call whose decision asks for `approvals`. */
export function contextOf(
  call: Call,
  approvals: readonly ApprovalRequirement[],
  place: string | undefined,
): JsonObject {
  const { id, name, version, ip, userAgent } = call.client;
  return {
    endpoint: call.scope.endpoint,
    place,
    session: call.session,
    headers: call.headers,
    client: { id, name, version, ip, userAgent },
    ...(call.era === "modern" && { peer: { key: call.peer.key, capabilities: call.peer.capabilities } }),
    granted: approvals.map(({ policy, flow }) => ({ policy, flow })),
  };
}

const json = z.custom<JsonObject>(isObject);

const schema = z
  .object({
    endpoint: z.string(),
    place: z.string().optional(),
    session: z.string().optional(),
    headers: json,
    client: z.object({
      id: z.string().optional(),
      name: z.string(),
      version: z.string(),
      ip: z.string(),
      userAgent: z.string(),
    }),
    peer: z.object({ key: z.string(), capabilities: json }).optional(),
    granted: z.array(z.object({ policy: z.string(), flow: z.string() })),
  })
  .transform(
    (read): ApprovalContext => ({
      ...read,
      place: read.place,
      session: read.session,
      client: { ...read.client, id: read.client.id },
      peer: read.peer,
    }),
  );

/** Reads a context back; `undefined` if it is none. */
export function readContext(context: JsonObject): ApprovalContext | undefined {
  const read = schema.safeParse(context);
  return read.success ? read.data : undefined;
}

/**
 * The client as upstreams see it when the gateway runs a call by itself. A modern client's own peer, so that a server
 * finds what it keeps for it; for a legacy one, whose session may be gone, one of its own that can do nothing.
 */
export function absentPeer(principal: Principal, { client, peer }: ApprovalContext): ClientPeer {
  return {
    key: peer?.key ?? `absent:${digestOf([principalKey(principal), principal.clientId ?? null, client.name])}`,
    owner: principalKey(principal),
    holder: personKey(principal),
    capabilities: peer?.capabilities ?? {},
    takesInputRequests: false,
    request: async () => ({ ok: false, error: { code: -32601, message: "The client takes no requests." } }),
    notify: () => {},
  };
}
