import type { Span } from "../../redaction/detect/span.ts";
import { closedEnd, documentAt, lineEnd, matchEnd, wordEnd } from "./shell-words.ts";

/*
 * Where a value ends that begins at a place of a text: a literal in quotes, a list, a call with all that it is called with,
 * terms that are joined, or a word. What is taken out is taken out whole.
 */

/** In front of a value of YAML: a tag, an anchor, the sign of a list. */
const TAGS = /(?:(?:!{1,2}[\w:/.-]{0,40}|&[\w-]{1,40}|-)[ \t]{1,9}){1,3}/y;
/** Only the place of a value, which is better seen: of a prepared statement, a template, an environment. */
const PLACE =
  /(["']?)(?:\?\d{0,3}|\$\d{1,3}|%s|%\(\w{1,40}\)s|\$?\{\{[\w. -]{1,80}\}\}|\$\{[A-Z][A-Z0-9_]{2,60}\}|\$[A-Z][A-Z0-9_]{2,60})\1(?=[\s"',;)\]}&\\]|$)/y;
/** What a command of PowerShell gives. */
const CMDLET = /[A-Z][a-z]{1,20}-[A-Z]\w{1,30}\s[^\n;|]*/y;
const HERE_STRING = /<<<[ \t]{0,8}/y;
const SUBSTITUTION = /[$<>]\(/y;
const CONTINUED = /\\\r?\n[ \t]{0,40}/y;
const CALL = /(?:(?:new|await|yield|return)\s{1,4})?[\w.:$>-]{0,60}\(/y;
/** A literal may have letters in front that say how it is meant: `b"x"`, `N'x'`. */
const QUOTE = /[A-Za-z@$]{0,2}(\\{0,8})("""|'''|["'`])/y;
/** In PostgreSQL also between these. */
const DOLLARS = /\$\w{0,30}\$/y;
const BLOCK = /[|>](?:[^\S\n]{0,8}\n|[-+\d]{1,2}\s)/y;
const WORD = /[^\s"'`&;,\\=>][^\s"'&;,\\]*/y;
/** A sign that parts values and is also in some; what follows it belongs to the value unless that is a name and its own value. */
const MORE = /(?:\\{1,8}(?!["'`\\])|&amp;|[&;,]{1,4})(?![\w.$-]{1,60}["']?\s?[=:]|\s|$|[)\]}])[^\s"'`&;,\\]+/y;
/** What goes on in the same word behind a literal. */
const GLUED = /[\w$"'`\u0080-\uffff]|\\(?:["']|\r?\n)/y;
const METHOD = /[?!]?\.\w{1,40}\(/y;
const JOINED = /\s{0,40}(?:\+|\.{1,2}|\|\||\?[?:]?|&|or\b)\s{0,40}(?=[A-Za-z@$]{0,2}["'`])/y;
/** Some languages join literals that stand side by side. */
const BESIDE = /[ \t]{1,4}(?=["'])/y;
const NOTHING = /(?!)/y;
const ELSE = /\s{0,40}:\s{0,40}(?=[A-Za-z@$]{0,2}["'`])/y;
/** Of a value that depends on more all is hidden that stands in the line, where there is a literal in it. */
const DEPENDS = /[ \t]{1,20}(?:\?[?:]?|if|unless|[=!]==?)[ \t](?=[^\n]*["'`])[^\n]*/y;
/** Quotes, of which an apostrophe is none. */
const SIGNS = /\\{0,8}(?:["`]|(?<![A-Za-z])'|'(?![A-Za-z]))/g;
const ANY_WORD = /[^\s"'`]+/y;
const MAX_TERMS = 20;

/**
 * The span of the value at `from` that is to be hidden: of one literal what is between its quotes. `undefined` where there is
 * none, and where it is only a place for one. `word`: what it is where nothing else begins (sticky). @throws never
 */
export function secretSpanAt(text: string, from: number, word: RegExp = WORD): Span | undefined {
  if (isPlaceAt(text, from)) return undefined;
  const tagged = matchEnd(TAGS, text, from) ?? from;
  const start = matchEnd(CONTINUED, text, tagged) ?? tagged;
  if (matchEnd(BLOCK, text, start) !== undefined) return undefined;
  const first = quotedAt(text, start);
  let end = first === undefined ? termEnd(text, start, word) : gluedEnd(text, start, first.after);
  if (end === undefined) return undefined;
  let depends = false;
  const further = (): RegExp => (depends ? ELSE : first !== undefined && word === WORD ? BESIDE : NOTHING);
  for (let terms = 1; terms < MAX_TERMS; terms++) {
    const next: number | undefined = matchEnd(JOINED, text, end) ?? matchEnd(further(), text, end);
    if (next === undefined) break;
    depends ||= text.slice(end, next).includes("?");
    const after = quotedAt(text, next)?.after;
    if (after === undefined) break;
    end = gluedEnd(text, next, after);
  }
  end = matchEnd(DEPENDS, text, end) ?? end;
  return first !== undefined && end === first.after ? first.inside : nonEmpty({ start, end });
}

/** Gives the span of what is to be hidden at `from`, behind what led there. */
export type Reader = (text: string, from: number) => Span | undefined;

/** A value. */
export const read: Reader = (text, from) => secretSpanAt(text, from);
/** A value that white space ends. */
export const readOption: Reader = (text, from) => secretSpanAt(text, from, /[^\s"']+/y);
/** The rest of the line, or of what is in quotes with it. */
export const readLine: Reader = (text, from) => {
  const end = from + text.slice(from, lineEnd(text, from)).trimEnd().length;
  const around = quoteAround(text, from);
  const closed = around === "" ? -1 : text.indexOf(around, from);
  return nonEmpty({ start: from, end: closed < 0 ? end : Math.min(closed, end) });
};
/** A literal, or a word whatever it has. */
export const readWord: Reader = (text, from) => {
  if (quotedAt(text, from) !== undefined) return secretSpanAt(text, from);
  const end = matchEnd(ANY_WORD, text, from);
  return end === undefined ? undefined : { start: from, end: gluedEnd(text, from, end) };
};
/** What `form`, which is sticky, finds. */
export function upTo(form: RegExp): Reader {
  return (text, from) => nonEmpty({ start: from, end: matchEnd(form, text, from) ?? from });
}

/** Whether what begins at `from` is only a place for a value, or a reference to one. @throws never */
export function isPlaceAt(text: string, from: number): boolean {
  return matchEnd(PLACE, text, from) !== undefined;
}

function nonEmpty(span: Span): Span | undefined {
  return span.end > span.start ? span : undefined;
}

function termEnd(text: string, from: number, word: RegExp): number | undefined {
  const here = documentAt(text, from, true)?.after ?? matchEnd(CMDLET, text, from);
  if (here !== undefined) return here;
  const given = matchEnd(HERE_STRING, text, from);
  if (given !== undefined) return wordEnd(text, given);
  if (matchEnd(SUBSTITUTION, text, from) !== undefined)
    return gluedEnd(text, from, closedEnd(text, from) ?? lineEnd(text, from));
  const call = matchEnd(CALL, text, from);
  if (call !== undefined) return gluedEnd(text, from, closingOf(text, call - 1));
  if ("[{(".includes(text.charAt(from) || " ")) return gluedEnd(text, from, closingOf(text, from));
  const bare = matchEnd(word, text, from);
  return bare === undefined ? undefined : bareEnd(text, from, bare);
}

/** Behind all that belongs to a word without quotes that was read from `from` to `end`. */
function bareEnd(text: string, from: number, end: number): number {
  let at = end;
  for (let more = matchEnd(MORE, text, at); more !== undefined; more = matchEnd(MORE, text, at)) at = more;
  return gluedEnd(text, from, at);
}

/** Behind what touches the term from `start` to `term`: pieces in quotes and bare ones are one word. */
function gluedEnd(text: string, start: number, term: number): number {
  let end = term;
  for (let calls = 1, call = matchEnd(METHOD, text, end); calls < MAX_TERMS && call !== undefined; calls++) {
    end = closingOf(text, call - 1);
    call = matchEnd(METHOD, text, end);
  }
  if (matchEnd(GLUED, text, end) === undefined) return end;
  const around = quoteAround(text, start);
  if (around !== "" && text.startsWith(around, end)) return end;
  // A bracket in the middle of a word closes nothing.
  if (/[)\]}]/.test(text.charAt(end - 1))) return lineEnd(text, end);
  return wordEnd(text, end, false, around);
}

/** The sign, with backslashes, of the quote that `at` is in, by its line; empty where it is in none. @throws never */
export function quoteAround(text: string, at: number): string {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  if (seen.text !== text || seen.from < line || seen.from > at) seen = { text, from: line, open: "" };
  SIGNS.lastIndex = seen.from;
  let { from, open } = seen;
  for (let match = SIGNS.exec(text); match !== null && SIGNS.lastIndex <= at; match = SIGNS.exec(text)) {
    if (open === "") open = match[0];
    else if (open === match[0]) open = "";
    from = SIGNS.lastIndex;
  }
  seen = { text, from, open };
  return open;
}

// Of what was asked last: places of one text come one behind the other, and its line is not read again for each.
let seen = { text: "", from: 0, open: "" };

// A quote that follows a backslash ends nothing, and neither does one of two that stand together.
function quotedAt(text: string, from: number): { inside: Span; after: number } | undefined {
  DOLLARS.lastIndex = from;
  const dollars = DOLLARS.exec(text)?.[0] ?? "";
  const closing = dollars === "" ? -1 : text.indexOf(dollars, from + dollars.length);
  if (closing >= 0) return { inside: { start: from + dollars.length, end: closing }, after: closing + dollars.length };
  QUOTE.lastIndex = from;
  const match = QUOTE.exec(text);
  if (match === null) return undefined;
  const [whole, escapes = "", quote = ""] = match;
  const start = from + whole.length;
  const sign = escapes + quote;
  let end = start;
  while (end < text.length) {
    if (text.startsWith(sign, end)) {
      if (quote !== "'" || escapes !== "" || text.charAt(end + 1) !== "'") break;
      end += 2;
    } else if (text.charAt(end) === "\\") {
      // In JSON within JSON a quote of its own has more backslashes.
      const run = /\\+/y;
      run.lastIndex = end;
      const length = run.exec(text)?.[0].length ?? 1;
      if (escapes !== "" && length === escapes.length && text.startsWith(quote, end + length)) break;
      end += length + (escapes === "" && length % 2 === 0 ? 0 : 1);
    } else end++;
  }
  // What is substituted may have quotes of its own.
  if (sign === '"' && text.slice(start, end).includes("$(")) end = Math.max(end, (closedEnd(text, start - 1) ?? 0) - 1);
  const inside = { start, end: Math.min(end, text.length) };
  return { inside, after: Math.min(inside.end + sign.length, text.length) };
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Behind the bracket that closes the one at `from`, or the end of the text. Quotes are minded. @throws never */
export function closingOf(text: string, from: number): number {
  const open: string[] = [];
  for (let index = from; index < text.length; index++) {
    const sign = text.charAt(index);
    if (sign === '"' || sign === "'" || sign === "`") {
      // An apostrophe is no quote; one letter before it says how a literal is meant.
      if (sign === "'" && /\w\w/.test(text.slice(Math.max(0, index - 2), index))) continue;
      const end = text.indexOf(sign, index + 1);
      if (end < 0) return text.length;
      index = end;
      continue;
    }
    const closing = CLOSING[sign];
    if (closing !== undefined) open.push(closing);
    else if (sign === open.at(-1)) open.pop();
    if (open.length === 0) return index + 1;
  }
  return text.length;
}

/** `text` with `mark` for `spans`, which may overlap and come in any order. @throws never */
export function withoutSpans(text: string, spans: readonly Span[], mark: string): string {
  let out = "";
  let from = 0;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (end <= from) continue;
    if (start >= from) out += text.slice(from, start) + mark;
    from = end;
  }
  return spans.length === 0 ? text : out + text.slice(from);
}
