/*
 * A text as it reads however it was written: escapes of URLs, JSON, JavaScript, Python and HTML are read, and forms of one letter
 * are one. Each character knows where it stood, so that what was found can be taken out of the text itself.
 */

/** What a text reads like: `text[i]` was written from `from[i]` to `to[i]`. */
export interface Reading {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** How often one way of writing may stand within another: `%255Cu00e4`. */
const MAX_LAYERS = 3;
const ESCAPES =
  /((?:%[\da-f]{2})+|(?:\\x[\da-f]{2})+)|\\u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|\\u([\da-f]{4})|\\u\{([\da-f]{1,6})\}|&#(\d{1,7});|&#x([\da-f]{1,6});|&([a-z]{2,5});|\\(["'\\/bfnrt])/gi;
const MAY_ESCAPE = /[%\\&]/;
/** The entities that writers of HTML and XML put in place of characters. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
]);
const MARK = /^[\p{M}\p{Default_Ignorable_Code_Point}]$/u;
const NEITHER_LETTER_NOR_DIGIT = /[^\p{L}\p{N}]/gu;
const MARKS = /[\p{M}\p{Default_Ignorable_Code_Point}]/gu;

/** A text without its escapes, in small letters without accents, blanks of any number one. @throws never */
export function readSpelled(text: string): Reading {
  let reading = asWritten(text);
  for (let left = MAX_LAYERS; left > 0 && MAY_ESCAPE.test(reading.text); left--) {
    const next = withoutEscapes(reading);
    if (next.text === reading.text) break;
    reading = next;
  }
  return folded(reading);
}

/** Of a reading the letters and digits: how they are parted is of no account. @throws never */
export function lettersOf(reading: Reading): Reading {
  const made = createReading();
  for (const [at, character] of characters(reading.text)) {
    if (character.replace(NEITHER_LETTER_NOR_DIGIT, "") !== "") made.add(character, reading, at, character.length);
  }
  return made;
}

function asWritten(text: string): Reading {
  const from = Array.from({ length: text.length }, (_, at) => at);
  return { text, from, to: from.map((at) => at + 1) };
}

function withoutEscapes(reading: Reading): Reading {
  const made = createReading();
  let at = 0;
  for (const found of reading.text.matchAll(ESCAPES)) {
    for (; at < found.index; at++) made.add(reading.text.charAt(at), reading, at, 1);
    const [whole, bytes] = found;
    if (bytes === undefined) made.add(characterOf(found) ?? whole, reading, at, whole.length);
    else addBytes(bytes, (character, start, length) => made.add(character, reading, found.index + start, length));
    at = found.index + whole.length;
  }
  for (; at < reading.text.length; at++) made.add(reading.text.charAt(at), reading, at, 1);
  return made;
}

/** Bytes of UTF-8, each written `%c3` or `\xc3`; one that is none of it is a character of Latin-1. */
function addBytes(written: string, add: (character: string, start: number, length: number) => void): void {
  const width = written.startsWith("%") ? "%c3".length : String.raw`\xc3`.length;
  const bytes = Buffer.from(written.replace(/%|\\x/gi, ""), "hex");
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = bytes.toString("utf8", at, at + length);
    const whole = !character.includes("\uFFFD");
    add(whole ? character : String.fromCharCode(first), at * width, (whole ? length : 1) * width);
    at += whole ? length : 1;
  }
}

function characterOf([, , high, low, unit, braced, decimal, hex, entity, escaped]: RegExpMatchArray):
  | string
  | undefined {
  if (high !== undefined && low !== undefined) return `${unitOf(high)}${unitOf(low)}`;
  if (unit !== undefined) return unitOf(unit);
  if (entity !== undefined) return ENTITIES.get(entity.toLowerCase());
  if (escaped !== undefined) return /[bfnrt]/i.test(escaped) ? " " : escaped;
  const code = decimal === undefined ? Number.parseInt(braced ?? hex ?? "", 16) : Number(decimal);
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}

function unitOf(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

/** Compatibility forms are one and case does not count, as `fold` of the core has it; marks belong to the letter before them. */
function folded(reading: Reading): Reading {
  const made = createReading();
  let afterBlank = false;
  for (const [at, character] of characters(reading.text)) {
    const blank = /\s/u.test(character);
    if (MARK.test(character) || (blank && afterBlank)) made.stretch(reading, at + character.length - 1);
    else made.add(blank ? " " : plain(character), reading, at, character.length);
    afterBlank = blank;
  }
  return made;
}

function plain(character: string): string {
  if (character < "\u007f") return character.toLowerCase();
  return character.normalize("NFKD").replace(MARKS, "").toLowerCase().toUpperCase().toLowerCase();
}

function* characters(text: string): Generator<readonly [number, string]> {
  let at = 0;
  for (const character of text) {
    yield [at, character];
    at += character.length;
  }
}

function createReading() {
  const parts: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  return {
    from,
    to,
    get text() {
      return parts.join("");
    },
    /** `text` stands for what `reading` has from `at` on. */
    add(text: string, reading: Reading, at: number, length: number) {
      parts.push(text);
      for (let unit = 0; unit < text.length; unit++) {
        from.push(reading.from[at] ?? 0);
        to.push(reading.to[at + length - 1] ?? 0);
      }
    },
    /** The last character reaches to the end of the one at `at`. */
    stretch(reading: Reading, at: number) {
      if (to.length > 0) to[to.length - 1] = reading.to[at] ?? 0;
    },
  };
}
