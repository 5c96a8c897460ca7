import { ANONYMOUS_ISSUER, isBare, KEYS_ISSUER, LOCAL_ISSUER } from "./principal.ts";

/** As much of somebody as stands in a record. */
export interface Known {
  readonly issuer: string | null | undefined;
  readonly subject: string;
  readonly email?: string | null | undefined;
}

/**
 * By what somebody is named to people: an address that was vouched for, or the subject, after its issuer and `|` as in
 * policies. Bare are users of keys alone: an issuer can call its people what it likes, and whoever starts a program
 * over stdio calls himself that.
 */
export function knownAs({ issuer, subject, email }: Known): string {
  if (email !== undefined && email !== null && issuer !== LOCAL_ISSUER) return email;
  if (issuer === undefined || issuer === null) return subject;
  const ours = issuer === KEYS_ISSUER || issuer === ANONYMOUS_ISSUER;
  return isBare(subject, { home: ours }) ? subject : `${issuer}|${subject}`;
}

/** The same with the name, which often anybody can choose for themselves: it never stands alone, nor first. */
export function calledAs(person: Known & { readonly name?: string | null | undefined }): string {
  const { name, subject } = person;
  const known = knownAs(person);
  return name === undefined || name === null || name === known || name === subject ? known : `${known} (${name})`;
}
