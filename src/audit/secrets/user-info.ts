import type { Span } from "../../redaction/detect/span.ts";
import { matchEnd } from "./shell-words.ts";
import { withoutSpans } from "./values.ts";

/*
 * What stands before the `@` of a host: `user:password`. In a URL all of it goes; without a scheme only what is behind the colon, and
 * only where a port or what stands before says that a host follows, for an e-mail address and the digest of an image look like it.
 */

// Up to the last `@` of it: a password may hold some, and a slash or a blank where it was not written as it should.
const IN_URL = /[^\s/@]+@(?:[^\s/@?#]*@)*/y;
const MALFORMED =
  /[^\s/@:[\]"'<>]{0,100}:(?!\d{0,5}(?:[/?#\s"'<>,;)\]]|$)|\$[A-Z{]|[{<])[^\s"'<>@]{1,200}(?: [^\s@/"'<>]{1,60}){0,2}@/y;

const HOST =
  /@(?!(?:sha\d{1,3}|md5)\b)(?:(?:[\w-]{1,63}\.){0,8}[A-Za-z][\w-]{0,62}|(?:\d{1,3}\.){3}\d{1,3}|\[[\da-fA-F:.]{2,45}\])(:\d{2,5}(?![\w:]))?/y;
const TOKEN_END = /[\s"'`<>]|$/g;
const ENDS_WORD: ReadonlySet<string> = new Set(" \t\n\r\"'`<>");
const USER = /[\w.+%-]{0,60}$/;
/** Of what a user cannot be. */
const SCHEME = /^(?:mailto|sips?|xmpp|acct|im|pres|cc|bcc|to|from|reply-to|npm|docker|image)$/i;
const EXPECTS_HOST =
  /(?<=(?:proxy|url|uri|dsn|database|connection|conn|broker|amqp|redis|mongo(?:db)?|smtp|imap|ftp|server|remote|host|(?:^|\s)-x)["']?\s{0,2}[=:]?\s{0,2}["'`]?)/iy;
const MAX_USER = 60;

/** `text` with `mark` for it. Linear. @throws never */
export function withoutUserInfo(text: string, mark: string): string {
  if (!text.includes("@")) return text;
  const found: Span[] = [];
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    const end = matchEnd(IN_URL, text, at + 3) ?? matchEnd(MALFORMED, text, at + 3);
    if (end !== undefined) found.push({ start: at + 3, end: end - 1 });
  }
  // Of each word once, by its last `@`.
  for (let from = 0, at = text.indexOf("@"); at >= 0; at = text.indexOf("@", from)) {
    const start = wordStart(text, from, at);
    TOKEN_END.lastIndex = at;
    from = TOKEN_END.exec(text)?.index ?? text.length;
    const span = passwordBefore(text, start, text.lastIndexOf("@", from));
    if (span !== undefined) found.push(span);
  }
  return withoutSpans(text, found, mark);
}

function wordStart(text: string, from: number, at: number): number {
  let start = at;
  while (start > from && !ENDS_WORD.has(text.charAt(start - 1))) start--;
  return start;
}

function passwordBefore(text: string, start: number, at: number): Span | undefined {
  const colon = text.indexOf(":", start);
  if (colon < 0 || colon + 1 >= at || text.startsWith("//", colon + 1)) return undefined;
  HOST.lastIndex = at;
  const host = HOST.exec(text);
  if (host === null) return undefined;
  const user = USER.exec(text.slice(Math.max(start, colon - MAX_USER), colon))?.[0] ?? "";
  if (SCHEME.test(user)) return undefined;
  const isHost = host[1] !== undefined || matchEnd(EXPECTS_HOST, text, colon - user.length) !== undefined;
  return isHost ? { start: colon + 1, end: at } : undefined;
}
