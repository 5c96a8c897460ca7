import type { ClientFacts } from "./call.ts";
import { compileGlobs } from "./glob.ts";
import type { JsonObject } from "./json.ts";
import { readMailbox } from "./mailbox.ts";
import { isBare, type Principal } from "./principal.ts";

/*
 * How policies see somebody. Bare names are those that the company gave, its keys and its first issuer: any other issuer
 * can call its people and its clients what it likes, so that what it says is seen with its name, or not at all.
 */

/** `user.id`: the subject, after its issuer and `|` where that is not the first one, or it would read like another's. */
export function userIdOf(principal: Pick<Principal, "issuer" | "subject" | "home">): string {
  const { issuer, subject } = principal;
  return isBare(subject, principal) ? subject : `${issuer}|${subject}`;
}

/**
 * `user.email`: the address as it is compared everywhere, in lower case and with the domain in ASCII. Issuers write it as
 * somebody typed it, and a condition that restricts must not miss them for a capital.
 */
export function emailOf({ email }: Pick<Principal, "email">): string | undefined {
  return email === undefined ? undefined : (readMailbox(email)?.address ?? email.toLowerCase());
}

/** `client.id`, as `user.id`; `undefined` if the credential has none. */
export function clientIdOf(
  { id }: Pick<ClientFacts, "id">,
  principal: Pick<Principal, "issuer" | "home">,
): string | undefined {
  return id === undefined || isBare(id, principal) ? id : `${principal.issuer}|${id}`;
}

/** `user.claims`: of the verified claims those that this issuer may show to policies. */
export function claimsSeenOf({ claims, userClaims }: Pick<Principal, "claims" | "userClaims">): JsonObject {
  if (userClaims.includes("*")) return claims;
  const shown = compileGlobs(userClaims);
  return Object.fromEntries(Object.entries(claims).filter(([name]) => shown(name)));
}
