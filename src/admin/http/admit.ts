import type { IncomingMessage } from "node:http";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Principal } from "../../core/principal.ts";
import type { Refusals } from "../../core/refusals.ts";
import type { Arrive } from "../../http/arrivals.ts";
import { type BrowserSession, type BrowserSessions, carriesToken } from "../../http/browser-session.ts";
import { credentialOf } from "../../http/credential.ts";
import { createHostPolicy, type HostPolicy, type HostPolicyOptions } from "../../http/hosts.ts";
import type { Identity } from "../../identity/identity.ts";
import { insufficient, operatorOf } from "../../operations/access.ts";
import type { Operator } from "../../operations/operator.ts";
import { API_BASE } from "./mount-routes.ts";
import type { Refused } from "./problem.ts";

/** What admission looks at. */
export interface AdmissionDeps {
  readonly arrive: Arrive;
  readonly identity: Identity;
  /** People who signed in to the console; `undefined`: there is no console. */
  readonly sessions: BrowserSessions | undefined;
  /** As the MCP endpoint has them. */
  readonly hosts: HostPolicyOptions;
  /** Roles whose holders administer the gateway. */
  readonly adminRoles: readonly string[];
  /** The scope with which an access token is for the API, and not an agent's. */
  readonly adminScope: string;
  /** Whom tokens of an issuer may be for, as configured: the API only where that says so. */
  readonly audiencesOf: (issuer: string) => readonly string[];
  /** Hears of what is refused. */
  readonly refusals: Refusals;
  readonly log: Log;
}

export type AdmittedOperator =
  | {
      readonly ok: true;
      readonly operator: Operator;
      /** The answer where this credential does not suffice; `undefined` where it does, as far as the roles go. */
      readonly insufficient: Refused | undefined;
      readonly ip: string;
    }
  | Refused;

/** Says who sent a request. `quietly`: nobody used their session by it; a page that listens comes by itself. */
export type Admit = (incoming: IncomingMessage, quietly: boolean) => Promise<AdmittedOperator>;

const BY_SESSION = { kind: "session" } as const;

/** Requests that change nothing. RFC 9110 §9.2.1 */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Makes the check of who asks. A credential in a header of its own counts alone, whatever cookies come along. Without one it
 * is the session of the console, and then a page of our own must have sent the request: a cookie goes out by itself.
 */
export function createAdmission(deps: AdmissionDeps): Admit {
  const { arrive, identity, sessions, adminRoles, adminScope } = deps;
  const ownUrl = `${deps.hosts.publicUrl}${API_BASE}`;
  const by = ({ issuer }: Principal) => {
    const audience = deps.audiencesOf(issuer).includes(ownUrl) ? ownUrl : undefined;
    return { kind: "credential", scope: adminScope, audience } as const;
  };
  // Origins that may use MCP are not the console's: with a cookie only our own counts.
  const own = createHostPolicy({ ...deps.hosts, allowedOrigins: [] }, deps.log);
  return async (incoming, quietly) => {
    const arrived = arrive(incoming);
    if (!arrived.ok) return arrived;
    const { ip } = arrived.from;
    const credential = credentialOf(incoming, arrived.from, identity.apiKeyHeader);
    if (credential.authorization === undefined && credential.apiKey === undefined) {
      const session = await sessions?.find(incoming, quietly);
      if (session !== undefined) {
        return checkPage(incoming, session, own) ?? admitted(operatorOf(session.principal, adminRoles, BY_SESSION), ip);
      }
    }
    const identified = await identity.identify({ ...credential, path: "/mcp", api: true });
    if (identified.ok) {
      return admitted(operatorOf(identified.principal, adminRoles, by(identified.principal)), ip);
    }
    return { ...identified.refusal, headers: identified.headers };
  };

  function admitted(operator: Operator, ip: string): AdmittedOperator {
    return { ok: true, operator, ip, insufficient: refusalOf(operator) };
  }

  function refusalOf(operator: Operator): Refused | undefined {
    const refusal = insufficient(operator);
    if (operator.lacks !== "scope" || refusal === undefined) return refusal;
    const { issuer } = operator.principal;
    const challenge = identity.insufficient("/mcp", { error: "insufficient_scope", issuer, scopes: [adminScope] });
    return { ...refusal, detail: `The scope is ${adminScope}.`, headers: { "WWW-Authenticate": challenge } };
  }
}

function checkPage(incoming: IncomingMessage, session: BrowserSession, own: HostPolicy): Refusal | undefined {
  const { host, origin, "x-csrf-token": token } = incoming.headers;
  const foreign = own.check(host, origin);
  if (foreign !== undefined) return foreign;
  if (SAFE.has(incoming.method ?? "")) return undefined;
  if (origin === undefined)
    return refuse("ORIGIN_NOT_ALLOWED", "With a session a request that changes something has one.");
  return typeof token === "string" && carriesToken(token, session) ? undefined : refuse("CSRF_TOKEN_INVALID");
}
