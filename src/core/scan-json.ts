/** How far a JSON text may go. */
export interface JsonLimits {
  /** Objects and arrays around a value. */
  readonly maxDepth: number;
  /** Values, and names of members, in the whole text. */
  readonly maxCount: number;
}

/** What a look at the structure of a text finds; `at` is a position in bytes. */
export type JsonScan =
  /** Its first object or array closes at `at`, with `count` values and names in it. */
  | { readonly kind: "closed"; readonly at: number; readonly count: number }
  /** It holds no object or array, or one that does not close. */
  | { readonly kind: "open" }
  | { readonly kind: "JSON_TOO_DEEP" | "JSON_TOO_MANY"; readonly at: number };

/**
 * Looks at the brackets, commas and colons of a JSON text outside its strings, in one pass that makes nothing: so that
 * text from outside is within bounds before objects are made of it, and whoever walks those objects later may do so by
 * recursion. It says nothing about text that is no JSON. A result is relayed inside an envelope of our own, so it
 * also tells where the first object closes: text that goes on behind it could write members into that envelope.
 */
export function scanJson(text: Uint8Array, limits: JsonLimits): JsonScan {
  const { maxDepth, maxCount } = limits;
  const { length } = text;
  let depth = 0;
  let count = 1;
  for (let at = 0; at < length; at++) {
    const byte = text[at];
    if (byte === 0x22) {
      const short = at + SHORT;
      for (at++; at < short; at++) {
        const inside = text[at];
        if (inside === 0x22 || inside === undefined) break;
        if (inside === 0x5c) at++;
      }
      if (at >= short) at = endOfString(text, at);
    } else if (byte === 0x2c || byte === 0x3a) {
      if (++count > maxCount) return { kind: "JSON_TOO_MANY", at };
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) return { kind: "JSON_TOO_DEEP", at };
      if (++count > maxCount) return { kind: "JSON_TOO_MANY", at };
    } else if (byte === 0x7d || byte === 0x5d) {
      if (--depth === 0) return { kind: "closed", at, count };
    }
  }
  return { kind: "open" };
}

/** So long a string is read byte by byte; from there on its quote is searched for, which is faster in long text. */
const SHORT = 64;

function endOfString(text: Uint8Array, from: number): number {
  const { length } = text;
  let at = from;
  // Text with many escaped quotes, as JSON in a string has them, is read byte by byte for longer and longer.
  for (let step = SHORT; ; step *= 2) {
    const quote = text.indexOf(0x22, at);
    if (quote < 0) return length;
    let slashes = 0;
    while (quote - slashes > at && text[quote - slashes - 1] === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote;
    const short = Math.min(quote + step, length);
    for (at = quote + 1; at < short; at++) {
      const byte = text[at];
      if (byte === 0x22) return at;
      if (byte === 0x5c) at++;
    }
  }
}
