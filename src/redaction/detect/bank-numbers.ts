import creditCardType from "credit-card-type";
import { getCountrySpecifications, isValidIBAN } from "ibantools";
import type { Span } from "./span.ts";

/*
 * Card numbers and bank accounts. The issuers' ranges and the countries' lengths come from libraries that keep them;
 * finding candidates is done here, in one pass over the text.
 */

const MIN_DIGITS = 13;
const MAX_DIGITS = 19;

// For each four leading digits the lengths of numbers that begin with them, one bit per length. Issuers with longer
// ranges are taken for their first four digits: a card too many is better than one too few, and this costs one look-up.
const LEAD = 4;
const LENGTHS = new Uint32Array(10 ** LEAD);
for (const type of Object.values(creditCardType.types)) {
  const { patterns, lengths } = creditCardType.getTypeInfo(type);
  const bits = lengths.reduce((all, length) => all | (1 << length), 0);
  for (const pattern of patterns) {
    const [low = 0, high = low] = typeof pattern === "number" ? [pattern] : pattern;
    const scale = 10 ** (LEAD - String(low).length);
    for (let lead = Math.floor(low * scale); lead < Math.max((high + 1) * scale, low * scale + 1); lead++) {
      LENGTHS[lead] = (LENGTHS[lead] ?? 0) | bits;
    }
  }
}

function isIssued(lead: number, length: number): boolean {
  return ((LENGTHS[lead] ?? 0) & (1 << length)) !== 0;
}

/** Whether a number, as JSON has it, is that of a card. */
export function isCardNumber(value: number): boolean {
  const magnitude = Math.abs(value);
  if (!Number.isInteger(magnitude) || magnitude < 1e12 || magnitude >= 1e19) return false;
  const digits = BigInt(magnitude).toString();
  // Beyond 2^53 the last digits are rounded and prove nothing: the issuer's range must do.
  return (
    isIssued(Number(digits.slice(0, LEAD)), digits.length) &&
    (!Number.isSafeInteger(magnitude) || passesLuhn(digits, 0, digits.length))
  );
}

/**
 * Card numbers: 13 to 19 digits of an issuer's range whose check digit is right (ISO/IEC 7812-1), in one piece or in
 * groups, with one or two of space, dash and dot between. Not: digits right beside letters, or the decimals of a number.
 */
export function findCards(text: string): Span[] {
  const found: Span[] = [];
  const groups = new Groups();
  const pattern = /\d+/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const start = match.index;
    const end = pattern.lastIndex;
    if (!isSeparator(text, groups.end, start) || end - start > MAX_DIGITS) groups.clear();
    if (end - start > MAX_DIGITS) continue;
    groups.add(start, end);
    if (!mayEnd(text, end)) continue;
    const from = startOfCard(text, groups, end);
    if (from !== undefined) found.push({ start: from, end });
  }
  return found;
}

/** The last groups of digits that can belong to one number, in a ring. */
class Groups {
  readonly #starts = new Uint32Array(32);
  readonly #sizes = new Uint32Array(32);
  #next = 0;
  #count = 0;
  /** Where the last one ended. */
  end = 0;

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  add(start: number, end: number): void {
    this.#starts[this.#next & 31] = start;
    this.#sizes[this.#next & 31] = end - start;
    this.#next++;
    this.#count = Math.min(this.#count + 1, MAX_DIGITS);
    this.end = end;
  }

  /** Counted from the last, which is 0. */
  start(back: number): number {
    return this.#starts[(this.#next - 1 - back) & 31] ?? 0;
  }

  size(back: number): number {
    return this.#sizes[(this.#next - 1 - back) & 31] ?? 0;
  }
}

function isSeparator(text: string, from: number, to: number): boolean {
  if (to - from > 2) return false;
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index);
    if (code !== 0x20 && code !== 0x2d && code !== 0x2e) return false;
  }
  return true;
}

// Where the longest number begins that ends with the last group.
function startOfCard(text: string, groups: Groups, end: number): number | undefined {
  const tail = groups.size(0);
  let longest: number | undefined;
  let digits = 0;
  let smallest = MAX_DIGITS;
  let largest = 0;
  for (let back = 0; back < groups.count; back++) {
    const size = groups.size(back);
    digits += size;
    if (digits > MAX_DIGITS) break;
    if (back > 0) {
      smallest = Math.min(smallest, size);
      largest = Math.max(largest, size);
    }
    // Groups of four and more, or all alike with a rest: numbers that merely stand side by side rarely do.
    const plausible = smallest >= 4 || (smallest === largest && tail <= smallest);
    if (digits < MIN_DIGITS || !plausible) continue;
    const start = groups.start(back);
    if (isIssued(leadAt(text, start), digits) && mayStart(text, start) && passesLuhn(text, start, end)) longest = start;
  }
  return longest;
}

function leadAt(text: string, start: number): number {
  let lead = 0;
  for (let index = start, left = LEAD; left > 0; index++) {
    const code = text.charCodeAt(index);
    if (!isDigit(code)) continue;
    lead = lead * 10 + code - 0x30;
    left--;
  }
  return lead;
}

function mayStart(text: string, start: number): boolean {
  if (start === 0) return true;
  const before = text.charCodeAt(start - 1);
  return !isWord(before) && !(before === 0x2e && isDigit(text.charCodeAt(start - 2)));
}

// What goes on after a dot is the integer part of a number, or a group before the last.
function mayEnd(text: string, end: number): boolean {
  const after = text.charCodeAt(end);
  return !isWord(after) && !(after === 0x2e && isDigit(text.charCodeAt(end + 1)));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

// NaN, past the end, is none. Nor is an underscore: Markdown and file names have it around a number.
function isWord(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** The check digit of ISO/IEC 7812-1 over the digits of a part of `text`; other characters are passed over. */
function passesLuhn(text: string, start: number, end: number): boolean {
  let sum = 0;
  let double = false;
  for (let index = end - 1; index >= start; index--) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) continue;
    const weighted = double ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
    double = !double;
  }
  return sum % 10 === 0;
}

const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries(getCountrySpecifications()).flatMap(([country, { chars }]) => (chars ? [[country, chars]] : [])),
);

/** Bank accounts (ISO 13616), checked by country and check digits, with or without single spaces or dashes. */
export function findIbans(text: string): Span[] {
  const found: Span[] = [];
  const pattern = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const length = IBAN_LENGTHS.get(match[0].slice(0, 2).toUpperCase());
    if (length === undefined) continue;
    const end = endOfIban(text, match.index, length);
    if (end === undefined || !isValidIBAN(ibanOf(text.slice(match.index, end)))) continue;
    found.push({ start: match.index, end });
    pattern.lastIndex = end;
  }
  return found;
}

/** An account number as machines write it. */
export function ibanOf(text: string): string {
  return text.replace(/[ -]/g, "").toUpperCase();
}

function endOfIban(text: string, start: number, length: number): number | undefined {
  let left = length;
  let index = start;
  for (; left > 0; index++) {
    const code = text.charCodeAt(index);
    if (isWord(code)) left--;
    else if ((code !== 0x20 && code !== 0x2d) || !isWord(text.charCodeAt(index - 1))) return undefined;
  }
  return isWord(text.charCodeAt(index)) ? undefined : index;
}
