import type { JsonObject } from "./json.ts";

/** Who calls, as far as a verified credential says. */
export interface Principal {
  /** `iss` of the token; `portcullis:keys` for an API key; `portcullis:anonymous`; `portcullis:local` over stdio. */
  readonly issuer: string;
  /** `sub` of the token, or the user of the key. */
  readonly subject: string;
  /** A machine has no person behind it who could sign in again. */
  readonly kind: "person" | "machine" | "anonymous";
  /** OAuth client (`client_id`, else `azp`, `cid` or `appid`), or the key's name. */
  readonly clientId: string | undefined;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  /** Every verified claim; empty for keys. */
  readonly claims: JsonObject;
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** Time of the person's sign-in, ms since the epoch. */
  readonly authTime: number | undefined;
}

/** One string per person: `iss` and `sub` together, the only identity that sessions, tasks and approvals are bound to. */
export function principalKey(principal: Pick<Principal, "issuer" | "subject">): string {
  return `${principal.issuer}\n${principal.subject}`;
}
