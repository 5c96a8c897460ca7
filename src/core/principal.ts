import type { JsonObject } from "./json.ts";
import { isOddAddress, readMailbox } from "./mailbox.ts";

/**
 * What somebody may do here at all, as far as that depends on who says who they are. `step_up`: what their token says of
 * their sign-in and of scopes counts where a policy asks for a stronger sign-in.
 */
export const PERMISSIONS = ["call", "approve", "administer", "step_up"] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The issuers of those who come without a token: by API key, by a password, without any credential, and over stdio. */
export const KEYS_ISSUER = "portcullis:keys";
export const BASIC_ISSUER = "portcullis:basic";
export const ANONYMOUS_ISSUER = "portcullis:anonymous";
export const LOCAL_ISSUER = "portcullis:local";

/** Who acts for somebody else, as a token says. RFC 8693 §4.1 */
export interface Actor {
  /** Who says so, where nothing else is said: the issuer of the token. */
  readonly issuer: string;
  /** Its `sub`, else its client. */
  readonly subject: string;
  /** All that it is called, verified or not. */
  readonly names: readonly string[];
}

/** What claims can have in a form that nobody can read. */
export const UNREAD = ["roles", "groups", "clients", "users"] as const;
export type Unread = (typeof UNREAD)[number];

/** Who calls, as far as a verified credential says. */
export interface Principal {
  /** `iss` of the token, or one of the issuers above. */
  readonly issuer: string;
  /** `sub` of the token, or the user of the key. */
  readonly subject: string;
  /** A machine has no person behind it who could sign in again. */
  readonly kind: "person" | "machine" | "anonymous";
  /**
   * A machine by its name alone, which a person may have chosen for themselves: it may do what a machine may, and still be
   * somebody.
   */
  readonly machineByName?: boolean | undefined;
  /** OAuth client (`client_id`, else `azp`, `cid` or `appid`), or the key's name. */
  readonly clientId: string | undefined;
  /** Verified, and of a domain for which the issuer may speak; else `undefined`. */
  readonly email: string | undefined;
  /** As the issuer says, where policies may see what it says there. */
  readonly name: string | undefined;
  /** Those that the issuer may give. */
  readonly roles: readonly string[];
  /** The same. */
  readonly groups: readonly string[];
  /**
   * What its claims have in a form that nobody can read, as targets call it: there may be more of them. Whatever restricts
   * by them fits, and what lets in by their absence does not.
   */
  readonly unread?: readonly Unread[] | undefined;
  /** What else the credential has where a client may stand, for what restricts. */
  readonly otherClients?: readonly string[] | undefined;
  /** The same. Those that the token holds, its claims say. */
  readonly scopes: readonly string[];
  /** Every verified claim; of a key its metadata. What policies see of them, `policy-names.ts` knows. */
  readonly claims: JsonObject;
  /** Globs over the claims that policies see. */
  readonly userClaims: readonly string[];
  /** This and the next two only of an issuer that may say it. */
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** Time of the person's sign-in, ms since the epoch. */
  readonly authTime: number | undefined;
  /** What the issuer's people may do here at all. */
  readonly may: readonly Permission[];
  /** Whether a subject that is written without an issuer may mean this one. */
  readonly home: boolean;
  /**
   * What else the credential calls them, as it was written and whether or not anybody verified it: for telling two
   * people apart, never for letting anybody in.
   */
  readonly aliases: readonly string[];
  /**
   * Who acts for them by this token, the last one first; empty where they come themselves. Whoever acts is in it with them,
   * and says nothing that a person has to say: see `isThemselves`.
   */
  readonly actors: readonly Actor[];
  /** Their name under `people:`, if the operator said whose credential this is. */
  readonly person: string | undefined;
}

/** What is so of everybody whose credential the operator made, and of whom nobody said more. */
export const AT_HOME = {
  may: PERMISSIONS,
  home: true,
  userClaims: ["*"],
  aliases: [],
  actors: [],
  person: undefined,
} as const;

/** What is so of whoever comes without a token: nobody says anything of their sign-in. */
export const NO_TOKEN = { scopes: [], acr: undefined, amr: [], authTime: undefined } as const;

/** Whether a person comes here themselves: no machine, and nobody who acts for them. Only then do they decide or sign in. */
export function isThemselves({ kind, actors }: Pick<Principal, "kind" | "actors">): boolean {
  return kind === "person" && actors.length === 0;
}

/** One string per credential's owner: `iss` and `sub` together, the only identity that sessions and tasks are bound to. */
export function principalKey(principal: Pick<Principal, "issuer" | "subject">): string {
  return `${principal.issuer}\n${principal.subject}`;
}

/**
 * Whose budgets a call draws on: those of the person, whichever credential they come with. Who is not under `people:` is
 * known by an address that was vouched for and by the subject. Both count, or the same user had two budgets by
 * asking for tokens with and without the address.
 */
export function personKeys(principal: Pick<Principal, "issuer" | "subject" | "email" | "person">): readonly string[] {
  const { person, email } = principal;
  if (person !== undefined) return [`person\n${person}`];
  const subject = principalKey(principal);
  return email === undefined ? [subject] : [subject, `email\n${readMailbox(email)?.bare ?? email}`];
}

/**
 * Whose share of what is bounded in memory something takes: the person's, whichever credential they come with. One of the
 * keys above, because a share has one holder: who drops the address from their tokens has a second share, and no third.
 * It lets nobody in: what is bound to who may use it goes by `principalKey`.
 */
export function personKey(principal: Pick<Principal, "issuer" | "subject" | "email" | "person">): string {
  return personKeys(principal).at(-1) ?? principalKey(principal);
}

/**
 * Whether somebody is called something that cannot be read, or was meant as an address and is no plain one, so that it may be
 * anybody's. Subjects that an identity provider gave are its own numbers, whatever they look like.
 */
export function hasOddName({ issuer, subject, email, aliases, unread }: Principal): boolean {
  if (unread?.includes("users") === true) return true;
  const chosen = issuer === KEYS_ISSUER || issuer === BASIC_ISSUER || issuer === LOCAL_ISSUER;
  return [...(chosen ? [subject] : []), ...(email === undefined ? [] : [email]), ...aliases].some(isOddAddress);
}

/** How somebody is named where a subject stands for them: bare at home, and with the issuer anywhere. */
export function subjectNames(principal: Pick<Principal, "issuer" | "subject" | "home">): string[] {
  const { subject } = principal;
  const qualified = `${principal.issuer}|${subject}`;
  return isBare(subject, principal) ? [subject, qualified] : [qualified];
}

/**
 * Whether a subject or a client of somebody's stands for itself: at home, unless it reads as if an issuer stood before it.
 * Whoever can choose such a name would be another issuer's by it.
 */
export function isBare(name: string, { home }: Pick<Principal, "home">): boolean {
  return home && withIssuer(name) === undefined;
}

const WITH_ISSUER = /^((?:https?:\/\/|portcullis:)[^|]*)\|(.*)$/is;

/** The parts of `issuer|name`; `undefined` of a bare name, which may have the sign, too (`auth0|3f2c`). */
export function withIssuer(text: string): { readonly issuer: string; readonly name: string } | undefined {
  const [, issuer, name] = WITH_ISSUER.exec(text) ?? [];
  return issuer === undefined || name === undefined ? undefined : { issuer, name };
}
