import type { Span } from "../../redaction/detect/span.ts";

/*
 * Where a value ends that begins at a place of a text: a literal in quotes, a list, a call with all that it is called with,
 * terms that are joined, or a word. What is taken out is taken out whole.
 */

/** In front of a value of YAML: a tag, an anchor, the sign of a list. */
const TAGS = /(?:(?:!{1,2}[\w:/.-]{0,40}|&[\w-]{1,40}|-)[ \t]{1,9}){1,3}/y;
/** Only the place of a value, which is better seen: of a prepared statement, a template, an environment. */
const PLACE =
  /(["']?)(?:\?\d{0,3}|\$\d{1,3}|%s|%\(\w{1,40}\)s|\$?\{\{[\w. -]{1,80}\}\}|\$\{[A-Z][A-Z0-9_]{2,60}\}|\$[A-Z][A-Z0-9_]{2,60})\1(?=[\s"',;)\]}&\\]|$)/y;
/** A document in the script, and what a command of PowerShell gives. */
const HERE = /<<[-~]?["']?(\w{1,40})["']?[^\n]*\n[\s\S]*?(?:\n[ \t]*\1\b|$)|[A-Z][a-z]{1,20}-[A-Z]\w{1,30}\s[^\n;|]*/y;
const CALL = /(?:(?:new|await|yield|return)\s{1,4})?[\w.:$>-]{0,60}\(/y;
/** A literal may have letters in front that say how it is meant: `b"x"`, `N'x'`. */
const QUOTE = /[A-Za-z@$]{0,2}(\\{0,8})("""|'''|["'`])/y;
const BLOCK = /[|>](?:[^\S\n]{0,8}\n|[-+\d]{1,2}\s)/y;
const WORD = /[^\s"'`&;,\\=>][^\s"'&;,\\]*/y;
const JOINED = /\s{0,40}(?:\+|\.{1,2}|\|\||\?\?|&|or\b)\s{0,40}(?=[A-Za-z@$]{0,2}["'`])|(?=[$NE]?["'])(?<=[^\s,;])/y;
const MAX_TERMS = 20;

/**
 * The span of the value at `from` that is to be hidden: of one literal what is between its quotes. `undefined` where there is
 * none, and where it is only a place for one. `word`: what it is where nothing else begins (sticky). @throws never
 */
export function secretSpanAt(text: string, from: number, word: RegExp = WORD): Span | undefined {
  if (isPlaceAt(text, from)) return undefined;
  const start = matchEnd(TAGS, text, from) ?? from;
  if (matchEnd(BLOCK, text, start) !== undefined) return undefined;
  const first = quotedAt(text, start);
  let end = first?.after ?? termEnd(text, start, word);
  if (end === undefined) return undefined;
  const single = end;
  for (let terms = 1; terms < MAX_TERMS; terms++) {
    const next = matchEnd(JOINED, text, end);
    const after = next === undefined ? undefined : (quotedAt(text, next)?.after ?? termEnd(text, next, word));
    if (after === undefined || after <= end) break;
    end = after;
  }
  return first !== undefined && end === single ? first.inside : nonEmpty({ start, end });
}

/** Whether what begins at `from` is only a place for a value, or a reference to one. @throws never */
export function isPlaceAt(text: string, from: number): boolean {
  return matchEnd(PLACE, text, from) !== undefined;
}

/** Behind what `form`, which is sticky, finds at `from`. */
export function matchEnd(form: RegExp, text: string, from: number): number | undefined {
  form.lastIndex = from;
  return form.test(text) ? form.lastIndex : undefined;
}

function nonEmpty(span: Span): Span | undefined {
  return span.end > span.start ? span : undefined;
}

function termEnd(text: string, from: number, word: RegExp): number | undefined {
  const here = matchEnd(HERE, text, from);
  if (here !== undefined) return here;
  const call = matchEnd(CALL, text, from);
  if (call !== undefined) return closingOf(text, call - 1);
  if ("[{(".includes(text.charAt(from)) && from < text.length) return closingOf(text, from);
  return matchEnd(word, text, from);
}

// A quote that follows a backslash ends nothing, and neither does one of two that stand together.
function quotedAt(text: string, from: number): { inside: Span; after: number } | undefined {
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
