/*
 * Texts as a detector reads them. Zero-width characters, soft hyphens and a terminal's colours vanish; full-width,
 * mathematical and foreign digits, letters, spaces and dashes become their ASCII form; so do characters written as
 * `\u0040`, `\x40`, `\n`, `&#64;`, `&nbsp;` or `%40`, with their backslash or per cent sign escaped again, too.
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
    `${IGNORED.source}+`,
    // Digits, spaces, dashes and dots; full-width, small and mathematical forms of ASCII.
    "(?!\\p{ASCII})[\\p{Nd}\\p{Zs}\\p{Pd}\\u2212\\u2024\\u3002\\uff01-\\uff5e\\ufe52\\ufe6b\\u{1d400}-\\u{1d7ff}]",
    // What a terminal does not show, as it is and escaped.
    "(?:\\u001b|\\\\{1,8}(?:u001[bB]|x1[bB]|033|e))\\[[\\d;:?]{0,32}[A-Za-z]",
    "\\\\{1,8}(?:(?:u00|x)[2-7][\\da-fA-F]|u\\{0{0,4}[2-7][\\da-fA-F]\\}|[nrtbf\"'/])",
    "&#(?:[xX]0{0,6}(?:[2-7][\\da-fA-F]|[aA][0dD])|0{0,6}(?:[3-9]\\d|1[01]\\d|12[0-6]|160|173));",
    "&(?:nbsp|shy|commat|period|hyphen|dash|lowbar|plus);",
    "%(?:25){0,4}(?:0[9aAdD]|[2-7][\\da-fA-F])",
  ].join("|"),
  "gu",
);

/** Folds `text`; `vanished` stands for what vanishes. Linear. @throws never */
export function foldWithPlaces(text: string, vanished: "" | " " = ""): Folded {
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
    const ascii = known.get(match[0]) ?? toAscii(match[0], vanished);
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

const CONTROLS: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

const ENTITIES: Readonly<Record<string, string>> = {
  nbsp: " ",
  commat: "@",
  period: ".",
  hyphen: "-",
  dash: "-",
  lowbar: "_",
  plus: "+",
};

function toAscii(found: string, vanished: string): string {
  if (found.length > 1) {
    switch (found.charAt(0)) {
      case "\u001b":
        return vanished;
      case "\\":
        return fromBackslash(found, vanished);
      case "&":
        return fromEntity(found, vanished);
      case "%":
        return String.fromCharCode(Number.parseInt(found.slice(-2), 16));
      default:
        break;
    }
  }
  if (IGNORED.test(found)) return vanished;
  if (/\p{Zs}/u.test(found)) return " ";
  if (/[\p{Pd}\u2212]/u.test(found)) return "-";
  if (found === "\u3002" || found === "\u2024") return ".";
  if (/\p{Nd}/u.test(found)) return String(digitOf(found));
  const plain = found.normalize("NFKC");
  return /^[ -~]$/.test(plain) ? plain : found;
}

function fromBackslash(found: string, vanished: string): string {
  if (found.includes("[")) return vanished;
  const last = found.slice(-1);
  if (found.charAt(found.length - 2) === "\\") return CONTROLS[last] ?? last;
  return String.fromCharCode(Number.parseInt((last === "}" ? found.slice(0, -1) : found).slice(-2), 16));
}

function fromEntity(found: string, vanished: string): string {
  if (found.charAt(1) !== "#") return ENTITIES[found.slice(1, -1)] ?? vanished;
  const hex = found.charAt(2).toLowerCase() === "x";
  const code = Number.parseInt(found.slice(hex ? 3 : 2), hex ? 16 : 10);
  // The no-break space and the soft hyphen.
  return code === 0xa0 ? " " : code === 0xad ? vanished : String.fromCharCode(code);
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
