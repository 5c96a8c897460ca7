import type { JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { claimAt, isVerified } from "../../identity/tokens/claims.ts";
import type { OidcOptions } from "../options.ts";

/**
 * What the ID token must say of who signs in, if it is to be this caller; `undefined` if the provider knows nobody by
 * what the caller's token says. Pairwise subjects differ per client: then another claim is configured, which both have.
 */
export function expectedPerson(
  options: Pick<OidcOptions, "issuer" | "subjectClaim" | "emailVerified">,
  principal: Principal,
): string | undefined {
  if (principal.kind !== "person" || principal.issuer !== options.issuer) return undefined;
  return options.subjectClaim === "sub" ? principal.subject : personIn(principal.claims, options);
}

/** Who verified claims say somebody is. An address that nobody verified could be anybody's. */
export function personIn(
  claims: JsonObject,
  { subjectClaim, emailVerified }: Pick<OidcOptions, "subjectClaim" | "emailVerified">,
): string | undefined {
  const value = claimAt(claims, subjectClaim);
  if (typeof value !== "string" || value === "") return undefined;
  return subjectClaim === "email" && emailVerified !== "always" && !isVerified(claims) ? undefined : value;
}
