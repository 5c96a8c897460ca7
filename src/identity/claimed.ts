import type { CredentialClaim } from "../core/refusals.ts";
import { API_KEY_PREFIX } from "./api-keys.ts";
import { readToken } from "./tokens/parts.ts";

/** Codes with which a token is refused that was looked at, so that looking once more costs no more than that did. */
const LOOKED_AT: ReadonlySet<string> = new Set([
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "SCOPE_INSUFFICIENT",
  "ISSUER_NOT_PERMITTED",
]);

/** No token that is looked at is longer. */
const MAX_CHARS = 16 * 1024;

/**
 * What an `Authorization` header that was refused with `code` claims: of what kind it is, and who made the token. Nothing of it is
 * verified. `byHeader`: a key came in a header of its own. @throws never
 */
export function claimIn(authorization: string | undefined, code: string, byHeader = false): CredentialClaim {
  if (authorization === undefined) return { kind: byHeader ? "key" : "none" };
  const [scheme = "", token = ""] = authorization.slice(0, MAX_CHARS).split(/ +/, 2);
  const name = scheme.toLowerCase();
  if (name !== "bearer") return { kind: name === "basic" ? "basic" : "other" };
  if (token.startsWith(API_KEY_PREFIX)) return { kind: "key" };
  if (!LOOKED_AT.has(code) || authorization.length > MAX_CHARS) return { kind: "bearer" };
  const read = readToken(token);
  const issuer = read.ok ? read.parts.claims["iss"] : undefined;
  return { kind: "bearer", issuer: typeof issuer === "string" ? issuer : undefined };
}
