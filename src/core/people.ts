import { mailbox, type Principal, principalKey } from "./principal.ts";

/** Somebody under `people:`: what the operator says belongs to one person. */
export interface PersonOptions {
  readonly name: string;
  /** Subjects of issuers, and users of keys under the keys' issuer. */
  readonly subjects: readonly { readonly issuer: string; readonly subject: string }[];
  /** Addresses that whichever issuer may speak for them says. */
  readonly emails: readonly string[];
}

/** Finds whose a credential is, as the operator said. */
export interface People {
  /** The name of the person; `undefined`: nobody said. `email` only if it was vouched for. */
  of(who: Pick<Principal, "issuer" | "subject" | "email">): string | undefined;
  readonly all: readonly PersonOptions[];
}

/** Makes it. Configuration sees to it that nothing belongs to two people. */
export function createPeople(all: readonly PersonOptions[]): People {
  const bySubject = new Map(all.flatMap(({ name, subjects }) => subjects.map((one) => [principalKey(one), name])));
  const byEmail = new Map(all.flatMap(({ name, emails }) => emails.map((email) => [mailbox(email), name])));
  return {
    all,
    of: (who) =>
      bySubject.get(principalKey(who)) ?? (who.email === undefined ? undefined : byEmail.get(mailbox(who.email))),
  };
}

/** The same principal, with the name of their person. */
export function named(principal: Principal, people: People): Principal {
  const person = people.of(principal);
  return person === principal.person ? principal : { ...principal, person };
}
