import { digestOf } from "../core/digest.ts";
import type { JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";

/** One call, as far as its approval is bound to it. */
export interface BoundCall {
  readonly principal: Pick<Principal, "issuer" | "subject" | "clientId">;
  readonly upstream: string;
  /** Original name. */
  readonly tool: string;
  readonly definitionDigest: string;
  readonly arguments: JsonObject;
}

/**
 * What an approval is bound to: SHA-256 (hex) of the canonical JSON of who calls, through which client, which tool as it
 * is defined now, with what. The order of keys does not matter, and neither does 1 against 1.0, which JSON.parse has
 * made one number before anybody here saw them. Unicode forms are not folded: a tool may treat them as different.
 */
export function callDigest(call: BoundCall): string {
  return digestOf({
    v: 1,
    iss: call.principal.issuer,
    sub: call.principal.subject,
    clientId: call.principal.clientId ?? null,
    upstream: call.upstream,
    tool: call.tool,
    definitionDigest: call.definitionDigest,
    arguments: call.arguments,
  });
}
