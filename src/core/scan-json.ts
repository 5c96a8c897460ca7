/** How far a JSON text may go. */
export interface JsonLimits {
  /** Objects and arrays around a value. */
  readonly maxDepth: number;
  /** Values, and names of members, in the whole text. */
  readonly maxCount: number;
}

/** What a look at a text finds; `at` is a position in bytes. */
export type JsonScan =
  /** It is one JSON value, with `count` values and names in it. */
  | { readonly kind: "json"; readonly count: number; readonly hasOddNames: boolean }
  | { readonly kind: "JSON_MALFORMED" | "JSON_TOO_DEEP" | "JSON_TOO_MANY"; readonly at: number };

/** Is told of the names in a text while it is looked at. Depths count from 1. */
export interface NameWatch {
  /** An object or an array begins. */
  open(depth: number): void;
  /** The name at these bytes, without its quotes; `odd`: it is not plain ASCII. Returns how deep names are of interest below it. */
  name(text: Buffer, from: number, to: number, depth: number, odd: boolean): number;
}

// What may come next.
const VALUE = 0;
const VALUE_OR_END = 1;
const NAME = 2;
const NAME_OR_END = 3;
const COLON = 4;
const AFTER_VALUE = 5;

/**
 * Whether a text is JSON (RFC 8259) and within bounds, in one pass that makes nothing: so that text from outside may be
 * sent on inside an envelope of our own as it came, and whoever walks the objects that are made of it may do so by
 * recursion. `hasOddNames`: a name in it is written with an escape or beyond ASCII.
 */
export function scanJson(text: Buffer, limits: JsonLimits, watch?: NameWatch): JsonScan {
  const { maxDepth, maxCount } = limits;
  const { length } = text;
  const words = length < LONG ? undefined : wordsOf(text);
  const objects: boolean[] = [false];
  let heed = watch === undefined ? 0 : Number.POSITIVE_INFINITY;
  let hasOddNames = false;
  let depth = 0;
  let count = 1;
  let next = VALUE;
  let at = 0;
  for (; at < length; at++) {
    const byte = text[at];
    if (byte === 0x22) {
      const end = endOfString(text, words, at + 1);
      if (end < 0) break;
      if (next <= VALUE_OR_END) next = AFTER_VALUE;
      else if (next <= NAME_OR_END) {
        const odd = isOdd(text, at + 1, end);
        hasOddNames ||= odd;
        if (depth <= heed && watch !== undefined) heed = watch.name(text, at + 1, end, depth, odd);
        next = COLON;
      } else break;
      at = end;
    } else if (byte === 0x2c) {
      if (next !== AFTER_VALUE || depth === 0) break;
      if (++count > maxCount) return { kind: "JSON_TOO_MANY", at };
      next = objects[depth] === true ? NAME : VALUE;
    } else if (byte === 0x3a) {
      if (next !== COLON) break;
      if (++count > maxCount) return { kind: "JSON_TOO_MANY", at };
      next = VALUE;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (next > VALUE_OR_END) break;
      if (++depth > maxDepth) return { kind: "JSON_TOO_DEEP", at };
      if (++count > maxCount) return { kind: "JSON_TOO_MANY", at };
      if (depth <= heed) watch?.open(depth);
      objects[depth] = byte === 0x7b;
      next = byte === 0x7b ? NAME_OR_END : VALUE_OR_END;
    } else if (byte === 0x7d || byte === 0x5d) {
      const isObject = byte === 0x7d;
      const mayEnd = next === AFTER_VALUE || next === (isObject ? NAME_OR_END : VALUE_OR_END);
      if (!mayEnd || depth === 0 || objects[depth] !== isObject) break;
      // Whatever was of no interest was below here.
      if (depth <= heed && watch !== undefined) heed = Number.POSITIVE_INFINITY;
      depth -= 1;
      next = AFTER_VALUE;
    } else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
      const end = next <= VALUE_OR_END ? endOfScalar(text, at) : -1;
      if (end < 0) break;
      next = AFTER_VALUE;
      at = end - 1;
    }
  }
  if (at < length || depth > 0 || next !== AFTER_VALUE) return { kind: "JSON_MALFORMED", at };
  return { kind: "json", count, hasOddNames };
}

