import type { Span } from "../../redaction/detect/span.ts";

/*
 * How a shell reads: pieces in quotes and bare ones that touch are one word (`-p'two words'`, `'a'\''b'`), and what is substituted
 * or stands in a document in the script is read with all that it holds. How far ahead is read has a bound, and there is no recursion.
 */

/** How far ahead is looked for the end of what is substituted, … */
const MAX_SUBSTITUTED = 300;
/** … and of what is in quotes: more than the part of a text that is shown has. */
const MAX_QUOTED = 1_000;

const BARE = /[^\s"'`|;&\\$<>()]+/y;
const APOSTROPHE = /^[("[]{0,3}[A-Za-z\u00c0-\u024f]+$/;
const CONTINUED = /\\\r?\n(?![ \t])/y;
const NEXT_LINE = /\\\r?\n/y;
const ESCAPED_QUOTE = /\\{1,8}["']/y;
const HERE = /<<[-~]?[^\S\n]?\\?(["']?)([A-Za-z_]\w{0,40})\1(?!\w)/y;
const INDENT = /[ \t]*/y;
const SPAN_END = /\r?\n|$/g;

/** Behind what `form`, which is sticky, finds at `from`. */
export function matchEnd(form: RegExp, text: string, from: number): number | undefined {
  form.lastIndex = from;
  return form.test(text) ? form.lastIndex : undefined;
}

/** Where the line of `from` ends. @throws never */
export function lineEnd(text: string, from: number): number {
  SPAN_END.lastIndex = from;
  return SPAN_END.exec(text)?.index ?? text.length;
}

/**
 * Behind the word of a shell that begins at `from`. Where a quote or a substitution is never closed, its end cannot be told, and it
 * is the line's. `loose`: such a quote is a letter, and so are an apostrophe, for sentences have some, and what substitutes. `around`: the quote
 * that the word is in, which ends it. @throws never
 */
export function wordEnd(text: string, from: number, loose = false, around = ""): number {
  let at = from;
  while (at < text.length) {
    const bare = matchEnd(BARE, text, at);
    if (bare !== undefined) {
      at = bare;
      continue;
    }
    const sign = text.charAt(at);
    if (/[\s|;&]/.test(sign) || (around !== "" && text.startsWith(around, at)) || text.startsWith("<<<", at)) break;
    if (sign === "\\") {
      const continued = matchEnd(CONTINUED, text, at);
      if (continued === undefined && matchEnd(NEXT_LINE, text, at) !== undefined) break;
      at = continued ?? escapedEnd(text, at) ?? Math.min(text.length, at + 2);
    } else if (loose ? isQuote(text, from, at) : isOpener(text, at)) {
      const closed = closedEnd(text, at);
      if (closed === undefined && !loose) return lineEnd(text, at);
      at = closed ?? at + 1;
    } else at++;
  }
  return at;
}

// In a command that is quoted itself quotes have backslashes.
function escapedEnd(text: string, from: number): number | undefined {
  const open = matchEnd(ESCAPED_QUOTE, text, from);
  const close = open === undefined ? -1 : text.slice(open, lineEnd(text, open)).indexOf(text.slice(from, open));
  return open === undefined || close < 0 ? undefined : open + close + open - from;
}

// Behind letters alone it is an apostrophe.
function isQuote(text: string, from: number, at: number): boolean {
  const sign = text.charAt(at);
  return sign === '"' || (sign === "'" && !APOSTROPHE.test(text.slice(from, at)));
}

/** Whether a piece in quotes or a substitution begins at `at`. @throws never */
function isOpener(text: string, at: number): boolean {
  return `"'\``.includes(text.charAt(at) || " ") || codeEnd(text, at) !== undefined;
}

/** Behind what closes the quote or the substitution that begins at `from`; `undefined` where nothing does. @throws never */
export function closedEnd(text: string, from: number): number | undefined {
  if (text.charAt(from) === "'" && text.charAt(from - 1) !== "$") {
    const end = text.indexOf("'", from + 1) + 1;
    return end === 0 ? undefined : end;
  }
  const whole = endOf(text, from, true);
  return whole === undefined && text.charAt(from) === '"' ? endOf(text, from, false) : whole;
}

function codeEnd(text: string, at: number): number | undefined {
  const sign = text.charAt(at);
  const next = sign === "$" || sign === "<" || sign === ">" ? text.charAt(at + 1) : "";
  return next === "(" || (next === "{" && sign === "$") ? at + 2 : undefined;
}

// `nests`: whether there may be substitutions in double quotes.
function endOf(text: string, from: number, nests: boolean): number | undefined {
  const open: string[] = [];
  const end = Math.min(text.length, from + (nests ? MAX_SUBSTITUTED : MAX_QUOTED));
  for (let at = from; at < end; ) {
    const sign = text.charAt(at);
    const top = open.at(-1);
    const code = top === "'" || (top === '"' && !nests) ? undefined : codeEnd(text, at);
    // `$'…'` has escapes, and '…' none.
    if (sign === "\\" && (top !== "'" || text.charAt(from - 1) === "$")) at += 2;
    else if (sign === top) {
      open.pop();
      at++;
      if (open.length === 0) return at;
    } else if (top === "'") at++;
    else if (code !== undefined) {
      open.push(text.charAt(code - 1) === "(" ? ")" : "}");
      at = code;
    } else if (sign === "`" && (top !== '"' || nests)) {
      open.push(sign);
      at++;
    } else if (top === '"') at++;
    else if (sign === '"' || sign === "'") {
      open.push(sign);
      at++;
    } else if (sign === "(" && top === ")") {
      open.push(top);
      at++;
    } else at = (sign === "<" && top === ")" ? documentAt(text, at, true)?.after : undefined) ?? at + 1;
    if (open.length === 0) return undefined;
  }
  return undefined;
}

/**
 * The lines of the document in the script that `<<` at `at` begins, and where it ends: without its last line all that follows.
 * Without that and in small letters it may be something else (`cout << token`), unless it `isSure`. @throws never
 */
export function documentAt(text: string, at: number, isSure = false): { inside: Span; after: number } | undefined {
  HERE.lastIndex = at;
  const [, quote = "", name] = (text.charAt(at) === "<" ? HERE.exec(text) : null) ?? [];
  const start = text.indexOf("\n", at) + 1;
  if (name === undefined || start === 0) return undefined;
  for (let from = start; from < text.length; ) {
    const first = matchEnd(INDENT, text, from) ?? from;
    const after = first + name.length;
    if (text.startsWith(name, first) && !/\w/.test(text.charAt(after)))
      return { inside: { start, end: Math.max(start, from - 1) }, after };
    const next = text.indexOf("\n", from) + 1;
    from = next === 0 ? text.length : next;
  }
  const isOpen = isSure || quote !== "" || !/[a-z]/.test(name);
  return isOpen ? { inside: { start, end: text.length }, after: text.length } : undefined;
}

/** A word of a command, and which part of the text it is; quotes around it do not count. */
export interface Word extends Span {
  readonly text: string;
}

/** One of a text. Where it begins and what is behind it, with the quotes. */
export interface TextWord extends Word {
  readonly first: number;
  readonly after: number;
}

/** What one program is called with. */
export interface Command<Of extends Word = Word> {
  readonly words: readonly Of[];
  /** Whether the next one reads what this one writes. */
  readonly piped: boolean;
}

const OPERATOR = /[|;&]{1,2}|\n/y;
const HERE_STRING = /<<</y;
const SPACE = /(?:[^\S\n]|\\\r?\n)+/y;
const QUOTES = /["']/;

/** More than the part of a text that is shown can have. */
export const MAX_WORDS = 150;

/** The commands of a text, by the ends of its lines and the operators of a shell. @throws never */
export function commandsOf(text: string): Command<TextWord>[] {
  const commands: Command<TextWord>[] = [];
  let words: TextWord[] = [];
  const end = (piped: boolean): void => {
    if (words.length > 0) commands.push({ words, piped });
    words = [];
  };
  for (let count = 0, from = 0; count < MAX_WORDS; count++) {
    const start = matchEnd(SPACE, text, from) ?? from;
    if (start >= text.length) break;
    const operator = matchEnd(OPERATOR, text, start);
    if (operator !== undefined) end(text.slice(start, operator) === "|");
    const word = operator === undefined ? wordAt(text, start) : undefined;
    if (word !== undefined) words.push(word);
    from = operator ?? word?.after ?? text.length;
  }
  end(false);
  return commands;
}

/** What of a word may be a command itself: all of it, or its pieces in quotes, as in `x="$(…)"` and in JSON. @throws never */
export function quotedIn(word: Word): Word[] {
  const { text, start } = word;
  if (!("first" in word) || word.first !== start) return [word];
  const found: Word[] = [];
  for (let at = text.search(QUOTES); at >= 0 && at < text.length; ) {
    const after = closedEnd(text, at) ?? text.length + 1;
    found.push({ text: text.slice(at + 1, after - 1), start: start + at + 1, end: start + after - 1 });
    const next = text.slice(after).search(QUOTES);
    at = next < 0 ? text.length : after + next;
  }
  return found;
}

// Of a quote that nothing closes the rest of the text is in it.
function wordAt(text: string, start: number): TextWord {
  const isQuoted = /["']/.test(text.charAt(start));
  const closed = isQuoted ? closedEnd(text, start) : undefined;
  const isOpen = isQuoted && closed === undefined;
  const after = isOpen ? text.length : (matchEnd(HERE_STRING, text, start) ?? wordEnd(text, start, true));
  const from = start + (isOpen || closed === after ? 1 : 0);
  const end = after - (closed === after ? 1 : 0);
  return { text: text.slice(from, end), start: from, end, first: start, after };
}
