import { ExactNumber } from "./exact-number.ts";
import { isObject, type Json } from "./json.ts";

/*
 * JSON whose numbers keep their digits. Texts that have no number to lose, nearly all, are read and written by the
 * language's own functions.
 */

/**
 * Finds every text with a number that JavaScript writes in another way than it stands there: with an exponent, from sixteen
 * digits on, with zeros at its end or very small, and `-0`. It may stand in a string, which costs time only. It looks for
 * the first digit and then at what is before: most of a text is words, and a space before each of them.
 */
const MAY_CHANGE =
  /\d(?<=(?:^|[\s[:,])-?\d)(?:[\d.]{15}|[\d.]{0,14}[eE]|\d{0,14}\.\d{0,15}0(?!\d)|(?<=0)\.0{6}|(?<=-0)(?![\d.]))/;

/** `JSON.parse` that keeps digits: numbers that would lose some are `ExactNumber`s. @throws SyntaxError */
export function parseExact(text: string): Json {
  const value = JSON.parse(text) as Json;
  return MAY_CHANGE.test(text) ? readExact(text) : value;
}

/** `JSON.stringify` of JSON that writes exact numbers as they stood; `indent` as there. The depth is bounded. */
export function writeExact(value: unknown, indent = ""): string {
  const before = ExactNumber.rounded;
  const text = JSON.stringify(value, undefined, indent);
  return ExactNumber.rounded === before ? text : writeSlowly(value as Json, indent, "\n");
}

/** The number that stands here, as the nearest double; `undefined` for what is no number. */
export function numberIn(value: Json | undefined): number | undefined {
  if (typeof value === "number") return value;
  return value instanceof ExactNumber ? value.nearest : undefined;
}

/** The value with doubles only, for those who calculate: itself where it has no exact numbers. */
export function withDoubles<T extends Json>(value: T): T;
export function withDoubles(value: Json): Json {
  if (value instanceof ExactNumber) return value.nearest;
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    const rounded = items.map((item) => withDoubles(item));
    return rounded.some((item, index) => item !== items[index]) ? rounded : items;
  }
  if (!isObject(value)) return value;
  let rounded: Record<string, Json | undefined> | undefined;
  for (const key of Object.keys(value)) {
    const member = value[key];
    const plain = member === undefined ? undefined : withDoubles(member);
    if (plain === member) continue;
    rounded ??= { ...value };
    define(rounded, key, plain);
  }
  return rounded ?? value;
}

function writeSlowly(value: Json, indent: string, margin: string): string {
  if (value instanceof ExactNumber) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = indent === "" ? "" : margin + indent;
  const outer = indent === "" ? "" : margin;
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => inner + writeSlowly(item ?? null, indent, margin + indent));
    return items.length === 0 ? "[]" : `[${items.join(",")}${outer}]`;
  }
  const colon = indent === "" ? ":" : ": ";
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) {
      members.push(`${inner}${JSON.stringify(key)}${colon}${writeSlowly(member, indent, margin + indent)}`);
    }
  }
  return members.length === 0 ? "{}" : `{${members.join(",")}${outer}}`;
}

/** An object or list that is being read; `key`: what the next value is called. */
type Open =
  | { readonly items: Json[]; readonly members?: undefined }
  | { readonly items?: undefined; readonly members: Record<string, Json>; key: string | undefined };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const IN_NUMBER = Array.from({ length: 128 }, (_, code) => "0123456789+-.eE".includes(String.fromCharCode(code)));

const WORDS: Readonly<Record<string, Json>> = { t: true, f: false, n: null };

function readExact(text: string): Json {
  const reading = new ExactReading(text);
  reading.read(text.length);
  return reading.value;
}

/** JSON that is read with all its digits, piece by piece. With a list of its own, because it may be nested deeply. */
export class ExactReading {
  readonly #text: string;
  readonly #open: Open[] = [];
  #root: Json = null;
  #at = 0;

  /** `text` is known to be JSON. Of another one it makes something, which is written in another way than that stands there. */
  constructor(text: string) {
    this.#text = text;
  }

  /** What was read. Whole only once `read` is done. */
  get value(): Json {
    return this.#root;
  }

  /** Reads so many characters on, and to the end of the value that it is in. Returns whether that was all. @throws SyntaxError */
  read(chars: number): boolean {
    const text = this.#text;
    const end = Math.min(text.length, this.#at + chars);
    let at = this.#at;
    while (at < end) {
      const char = text.charAt(at);
      if (char === '"') {
        const after = endOfString(text, at);
        const content = text.slice(at + 1, after - 1);
        const value = content.includes("\\") ? (JSON.parse(`"${content}"`) as string) : content;
        const inside = this.#open.at(-1);
        if (inside?.members !== undefined && inside.key === undefined) inside.key = value;
        else this.#put(value);
        at = after;
      } else if (char === "{" || char === "[") {
        const inside: Open = char === "{" ? { members: {}, key: undefined } : { items: [] };
        this.#put(inside.members ?? inside.items);
        this.#open.push(inside);
        at += 1;
      } else if (char === "-" || (char >= "0" && char <= "9")) {
        const after = endOfNumber(text, at);
        this.#put(readNumber(text.slice(at, after)));
        at = after;
      } else if (char in WORDS) {
        this.#put(WORDS[char] ?? null);
        at += char === "f" ? 5 : 4;
      } else {
        if (char === "}" || char === "]") this.#open.pop();
        at += 1;
      }
    }
    this.#at = at;
    return at >= text.length;
  }

  #put(value: Json): void {
    const inside = this.#open.at(-1);
    if (inside === undefined) this.#root = value;
    else if (inside.items !== undefined) inside.items.push(value);
    else {
      define(inside.members, inside.key ?? "", value);
      inside.key = undefined;
    }
  }
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function readNumber(text: string): Json {
  const nearest = Number(text);
  if (String(nearest) === text) return nearest;
  // It is written as it stands here.
  if (!NUMBER.test(text)) throw new SyntaxError("A number is not as JSON has them.");
  return new ExactNumber(text);
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
  return at + 1;
}

function endOfNumber(text: string, from: number): number {
  let at = from + 1;
  while (IN_NUMBER[text.charCodeAt(at)] === true) at++;
  return at;
}

// As `JSON.parse` does: `__proto__` is a member like all others.
function define(object: Record<string, Json | undefined>, key: string, value: Json | undefined): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}