/** Where the string ends whose content begins here: at its quote; -1 if it does not, or is none. */
function endOfString(text: Uint8Array, words: Words | undefined, from: number): number {
  const { length } = text;
  const short = words === undefined ? length : from + SHORT;
  for (let at = from; at < length; ) {
    if (at >= short && words !== undefined) at = skipPlain(words, at);
    const byte = text[at] ?? 0;
    if (IS_PLAIN[byte] === 1) at += 1;
    else if (byte === 0x22) return at;
    else if (byte !== 0x5c) return -1;
    else if (IS_ESCAPED[text[at + 1] ?? 0] === 1) at += 2;
    else if (isUnicodeEscape(text, at)) at += 6;
    else return -1;
  }
  return -1;
}

/** Only from here on a text has strings that are worth it. */
const LONG = 256;
/** So long a string is read byte by byte, from there on four at once: texts in results are long. */
const SHORT = 64;

/** What needs no look in a string: no quote, no backslash, no control character. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x20 || byte === 0x22 || byte === 0x5c ? 0 : 1));

/** What may follow a backslash alone. */
const IS_ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

function isUnicodeEscape(text: Uint8Array, at: number): boolean {
  return text[at + 1] === 0x75 && [2, 3, 4, 5].every((step) => isHexDigit(text[at + step]));
}

/** Four bytes at once. */
interface Words {
  readonly words: Int32Array;
  /** Where in the text the first of them begins. */
  readonly from: number;
}

function wordsOf({ buffer, byteOffset, length }: Uint8Array): Words {
  const from = Math.min(length, (4 - (byteOffset % 4)) % 4);
  return { words: new Int32Array(buffer, byteOffset + from, (length - from) >> 2), from };
}

const ONES = 0x01010101;
const QUOTES = ONES * 0x22;
const BACKSLASHES = ONES * 0x5c;
const SPACES = ONES * 0x20;
const HIGH_BITS = 0x80808080 | 0;

/** A position from `at` on up to which all is plain. */
function skipPlain({ words, from }: Words, at: number): number {
  let index = (at - from) >> 2;
  if (index < 0 || from + 4 * index !== at) return at;
  for (; index < words.length; index++) {
    // A byte that is less than what is taken off it borrows from its highest bit.
    const word = words[index] ?? 0;
    const quotes = word ^ QUOTES;
    const slashes = word ^ BACKSLASHES;
    const found = ((quotes - ONES) & ~quotes) | ((slashes - ONES) & ~slashes) | ((word - SPACES) & ~word);
    if ((found & HIGH_BITS) !== 0) break;
  }
  return from + 4 * index;
}

function isOdd(text: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = text[at] ?? 0;
    if (byte > 0x7e || byte === 0x5c) return true;
  }
  return false;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));

/** One past the number, `true`, `false` or `null` that begins here; -1 if there is none. */
function endOfScalar(text: Uint8Array, from: number): number {
  const first = text[from];
  if (first === 0x2d || isDigit(first)) return endOfNumber(text, first === 0x2d ? from + 1 : from);
  const word = WORDS.find((known) => known[0] === first);
  return word?.every((byte, index) => text[from + index] === byte) === true ? from + word.length : -1;
}

function endOfNumber(text: Uint8Array, from: number): number {
  let at = text[from] === 0x30 ? from + 1 : endOfDigits(text, from);
  if (at > 0 && text[at] === 0x2e) at = endOfDigits(text, at + 1);
  if (at > 0 && (text[at] === 0x65 || text[at] === 0x45)) {
    const sign = text[at + 1];
    at = endOfDigits(text, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

function endOfDigits(text: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(text[at])) at++;
  return at > from ? at : -1;
}
