/*
 * Texts as a detector reads them. Zero-width characters and soft hyphens vanish; full-width, mathematical and foreign
 * digits, letters, spaces and dashes become their ASCII form; so do characters written as `\u0040`, `&#64;` or `%40`.
 * Look-alike letters of other alphabets are left as they are: nobody could copy an address that is written with them.
 */

/** A text in ASCII's forms, with the way back. */
export interface Folded {
  readonly text: string;
  /** Where in the original text the character at `index` of `text` began. `text.length` gives the original's length. */
  origin(index: number): number;
}

const IGNORED = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const FOLDED = new RegExp(
  [
    IGNORED.source,
    // Digits, spaces, dashes and dots; full-width, small and mathematical forms of ASCII.
    "(?!\\p{ASCII})[\\p{Nd}\\p{Zs}\\p{Pd}\\u2212\\u2024\\u3002\\uff01-\\uff5e\\ufe52\\ufe6b\\u{1d400}-\\u{1d7ff}]",
    "\\\\u00[2-7][\\da-fA-F]",
    "&#(?:x[2-7][\\da-fA-F]|[3-9]\\d|1[01]\\d|12[0-6]);",
    "%(?:40|20|2[bBdDeE])",
  ].join("|"),
  "gu",
);

/** Folds `text`. Linear. @throws never */
export function fold(text: string): Folded {
  FOLDED.lastIndex = 0;
  let match = FOLDED.exec(text);
  if (match === null) return { text, origin: (index) => index };
  // Where the two texts stop being as far apart as before: index in the folded text, and in the original.
  const steps: number[] = [0];
  const origins: number[] = [0];
  const parts: string[] = [];
  const known = new Map<string, string>();
  let length = 0;
  let from = 0;
  while (match !== null) {
    const ascii = known.get(match[0]) ?? toAscii(match[0]);
    known.set(match[0], ascii);
    parts.push(text.slice(from, match.index), ascii);
    length += match.index - from;
    steps.push(length);
    origins.push(match.index);
    length += ascii.length;
    from = FOLDED.lastIndex;
    steps.push(length);
    origins.push(from);
    match = FOLDED.exec(text);
  }
  parts.push(text.slice(from));
  return { text: parts.join(""), origin: (index) => originOf(index, steps, origins) };
}

// The last step at or before the index: a character that vanished belongs to what stands before it.
function originOf(index: number, steps: readonly number[], origins: readonly number[]): number {
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((steps[middle] ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return (origins[low] ?? 0) + index - (steps[low] ?? 0);
}

function toAscii(found: string): string {
  const lead = found.charAt(0);
  if (found.length > 2 && (lead === "\\" || lead === "%")) {
    return String.fromCharCode(Number.parseInt(found.slice(lead === "%" ? 1 : 2), 16));
  }
  if (lead === "&") {
    const hex = found.charAt(2) === "x";
    return String.fromCharCode(Number.parseInt(found.slice(hex ? 3 : 2), hex ? 16 : 10));
  }
  if (IGNORED.test(found)) return "";
  if (/\p{Zs}/u.test(found)) return " ";
  if (/[\p{Pd}\u2212]/u.test(found)) return "-";
  if (found === "\u3002" || found === "\u2024") return ".";
  if (/\p{Nd}/u.test(found)) return String(digitOf(found));
  const plain = found.normalize("NFKC");
  return /^[ -~]$/.test(plain) ? plain : found;
}

// Unicode's decimal digits come in blocks of ten from a zero on: the zero is where the digits before it end.
function digitOf(found: string): number {
  const plain = found.normalize("NFKC");
  if (/^\d$/.test(plain)) return Number(plain);
  const code = found.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++;
  return value;
}
