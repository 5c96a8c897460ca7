import { createPeople, named } from "../core/people.ts";
import {
  ANONYMOUS_ISSUER,
  AT_HOME,
  BASIC_ISSUER,
  KEYS_ISSUER,
  LOCAL_ISSUER,
  type Principal,
} from "../core/principal.ts";
import { ANONYMOUS } from "./anonymous.ts";
import { principalOf } from "./api-keys.ts";
import { principalOfUser } from "./basic.ts";
import type { IdentityOptions } from "./options.ts";
import { saidIn } from "./tokens/claims.ts";
import { readNumericDate } from "./tokens/times.ts";
import { withVouchedSignIn } from "./tokens/vouched-sign-in.ts";

/** A principal of before as the configuration has it now; `undefined` where their credential is no longer accepted. */
export type PrincipalNow = (before: Principal) => Principal | undefined;

/**
 * Makes it, for what is done in the name of somebody who is not there. Of a key everything stands in the configuration;
 * of a token whether its issuer is trusted, and what it may say: what it said then is all that is known of its user.
 */
export function createPrincipalNow({
  jwt,
  apiKeys,
  passwords,
  anonymous,
  people: all,
}: Pick<IdentityOptions, "jwt" | "apiKeys" | "passwords" | "anonymous" | "people">): PrincipalNow {
  const keys = new Map(apiKeys.map((key) => [key.name, principalOf(key)]));
  const people = createPeople(all);
  return (before) => {
    const now = unnamed(before);
    return now && named(now, people);
  };

  function unnamed(before: Principal): Principal | undefined {
    switch (before.issuer) {
      case KEYS_ISSUER: {
        const now = keys.get(before.clientId ?? "");
        return now?.subject === before.subject && now.kind === before.kind ? now : undefined;
      }
      case BASIC_ISSUER: {
        const user = passwords?.()?.users.find(({ name }) => name === before.subject);
        return user?.kind === before.kind ? principalOfUser(user) : undefined;
      }
      case ANONYMOUS_ISSUER:
        return anonymous ? ANONYMOUS : undefined;
      case LOCAL_ISSUER:
        // Who started the gateway over stdio. Whoever can do that needs no credential.
        return { ...before, ...AT_HOME, may: ["call"] };
      default: {
        const issuer = jwt.find((known) => known.issuer === before.issuer);
        return issuer && withVouchedSignIn({ ...before, ...saidIn(before.claims, issuer, before.kind === "machine") });
      }
    }
  }
}

/** Until when something may be done in the name of a principal who is not there, ms since the epoch; perhaps `Infinity`. */
export type ActsUntil = (principal: Principal, since: number) => number;

/**
 * Makes it: `afterTokenMs` after the end of the token by which they came, because nobody knows what has become of its user
 * since. Of a token whose end is not known `since` counts, when it was good. What stands in the configuration has no end.
 */
export function createActsUntil(afterTokenMs: number): ActsUntil {
  return ({ issuer, claims }, since) => {
    if ([KEYS_ISSUER, BASIC_ISSUER, ANONYMOUS.issuer, LOCAL_ISSUER].includes(issuer)) return Number.POSITIVE_INFINITY;
    return (readNumericDate(claims["exp"]) ?? since) + afterTokenMs;
  };
}

/** What stands for the credential by which somebody came, as the configuration has it now: another key, another mark. */
export type CredentialMark = (principal: Principal) => string;

/** Makes it. Of a token nothing stands in the configuration: its mark is empty. */
export function createCredentialMark({ apiKeys }: Pick<IdentityOptions, "apiKeys">): CredentialMark {
  const hashes = new Map(apiKeys.map(({ name, hash }) => [name, hash]));
  return ({ issuer, clientId }) => (issuer === KEYS_ISSUER ? hashes.get(clientId ?? "") : undefined) ?? "";
}
