import type { JsonObject } from "../../core/json.ts";

/**
 * Whether a signed token is an access token, or why not. Only looks at what kind it is; the rest is for others to check.
 *
 * `typ: at+jwt` says so itself (RFC 9068 §4). Many issuers write `JWT` or nothing, on access tokens and ID tokens
 * alike; of those, whatever shows the mark of another kind is refused:
 * - `at_hash`, `c_hash`, `s_hash`: an ID token, bound to the tokens it came with (OpenID Connect Core §3.3.2.11);
 * - `nonce`: an ID token, bound to a sign-in (§2), unless the issuer marks the token as an access token in a claim, as
 *   Keycloak (`typ: Bearer`) and Cognito (`token_use: access`) do: older Keycloaks put the nonce into those as well;
 * - such a claim that says something else (`typ: ID`, `Refresh`, `token_use: id`);
 * - `events`: a logout or security event token (RFC 8417).
 * An ID token with none of these has the OAuth client's id as its audience, so it is refused for its audience.
 */
export function whyNotAccessToken(typ: unknown, claims: JsonObject, requireTyp: boolean): string | undefined {
  const kind = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
  if (kind === "at+jwt") return undefined;
  if (requireTyp || (kind !== undefined && kind !== "jwt")) return "Its typ is not at+jwt.";
  const marks = [claims["typ"], claims["token_use"]].filter((mark) => mark !== undefined);
  const access = marks.length > 0 && marks.every((mark) => mark === "Bearer" || mark === "access");
  const bound = ["at_hash", "c_hash", "s_hash", "events"].some((claim) => claims[claim] !== undefined);
  const foreign = marks.length > 0 && !access;
  return bound || foreign || (claims["nonce"] !== undefined && !access) ? "It is not an access token." : undefined;
}
