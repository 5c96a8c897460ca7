import { domainToASCII } from "node:url";
import { decodedNames } from "./decoded-names.ts";
import { fold } from "./fold.ts";

/*
 * An e-mail address can be spelt in many ways that reach one mailbox: quoted, with a comment, a name around it, `mailto:`
 * before it, characters that nobody sees. Nobody can list them all, so the rule is the other way round: what is not plain
 * is not known to be anybody's, and proves nothing.
 */

/** A plain e-mail address: a dot-atom (RFC 5322 §3.2.3, RFC 6531 for letters of all scripts), `@`, a domain of labels. */
export interface Mailbox {
  /** As addresses are compared: folded, the domain in ASCII. */
  readonly address: string;
  /**
   * The mailbox that it may be another spelling of: without the tag that its owner can choose (RFC 5233) and without
   * dots in the local part, which many providers ignore.
   */
  readonly bare: string;
  /** The bare local part, which is often the name of the account, too. */
  readonly account: string;
  readonly domain: string;
}

// Without `%` and `!`, by which mail servers are told another host to pass it on to (RFC 5321 §2.3.11 leaves that to them).
const PLAIN = /^((?:[\p{L}\p{M}\p{N}#$&'*+\-/=?^_`{|}~]+\.)*[\p{L}\p{M}\p{N}#$&'*+\-/=?^_`{|}~]+)@([^@]+)$/u;
/** What begins a tag at one provider or another. Not `-` and `_`, which stand in names of people. */
const TAG = /[+=#]/;
const LABELS = /^(?:[\p{L}\p{N}_][\p{L}\p{M}\p{N}_-]*\.)*[\p{L}\p{N}_][\p{L}\p{M}\p{N}_-]*$/u;
const ASCII = /^[\x21-\x7e]*$/;
/** RFC 5321 §4.5.3.1; anything longer is no address, and is not looked at. */
const MAX_CHARS = 320;

/** Reads a text as a plain address, whatever its letters' case, width and blanks; `undefined` if it is none. */
export function readMailbox(text: string): Mailbox | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const [, local = "", said = ""] = PLAIN.exec(spelling(text)) ?? [];
  const domain = LABELS.test(said) ? asciiDomain(said) : "";
  if (domain === "") return undefined;
  const tag = local.slice(1).search(TAG);
  const account = (tag < 0 ? local : local.slice(0, tag + 1)).replaceAll(".", "");
  return { address: `${local}@${domain}`, bare: `${account}@${domain}`, account, domain };
}

/**
 * Whether this is written as the address that it is, but for case. Only such a one counts as somebody's: conditions read
 * it letter by letter.
 */
export function isPlainAddress(text: string): boolean {
  return spelling(text) === text.toLowerCase() && readMailbox(text) !== undefined;
}

/** Whether this is meant as an address, or could be, and is no plain one: then nobody knows whose it is. */
export function isOddAddress(name: string): boolean {
  return fold(name).includes("@") && readMailbox(name) === undefined;
}

/**
 * By what a name is compared where two names must not pass for two people: an address by its mailbox and by its account,
 * so that `ann` may be `ann@acme.com`; anything else by its folded spelling; and each by the names within it.
 */
export function nameForms(name: string): readonly string[] {
  const forms = [name.replace(PERSONAL, ""), ...namesWithin(name)].flatMap((one) => {
    const box = readMailbox(one);
    return box === undefined ? [spelling(one)].filter((form) => form !== "") : [box.bare, box.account];
  });
  return [...new Set(forms)];
}

/** What stands between the parts of a name: of an address, too, since `|`, `/` and `#` may be in its local part. */
const BETWEEN = /[\s|:/,;<>()[\]"]+|(?<=\.[a-z]+)#/;
/** Whose account stands behind it: a Windows domain, a connection of Auth0, a federation of Keycloak, a scheme. */
const BEFORE_ACCOUNT = /^(?:[^\\]+\\|.*\||f:[^:]+:|(?:acct|mailto|smtp|sip|user):)(?=[^\\|]+$)/s;
/** The account at the end of a path or of a resource name (ARN, SPIFFE, SCIM). */
const END_OF_PATH =
  /(?:^|[/:])(?:(?:users?|people|persons?|accounts?|employees?|members?|assumed-role\/[^/]+)\/|~)([^/?#]+)\/?$/;
/** A personal account in Entra ID, which would read like an address with a tag. */
const PERSONAL = /^(?:live|google|facebook)\.com#/i;
/** A guest of Entra ID: the address with `_` for the sign. */
const GUEST = /^(.+)_([^_@]+)#ext#@/s;
/** Attributes of a distinguished name (RFC 4514) that one person has. */
const OF_ONE = /^(?:uid|cn|mail|email|emailaddress|samaccountname|userprincipalname)=/;

/**
 * The names that stand within another one: plain addresses, and the account behind what says where it is one
 * (`samlp|corp|ann@acme.com`, `ACME\\ann`, `/users/ann`, `ann_acme.com#EXT#@…`), also where it is encoded (`ann%40acme.com`).
 */
export function namesWithin(name: string): readonly string[] {
  if (name.length > MAX_CHARS * 3) return [];
  const decoded = decodedNames(name);
  return [...new Set([...within(name), ...decoded.flatMap((one) => [one, ...within(one)])])];
}

function within(name: string): readonly string[] {
  if (name.length > MAX_CHARS) return [];
  const text = fold(name);
  const [, local, domain] = GUEST.exec(text) ?? [];
  const account = text.replace(BEFORE_ACCOUNT, "");
  const attributes = text
    .split(",")
    .flatMap((part) => (OF_ONE.test(part.trim()) ? [part.trim().replace(OF_ONE, "")] : []));
  const addresses = text.split(BETWEEN).filter((part) => part.includes("@") && readMailbox(part) !== undefined);
  const path = END_OF_PATH.exec(text)?.[1] ?? "";
  const parts = attributes.length > 0 ? attributes : [account, path, withoutZeros(text), unquoted(text), ...addresses];
  const all = local === undefined ? parts : [`${local}@${domain}`];
  return all.filter((part) => part !== text && part !== "");
}

/** A number as it is counted: some write it in so many digits. */
export function withoutZeros(text: string): string {
  return text.replace(/^0+(?=\d+$)/, "");
}

/** An address without the quotes and comments that change nothing about it. RFC 5322 §3.2.2, §3.2.4 */
function unquoted(text: string): string {
  const bare = text.replaceAll(/\([^()]*\)/g, "").replaceAll(/["\\]/g, "");
  return readMailbox(bare) === undefined ? "" : bare;
}

/** A domain, or a glob over domains, with the letters that the DNS has (RFC 5891). */
export function asciiDomain(domain: string): string {
  const folded = fold(domain);
  return ASCII.test(folded) ? folded : domainToASCII(folded);
}

/** Characters that no reader sees, though Unicode counts them as symbols: the empty Braille cell, the empty note head. */
const BLANK_SYMBOLS = /[\s\u2800\u{1D159}]/gu;

/** The full stop of domains in Chinese and Japanese. RFC 3490 §3.1; NFKC makes the full-width ones this or a dot. */
const IDEOGRAPHIC_STOP = /\u3002/g;

function spelling(text: string): string {
  return fold(text).replaceAll(BLANK_SYMBOLS, "").replaceAll(IDEOGRAPHIC_STOP, ".");
}
