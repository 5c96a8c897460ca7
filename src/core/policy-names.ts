import type { ClientFacts } from "./call.ts";
import { compileGlobs } from "./glob.ts";
import type { JsonObject } from "./json.ts";
import type { Principal } from "./principal.ts";

/*
 * How policies see somebody. Bare names are those that the company gave, its keys and its first issuer: any other issuer
 * can call its people and its clients what it likes, so that what it says is seen with its name, or not at all.
 */

/** `user.id`: the subject, after its issuer and `|` where that is not the first one. */
export function userIdOf({ issuer, subject, home }: Pick<Principal, "issuer" | "subject" | "home">): string {
  return home ? subject : `${issuer}|${subject}`;
}

/** `client.id`, the same way; `undefined` if the credential has none. */
export function clientIdOf(
  { id }: Pick<ClientFacts, "id">,
  { issuer, home }: Pick<Principal, "issuer" | "home">,
): string | undefined {
  return home || id === undefined ? id : `${issuer}|${id}`;
}

/** `user.claims`: of the verified claims those that this issuer may show to policies. */
export function claimsSeenOf({ claims, userClaims }: Pick<Principal, "claims" | "userClaims">): JsonObject {
  if (userClaims.includes("*")) return claims;
  const shown = compileGlobs(userClaims);
  return Object.fromEntries(Object.entries(claims).filter(([name]) => shown(name)));
}
