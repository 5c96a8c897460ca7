import type { Domain } from "./domain.ts";
import { writtenInPattern } from "./pattern-parts.ts";

/*
 * Whose an address is says its end, and whose a URL is says what stands between `://` and the next `/`, `?`, `#` or `\`,
 * behind the last `@` of that (RFC 3986 §3.2, and as browsers read it: URL Standard §4.4). A test of any other part of it
 * takes somebody else's for one's own. These are such ones, for the domains that a test names.
 */

/** A text that a test looks for. */
export interface NamedText {
  readonly text: string;
  readonly isPattern: boolean;
}

/** Somebody else's that has something of what a test names. */
export interface LookAlike {
  readonly text: string;
  /** Whose it could be taken for. */
  readonly of: string;
  /** It reads as it should to a machine alone: another test beside may keep all such out. */
  readonly isOdd: boolean;
}

/** What to try a test with. */
export interface LookAlikes {
  /** Others that have nothing of what the test names: first the plain ones, then those for a test that fails for these. */
  readonly strangers: readonly (readonly string[])[];
  readonly lookAlikes: readonly LookAlike[];
  /** Which test is certain. */
  readonly certain: string;
}

const SCHEME = /\b(https?|wss?|ftps?)\b/i;
const BEGINS_AS_URL = /^(?:\^|\\A|\(\?[a-zA-Z]+\))*\(?(?:\?:)?[a-z][a-z\d+.-]*\)?\??:(?:\/|\\\/){2}/i;
/** What arguments are called that are URLs. */
const NAMED_AS_URL =
  /(?:^|[_-])(?:ur[il]|link|href|webhook|origin|referer)s?$|[a-z\d](?:Ur[il]|URL|URI|Link|Href|Webhook)s?$/i;
/** What arguments are called that are addresses. */
const NAMED_AS_ADDRESS =
  /(?:^|[_-])(?:e?-?mails?(?:_?addr(?:ess(?:es)?)?)?|recipients?|b?cc|reply[_-]?to)$|[a-z\d](?:E?[Mm]ails?(?:Addr(?:ess(?:es)?)?)?|Recipients?|ReplyTo)$/i;
/** What shows that a text is a URL, or an address, where it is looked for there or where the text is parted there. */
const IS_OF_URL = /^:?\/\/$|^:\/\//;
const IS_OF_ADDRESS = /^@$|^[^\s@:/]*@(?:[\p{L}\p{N}_-]+\.)+\p{L}{2,}$/u;
const STRANGERS = ["evil.com", "stranger.org", "other.example"];
/** Stands for what is not written out. */
const GAP = "\0";

/**
 * Others that a test of an address or of a URL may take for one's own. `reads`: what the text is known to be; else its
 * `name` says so, or what it is held against. `undefined` where the test names nobody.
 */
export function lookAlikesOf(
  reads: Domain["reads"],
  name: string,
  constants: readonly NamedText[],
): LookAlikes | undefined {
  const texts = constants.flatMap(({ text, isPattern }) => (isPattern ? writtenInPattern(text, GAP) : [text]));
  const kind = reads ?? kindByName(name) ?? kindByTexts(constants, texts);
  const stranger = STRANGERS.find((it) => !texts.some((text) => text.includes(it)));
  if (kind === undefined || stranger === undefined) return undefined;
  return kind === "address" ? ofAddresses(texts, stranger) : ofUrls(texts, stranger);
}

function kindByName(name: string): Domain["reads"] {
  if (NAMED_AS_URL.test(name)) return "url";
  return NAMED_AS_ADDRESS.test(name) ? "address" : undefined;
}

function kindByTexts(constants: readonly NamedText[], texts: readonly string[]): Domain["reads"] {
  if (constants.some(({ text }) => BEGINS_AS_URL.test(text)) || texts.some((text) => IS_OF_URL.test(text)))
    return "url";
  return texts.some((text) => IS_OF_ADDRESS.test(text.replaceAll(GAP, ""))) ? "address" : undefined;
}

const DOMAIN = /[\p{L}\p{N}_-]\.\p{L}{2,}$|^\d+\.\d+\.\d+\.\d+$/u;

