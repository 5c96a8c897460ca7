import type { Refusal } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { TokenNeed } from "../core/outcome.ts";
import type { Principal } from "../core/principal.ts";

/** What the identity room sees of a request. */
export interface CredentialRequest {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The header that `Identity` names for keys. */
  readonly apiKey?: string | undefined;
  /** The client's address, `ip` of `ClientAddress`. Anonymous callers are accepted from loopback only. */
  readonly remoteAddress: string;
  /** Whether a proxy says that it speaks for somebody else (`Forwarded`, `X-Forwarded-For`): then the address is its own. */
  readonly forwarded?: boolean | undefined;
  /** Whether it is for the API of operators, where no password counts. */
  readonly api?: boolean | undefined;
  /** Path of the MCP endpoint (`/mcp/expenses`): names the protected resource in a challenge. RFC 9728 §3.1 */
  readonly path: string;
}

export type Identified =
  /** `until`: when the credential ends, ms since the epoch; `Infinity` of what has no end of its own. */
  | { readonly ok: true; readonly principal: Principal; readonly until: number }
  /** `headers` go out with the refusal: the challenge of a 401 (RFC 6750 §3, RFC 9728 §5.1), `Retry-After` of a 429. */
  | { readonly ok: false; readonly refusal: Refusal; readonly headers: Readonly<Record<string, string>> };

/** Turns a credential into a principal, or into a challenge. */
export interface Identity {
  /** Header in which API keys may come, in lower case; `undefined`: there are no keys. */
  readonly apiKeyHeader?: string | undefined;
  /** Synchronous for a credential verified a moment ago. @throws never */
  identify(request: CredentialRequest): Identified | Promise<Identified>;
  /** The `WWW-Authenticate` value for a valid token that a call does not get by with. RFC 6750 §3.1, RFC 9470 §3 */
  insufficient(path: string, need: TokenNeed): string;
  /** The protected-resource metadata document of an endpoint path (`/mcp`, `/mcp/<name>`). RFC 9728 §2 */
  metadata(path: string): JsonObject;
}
