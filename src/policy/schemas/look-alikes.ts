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

/** What to try a test with. */
export interface LookAlikes {
  /** Others that have nothing of what the test names. */
  readonly strangers: readonly string[];
  /** Others that have something of it, and of whom. */
  readonly lookAlikes: readonly { readonly text: string; readonly of: string }[];
  /** Which test is certain. */
  readonly certain: string;
}

const SCHEME = /\b(https?|wss?|ftps?)\b/i;
const BEGINS_AS_URL = /^(?:\^|\\A|\(\?[a-zA-Z]+\))*\(?(?:\?:)?[a-z][a-z\d+.-]*\)?\??:(?:\/|\\\/){2}/i;
/** What arguments are called that are URLs. */
const NAMED_AS_URL =
  /(?:^|[_-])(?:ur[il]|link|href|webhook|origin|referer)s?$|[a-z\d](?:Ur[il]|URL|URI|Link|Href|Webhook)s?$/i;
const STRANGERS = ["evil.com", "stranger.org", "other.example"];
/** Stands for what is not written out. */
const GAP = "\0";

/**
 * Others that a test of an address or of a URL may take for one's own. `reads`: what the text is known to be; else it is
 * a URL by its `name`, or where it is held against what begins as one. `undefined` where the test names nobody.
 */
export function lookAlikesOf(
  reads: Domain["reads"],
  name: string,
  constants: readonly NamedText[],
): LookAlikes | undefined {
  const isUrl = reads === "url" || NAMED_AS_URL.test(name) || constants.some(({ text }) => BEGINS_AS_URL.test(text));
  if (reads !== "address" && !isUrl) return undefined;
  const texts = constants.flatMap(({ text, isPattern }) => (isPattern ? writtenInPattern(text, GAP) : [text]));
  const stranger = STRANGERS.find((it) => !texts.some((text) => text.includes(it)));
  if (stranger === undefined) return undefined;
  return reads === "address" ? ofAddresses(texts, stranger) : ofUrls(texts, stranger);
}

const DOMAIN = /[\p{L}\p{N}_-]\.\p{L}{2,}$|^\d+\.\d+\.\d+\.\d+$/u;

function ofUrls(texts: readonly string[], stranger: string): LookAlikes | undefined {
  const strangers: string[] = [];
  const lookAlikes: { text: string; of: string }[] = [];
  for (const text of texts) {
    const named = hostIn(text);
    if (named === undefined) continue;
    const { user, host, port, after } = named;
    const own = `${(SCHEME.exec(text)?.[1] ?? "https").toLowerCase()}://`;
    const tails = [...new Set([after, "/", ""])];
    const heads = [
      `${user}${host}.${stranger}`,
      `${user}${host}${port}@${stranger}`,
      `${host}:1@${stranger}`,
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
    ];
    for (const head of heads) {
      for (const tail of tails)
        if (isOfOther(own + head + tail, host)) lookAlikes.push({ text: own + head + tail, of: host });
    }
    strangers.push(...[stranger, `www.${stranger}`].flatMap((it) => tails.map((tail) => own + it + tail)));
  }
  const certain =
    "Whose a URL is says its host alone, from `://` to the `/` that ends it: only a test of all that is certain.";
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
  return hostname !== own && !hostname.endsWith(`.${own}`);
}

function ofAddresses(texts: readonly string[], stranger: string): LookAlikes | undefined {
  const lookAlikes = texts.flatMap((text) => {
    const at = text.lastIndexOf("@");
    const runs = text.slice(at + 1).split(GAP);
    const domain = runs.at(-1)?.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "") ?? "";
    if (!DOMAIN.test(domain)) return [];
    const local = text.slice(0, Math.max(0, at)).split(GAP).at(-1) ?? "";
    const ann = local === "" ? "ann" : local;
    return [
      `${ann}@${domain}.${stranger}`,
      `${ann}@evil${domain}`,
      `${ann}@${domain.replaceAll(".", "x")}`,
      `${domain}@${stranger}`,
      `${ann}@x.${domain}.${stranger}`,
      `${ann}@${domain}@${stranger}`,
      `${ann}@x.${domain}@${stranger}`,
      `"${ann}@${domain}"@${stranger}`,
      ...(local === "" ? [] : [`jo${local}@${domain}`]),
    ].map((it) => ({ text: it, of: `${local === "" ? "" : local}${at < 0 ? "" : "@"}${domain}` }));
  });
  const strangers = [`ann@${stranger}`, `bob@mail.${stranger}`];
  const certain = 'Whose an address is says its end alone: `endsWith("@…")` with the whole domain is certain.';
  return lookAlikes.length === 0 ? undefined : { strangers, lookAlikes, certain };
}
