import type { JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import { claimAt, isUnverified } from "../identity/claims.ts";
import type { OidcOptions } from "./options.ts";

/**
 * What the ID token must say of who signs in, if it is to be this caller; `undefined` if the provider knows nobody by
 * what the caller's token says. Pairwise subjects differ per client: then another claim is configured, which both have.
 */
export function expectedPerson(
  { issuer, subjectClaim }: Pick<OidcOptions, "issuer" | "subjectClaim">,
  principal: Principal,
): string | undefined {
  if (principal.kind !== "person" || principal.issuer !== issuer) return undefined;
  return subjectClaim === "sub" ? principal.subject : personIn(principal.claims, subjectClaim);
}

/** Who verified claims say somebody is. An address that nobody verified could be anybody's. */
export function personIn(claims: JsonObject, subjectClaim: string): string | undefined {
  const value = claimAt(claims, subjectClaim);
  if (typeof value !== "string" || value === "") return undefined;
  return subjectClaim === "email" && isUnverified(claims) ? undefined : value;
}
