import type { Span } from "../../redaction/detect/span.ts";
import { documentAt, lineEnd, matchEnd } from "./shell-words.ts";
import { read } from "./values.ts";

/*
 * Secrets in the line of a name that do not stand behind it: handed over by a document in the script, said before the name, or in
 * a call that the name is a remark on.
 */

/** `… is the password`; a secret has a digit or a sign, which words of a sentence have not. */
const SAID_BEFORE =
  /(?<=(?<![^\s"'`(])(?=\S{0,60}[\d@#$%^&*!?])(\S{4,80})\s(?:is|as|was)\s(?:the|my|your|our|his|her|their)\s(?:\w{1,20}\s){0,2})/y;
const REMARK =
  /(?<=["'`][)\];, \t]{0,6}(?:#|\/\/|--|\/\*)[ \t]{0,4}(?:(?:the|enter|type|fill|my|user|db|with|in)\s){0,2})/y;
const ENDS_LINE = /[ \t]{0,8}(?:\*\/)?[ \t]{0,8}(?=\r?\n|$)/y;

/** What is to be hidden for the name from `start` to `end`. @throws never */
export function besideName(text: string, start: number, end: number): Span[] {
  const found = text.includes("<<") ? handedOver(text, start) : [];
  const said = saidBefore(text, start);
  if (said !== undefined) found.push(said);
  if (matchEnd(ENDS_LINE, text, end) !== undefined && matchEnd(REMARK, text, start) !== undefined) {
    const literal = literalBefore(text, start);
    if (literal !== undefined) found.push(literal);
  }
  return found;
}

// What the line of `at` hands over: lines up to a word, or a text.
function handedOver(text: string, at: number): Span[] {
  const from = text.lastIndexOf("\n", at) + 1;
  const sign = text.indexOf("<<", from);
  if (sign < 0 || sign >= lineEnd(text, at)) return [];
  const given = text.charAt(sign + 2) === "<" ? read(text, sign) : documentAt(text, sign)?.inside;
  return given === undefined ? [] : [given];
}

function saidBefore(text: string, at: number): Span | undefined {
  SAID_BEFORE.lastIndex = at;
  const word = SAID_BEFORE.exec(text)?.[1];
  if (word === undefined) return undefined;
  const start = text.lastIndexOf(` ${word}`, at) + 1;
  const from = text.lastIndexOf(word, at);
  return { start: Math.max(start, from), end: from + word.length };
}

// From the first quote of its kind in the line, since one may stand in the secret.
function literalBefore(text: string, at: number): Span | undefined {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  const end = Math.max(...[`"`, "'", "`"].map((sign) => text.lastIndexOf(sign, at)));
  const start = end < line ? -1 : text.indexOf(text.charAt(end), line) + 1;
  return start > 0 && start < end ? { start, end } : undefined;
}
