import { isObject } from "../core/json.ts";
import { isOurs } from "../mcp/own-meta.ts";

/**
 * Whether a result can go to the client as the bytes that it came in: the text of one JSON object, in which no member is
 * hidden by escapes or there twice where it tells what the result is, and no `_meta` holds a key of the gateway's. What is
 * not plain is to be parsed and written anew. @throws never
 */
export function isPlainResult(bytes: Buffer): boolean {
  // What is looked for begins with bytes that are rare, so that finding none costs little more than reading memory.
  const text = bytes.toString("latin1");
  return !hasEscapedLetter(text) && !text.includes(ASKING) && !isTwice(text, FAILING) && !holdsOurs(text);
}

/** Of `"input_required"`: such a result is read as a whole anyway, and must not pass for another one. */
const ASKING = "_required";
/** Of `"isError"`. */
const FAILING = 'Error"';

const ESCAPED = /\\u00(?:3\d|[46][1-9a-f]|[57][\da]|5f)/i;

// No writer escapes letters, digits or `_`, and the names of all members that matter here are made of these.
function hasEscapedLetter(text: string): boolean {
  return text.includes("\\u00") && ESCAPED.test(text);
}

function isTwice(text: string, end: string): boolean {
  const at = text.indexOf(end);
  return at >= 0 && text.includes(end, at + 1);
}

// Inside of a JSON string the name would end in an escaped quote, so that what is found are names of members. Case does not
// matter: some clients do not heed it.
function holdsOurs(text: string): boolean {
  // Objects in one another are read more than once; who nests many of them has all read at once instead.
  let left = 2 * text.length;
  for (const start of ["_m", "_M"]) {
    for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
      const open = objectOf(text, at - 1);
      if (open === undefined) continue;
      const end = endOfObject(text, open, left);
      if (end === undefined) return true;
      left -= end - open;
      if (mayHoldOurs(text.slice(open, end))) return true;
    }
  }
  return false;
}

/** Where the object opens that is the value of the name `"_meta"` at `at`; `undefined` if that is something else. */
function objectOf(text: string, at: number): number | undefined {
  if (text.slice(at, at + 7).toLowerCase() !== '"_meta"') return undefined;
  const colon = skipBlanks(text, at + 7);
  if (text[colon] !== ":") return undefined;
  const open = skipBlanks(text, colon + 1);
  return text[open] === "{" ? open : undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

/** One past the object that opens at `open`; `undefined` if it does not close within `most` characters. */
function endOfObject(text: string, open: number, most: number): number | undefined {
  const last = Math.min(text.length, open + most);
  let depth = 0;
  for (let at = open; at < last; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      for (at++; at < last && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++;
    } else if (code === 0x7b) depth++;
    else if (code === 0x7d && --depth === 0) return at + 1;
  }
  return undefined;
}

const PRINTABLE = /^[\x20-\x5b\x5d-\x7e]*$/;
const OURS = /portcullis/i;

function mayHoldOurs(meta: string): boolean {
  // In plain ASCII without escapes there is nothing but case to fold.
  if (PRINTABLE.test(meta)) return OURS.test(meta);
  try {
    const value: unknown = JSON.parse(Buffer.from(meta, "latin1").toString());
    return !isObject(value) || Object.keys(value).some(isOurs);
  } catch {
    // Whoever parses the whole of it finds out what it is.
    return true;
  }
}
