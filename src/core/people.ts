import { readMailbox } from "./mailbox.ts";
import { LOCAL_ISSUER, type Principal, principalKey } from "./principal.ts";

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
  const byEmail = new Map(
    all.flatMap(({ name, emails }) => emails.map((email) => [readMailbox(email)?.address ?? email, name])),
  );
  const byAddress = ({ issuer, email }: Pick<Principal, "issuer" | "email">) => {
    // Whoever starts a program says whatever address they like.
    if (email === undefined || issuer === LOCAL_ISSUER) return undefined;
    // With its tag: another tag may be another mailbox.
    return byEmail.get(readMailbox(email)?.address ?? "");
  };
  return { all, of: (who) => bySubject.get(principalKey(who)) ?? byAddress(who) };
}

/** The same principal, with the name of their person. */
export function named(principal: Principal, people: People): Principal {
  const person = people.of(principal);
  return person === principal.person ? principal : { ...principal, person };
}
