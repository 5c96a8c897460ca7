import { lettersOf, type Reading, readSpelled } from "./spelled-text.ts";

/** What stands for a value that was taken out. */
export const TAKEN_OUT = "[…]";
/** A value of fewer letters and digits stands in many words: it is looked for as it is. */
const MIN_LETTERS = 6;
/** So many letters of a longer one give it away, if they are half of it. */
const MIN_RUN = 8;
/** A run is at least `2 * BLOCK - 1` long, so that it holds a whole block, or is all of a value, which begins with one. */
const BLOCK = 4;
/** What repeats within a value is looked for at so many places of it, the first ones. */
const MAX_SAME = 32;
/** What follows a text that was cut. */
const CUT = /^[\s"'’”`)\]}>]*(?:…|\.\.|\[(?:trunc|\.)|$)/iu;

/** Values that no text may show. `minLength`: shorter ones are none. `longestRun`: so many letters are never shown, half of it or not. */
export interface Concealed {
  readonly values: readonly string[];
  readonly minLength: number;
  readonly longestRun?: number;
}

type Blocks = Map<string, (readonly [Needle, number])[]>;

interface Needle {
  readonly letters: string;
  /** How many in a row are taken out. */
  readonly run: number;
}

/**
 * Makes the function that takes values out of a text, as they are and as programs write them: escaped for a URL, a form, JSON
 * or HTML, in base64, also with something before and behind, or hex, in other case, taken apart (NFD), parted otherwise
 * (`48,151,623`), half of them, and the beginning of what was cut. The function throws never.
 */
export function createConcealer({ values, minLength, longestRun = Infinity }: Concealed): (text: string) => string {
  const short = new Set<string>();
  const blocks: Blocks = new Map();
  const seen = new Set<string>();
  for (const value of values) {
    const reading = readSpelled(value);
    const written = reading.text.trim();
    const { text: letters } = lettersOf(reading);
    if (letters.length < MIN_LETTERS) {
      if (written.length >= minLength) short.add(written);
      continue;
    }
    for (const form of [letters, ...encodingsOf(value)]) {
      if (seen.has(form)) continue;
      seen.add(form);
      addBlocks(blocks, { letters: form, run: runOf(form.length, longestRun) });
    }
  }
  if (short.size === 0 && blocks.size === 0) return (text) => text;
  return (text) => {
    const reading = readSpelled(text);
    const spans = [...spansOfShort(reading, short), ...spansOfLong(text, lettersOf(reading), blocks)];
    return spans.length === 0 ? text : without(text, spans);
  };
}

function addBlocks(blocks: Blocks, needle: Needle): void {
  const times = new Map<string, number>();
  for (let at = 0; at + BLOCK <= needle.letters.length; at += BLOCK) {
    const block = needle.letters.slice(at, at + BLOCK);
    const before = times.get(block) ?? 0;
    if (before === MAX_SAME) continue;
    times.set(block, before + 1);
    const known = blocks.get(block);
    if (known === undefined) blocks.set(block, [[needle, at]]);
    else known.push([needle, at]);
  }
}

function runOf(length: number, longest: number): number {
  return length <= MIN_RUN ? length : Math.min(Math.max(MIN_RUN, Math.ceil(length / 2)), longest);
}

/** Hex, and what base64 makes of the bytes wherever they stand, as `lettersOf` would have them. */
function encodingsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [bytes.toString("hex"), ...[0, 1, 2].map((before) => base64Inside(bytes, before))].filter(
    (form) => form.length >= MIN_LETTERS,
  );
}

/** The characters of base64 that these bytes alone decide when `before` others (modulo three) stand before them. RFC 4648 §4 */
function base64Inside(bytes: Buffer, before: number): string {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6)];
  return padded
    .toString("base64")
    .slice(from, to)
    .replace(/[^a-z\d]/gi, "")
    .toLowerCase();
}

type Span = readonly [from: number, to: number];

function spansOfShort({ text, from, to }: Reading, short: ReadonlySet<string>): readonly Span[] {
  const spans: Span[] = [];
  for (const value of short) {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
      spans.push([from[at] ?? 0, to[at + value.length - 1] ?? 0]);
    }
  }
  return spans;
}

function spansOfLong(text: string, reading: Reading, blocks: Blocks): readonly Span[] {
  const spans: Span[] = [];
  const { text: letters, from, to } = reading;
  // What is taken out already need not be looked at again.
  let done = 0;
  for (let at = 0; at + BLOCK <= letters.length; at++) {
    for (const [needle, offset] of blocks.get(letters.slice(at, at + BLOCK)) ?? []) {
      const [start, end] = stretched(letters, at, needle.letters, offset);
      if (end <= done) continue;
      const original: Span = [from[start] ?? 0, to[end - 1] ?? 0];
      const begun = start === at - offset && end - start >= MIN_LETTERS;
      if (end - start < needle.run && !(begun && CUT.test(text.slice(original[1], original[1] + 20)))) continue;
      spans.push(original);
      done = end;
    }
  }
  return spans;
}

/** How far two texts are the same around two places. */
function stretched(text: string, at: number, other: string, offset: number): Span {
  let before = 0;
  while (before < at && before < offset && text[at - before - 1] === other[offset - before - 1]) before++;
  let behind = BLOCK;
  while (at + behind < text.length && text[at + behind] === other[offset + behind]) behind++;
  return [at - before, at + behind];
}

function without(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    // One that touches or overlaps the one before is a part of it.
    if (from > done || done === 0) parts.push(text.slice(done, from), TAKEN_OUT);
    done = Math.max(done, to);
  }
  return `${parts.join("")}${text.slice(done)}`;
}