function ofUrls(texts: readonly string[], stranger: string): LookAlikes | undefined {
  const strangers: string[][] = [[], []];
  const lookAlikes: LookAlike[] = [];
  for (const text of texts) {
    const named = hostIn(text);
    if (named === undefined) continue;
    const { user, host, port, after } = named;
    const scheme = (SCHEME.exec(text)?.[1] ?? "https").toLowerCase();
    const own = `${scheme}://`;
    const tails = [...new Set([after, "/", ""])];
    const plain = [
      `${user}${host}.${stranger}`,
      `${user}${host}${port}@${stranger}`,
      `${host}:1@${stranger}`,
      `${host}&@${stranger}`,
      `evil${host}`,
      `evil-${host}`,
      host.replaceAll(".", "x"),
      `${stranger}/${host}`,
      `${stranger}/${own}${host}`,
      `${stranger}/?${host}`,
      `${stranger}/?${own}${host}`,
      `${stranger}/x.${host}`,
      `${stranger}?x.${host}`,
      `${stranger}#x.${host}`,
      `${stranger}\\x.${host}`,
      `${stranger}/@${host}`,
    ].map((it) => own + it);
    // One slash is enough, or a backslash; escapes and other full stops count in a host; line breaks count for nothing.
    const odd = [
      `${scheme}:/${stranger}/${host}`,
      `${scheme}:/${stranger}/${own}${host}`,
      `${scheme}:\\\\${stranger}/x/${host}`,
      `${own}${host}%2e${stranger}`,
      `${own}${host}\u3002${stranger}`,
      `${own}${host}\n.${stranger}`,
      `${own}${stranger}/\n${own}${host}`,
    ];
    for (const [heads, isOdd] of [[plain, false] as const, [odd, true] as const]) {
      const all = heads.flatMap((head) => tails.map((tail) => head + tail));
      lookAlikes.push(...all.flatMap((it) => (isOfOther(it, host) ? [{ text: it, of: host, isOdd }] : [])));
    }
    strangers[0]?.push(...[stranger, `www.${stranger}`].flatMap((it) => tails.map((tail) => own + it + tail)));
    strangers[1]?.push(...tails.map((tail) => `${own}ann@${stranger}${tail}`));
  }
  const certain =
    "Whose a URL is says its host alone, from `://` to the `/` that ends it: only a test of all that, from the start of the text, is certain.";
  return lookAlikes.length === 0 ? undefined : { strangers, lookAlikes, certain };
}

/** What a text names of where a URL leads. */
interface NamedHost {
  /** With the `@` behind it. */
  readonly user: string;
  /** The host, or the end of one. */
  readonly host: string;
  /** With the `:` before it. */
  readonly port: string;
  /** What follows on that. */
  readonly after: string;
}

function hostIn(text: string): NamedHost | undefined {
  const slashes = text.indexOf("//");
  const rest = slashes < 0 ? text : text.slice(slashes + 2);
  const ends = rest.search(/[/?#\\]/);
  const authority = ends < 0 ? rest : rest.slice(0, ends);
  const [, user = "", named = "", port = ""] = /^(.*@)?(.*?)(:\d*)?$/s.exec(authority) ?? [];
  const [after = ""] = (ends < 0 ? "" : rest.slice(ends)).split(GAP);
  const runs = named.split(GAP).map((run) => run.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""));
  const host = runs.findLast((run) => run !== "");
  // What is no authority for certain must look like a domain.
  if (host === undefined || /[^\p{L}\p{N}._-]/u.test(host) || (slashes < 0 && !DOMAIN.test(host))) return undefined;
  return { user: user.includes(GAP) ? "" : user, host, port, after };
}

function isOfOther(url: string, host: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  const own = host.toLowerCase();
  return hostname !== "" && hostname !== own && !hostname.endsWith(`.${own}`);
}

function ofAddresses(texts: readonly string[], stranger: string): LookAlikes | undefined {
  const lookAlikes = texts.flatMap((text) => {
    const at = text.lastIndexOf("@");
    const runs = text.slice(at + 1).split(GAP);
    const domain = runs
      .map((run) => run.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""))
      .findLast((run) => run !== "");
    if (domain === undefined || !DOMAIN.test(domain)) return [];
    const local = text.slice(0, Math.max(0, at)).split(GAP).at(-1) ?? "";
    const ann = local === "" ? "ann" : local;
    const plain = [
      `${ann}@${domain}.${stranger}`,
      `${ann}@evil${domain}`,
      `${ann}@${domain.replaceAll(".", "x")}`,
      `${domain}@${stranger}`,
      `${ann}@x.${domain}.${stranger}`,
      ...(local === "" ? [] : [`jo${local}@${domain}`]),
    ];
    const odd = [
      `${ann}@${domain}@${stranger}`,
      `${ann}@x.${domain}@${stranger}`,
      `"${ann}@${domain}"@${stranger}`,
      `${ann}@${domain} <ann@${stranger}>`,
      `${ann}@${domain}\n.${stranger}`,
    ];
    const of = `${local === "" ? "" : local}${at < 0 ? "" : "@"}${domain}`;
    return [...plain, ...odd].map((it, index) => ({ text: it, of, isOdd: index >= plain.length }));
  });
  const strangers = [[`ann@${stranger}`, `bob@mail.${stranger}`]];
  const certain = 'Whose an address is says its end alone: `endsWith("@…")` with the whole domain is certain.';
  return lookAlikes.length === 0 ? undefined : { strangers, lookAlikes, certain };
}
