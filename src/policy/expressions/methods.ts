import type { AstCall, AstNode } from "../syntax/ast.ts";
import { parseTimestamp } from "../syntax/timestamps.ts";
import { doubtsOfPart } from "../tool-schemas/address-parts.ts";
import {
  ANYTHING,
  between,
  canHavePart,
  type Domain,
  domainOfConverted,
  domainSize,
  oneOf,
  textsThat,
} from "../tool-schemas/domain.ts";
import { type PatternPart, partsOfPattern } from "../tool-schemas/pattern-parts.ts";
import { ANY_TEXT, anyOf, changed, type PartPlace, repeated, type Shape } from "../tool-schemas/text-shape.ts";
import { ANY, canBe, domainOf, isOnly, type Value } from "../values/values.ts";
import type { Finding } from "./findings.ts";

interface Change {
  change(text: string): string;
  /** What may have been meant by a text after the change, besides that text: what becomes it. */
  back(text: string): string;
  readonly says: string;
  /** What becomes of the shapes of texts. */
  shape(shapes: readonly Shape[]): readonly Shape[];
}

const lower = (text: string): string => text.replaceAll(/[A-Z]+/g, (it) => it.toLowerCase());
const upper = (text: string): string => text.replaceAll(/[a-z]+/g, (it) => it.toUpperCase());
const isInk = (character: string): boolean => character.trim() !== "";

function trimmed(shapes: readonly Shape[]): readonly Shape[] {
  const inside = anyOf(shapes);
  const end = repeated((it) => isInk(it) && inside(it), 1, 1) ?? ANY_TEXT;
  return [[], end, [...end, ...(repeated(inside) ?? ANY_TEXT), ...end]];
}

function changing(change: (text: string) => string, back: (text: string) => string): Change["shape"] {
  const before = (character: string): readonly string[] =>
    change(character) === character ? [character, back(character)] : [];
  return (shapes) => shapes.map((shape) => changed(shape, before));
}

const CHANGES: Readonly<Record<string, Change>> = {
  lowerAscii: { change: lower, back: upper, says: "It has no capitals.", shape: changing(lower, upper) },
  upperAscii: { change: upper, back: lower, says: "It is all capitals.", shape: changing(upper, lower) },
  trim: { change: (text) => text.trim(), back: (text) => text, says: "It has no blanks at its ends.", shape: trimmed },
};

/** What a method makes of each character by itself; `undefined` for every other method. */
export function changeOf(name: string): ((character: string) => string) | undefined {
  return name === "lowerAscii" ? lower : name === "upperAscii" ? upper : undefined;
}

/** What functions come to. The parts of a time are counted from 0, but `getDate`. */
const NUMBERS: Readonly<Record<string, Domain>> = {
  getDate: between(1, 31),
  getDayOfMonth: between(0, 30),
  getDayOfWeek: between(0, 6),
  getDayOfYear: between(0, 365),
  getMonth: between(0, 11),
};
const CLOCK: Readonly<Record<string, Domain>> = {
  getHours: between(0, 23),
  getMinutes: between(0, 59),
  getSeconds: between(0, 59),
  getMilliseconds: between(0, 999),
};

/** What a call of a function or a method can come to, as far as what it is called on, or given first, tells. */
export function domainOfCall(name: string, target: Value | undefined, first: Value | undefined): Domain {
  if (Object.hasOwn(NUMBERS, name)) return NUMBERS[name] ?? ANYTHING;
  // Of a duration these are its whole length.
  if (Object.hasOwn(CLOCK, name))
    return target !== undefined && !canBe(target, "duration") ? (CLOCK[name] ?? ANYTHING) : ANYTHING;
  switch (name) {
    case "size": {
      const { low, high } = domainSize(domainOf(target ?? first ?? ANY));
      return between(low, high);
    }
    case "indexOf":
    case "lastIndexOf": {
      const never = typeof first?.literal === "string" && hasNever(target, first.literal, "anywhere");
      return between(-1, never ? -1 : Number.POSITIVE_INFINITY);
    }
    case "duration": {
      const seconds = typeof first?.literal === "string" ? secondsOf(first.literal) : undefined;
      return seconds === undefined ? ANYTHING : { ...ANYTHING, values: [seconds] };
    }
    case "timestamp": {
      const time = typeof first?.literal === "string" ? parseTimestamp(first.literal)?.getTime() : undefined;
      return time === undefined ? ANYTHING : { ...ANYTHING, values: [time / 1000] };
    }
    case "int":
    case "double":
      return first !== undefined && isOnly(first, "int", "double")
        ? domainOfConverted(name, domainOf(first))
        : ANYTHING;
    case "string":
      if (first !== undefined && isOnly(first, "string")) return domainOf(first);
      if (isOnly(first, "int") && first?.domain.values !== undefined) return oneOf(first.domain.values.map(String));
      if (isOnly(first, "bool")) return oneOf(["true", "false"]);
      return isOnly(first, "int") ? { ...ANYTHING, shapes: INTEGER, says: "It is an integer in digits." } : ANYTHING;
    case "substring":
      return partsOf(target);
    default:
      return domainOfChange(name, target);
  }
}

/** What a part of a text can be, wherever it is taken out: characters that the text can have. */
function partsOf(target: Value | undefined, without = ""): Domain {
  const { shapes, says, size, doubts } = domainOf(target ?? ANY);
  const inside = anyOf(shapes ?? [ANY_TEXT]);
  const part = repeated((it) => it !== without && inside(it)) ?? ANY_TEXT;
  return {
    ...ANYTHING,
    shapes: [part],
    size: { ...size, low: 0 },
    says: says && `Of the whole text: ${says}`,
    doubts: doubtsOfPart(doubts),
  };
}

/** What the items are when a text is split at a character; of any other call `undefined`. */
export function itemOfCall(name: string, target: Value | undefined, args: readonly Value[]): Value | undefined {
  const [first] = args;
  if (name !== "split" || target === undefined || typeof first?.literal !== "string") return undefined;
  // With a limit the last item keeps what is left over.
  const separator = args.length === 1 && [...first.literal].length === 1 ? first.literal : "";
  return { ...ANY, kinds: new Set(["string"]), domain: partsOf(target, separator) };
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** The length of a duration as it is written in conditions: `1h30m`; `undefined` for finer ones. */
function secondsOf(text: string): number | undefined {
  const [, sign, parts = ""] = /^([+-]?)((?:\d+(?:\.\d+)?(?:ms|h|m|s))+|0)$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  let seconds = 0;
  for (const [, count = "", unit = ""] of parts.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)) {
    seconds += Number(count) * (UNITS[unit] ?? 0);
  }
  return sign === "-" ? 0 - seconds : seconds;
}

const isDigit = (character: string): boolean => character >= "0" && character <= "9";
const INTEGER: readonly Shape[] = [
  [...(repeated((it) => it === "-", 0, 1) ?? []), ...(repeated(isDigit, 1) ?? ANY_TEXT)],
];

function domainOfChange(name: string, target: Value | undefined): Domain {
  const change = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
  if (change === undefined || target === undefined) return ANYTHING;
  const { domain } = target;
  const values = domainOf(target).values?.map((value) => (typeof value === "string" ? change.change(value) : value));
  const says = values === undefined ? change.says : domain.says;
  const size = name === "trim" ? { ...domain.size, low: 0 } : domain.size;
  const shapes = change.shape(domain.shapes ?? [ANY_TEXT]);
  // Doubtful is what was so however it was written before.
  const doubts: Domain["doubts"] = (text, where) => {
    const found = [text, change.back(text)].map((it) => domain.doubts(it, where));
    return found.includes(undefined) ? undefined : found[0];
  };
  return {
    ...textsThat((text) => change.change(text) === text, change.says),
    values,
    shapes,
    size,
    says,
    doubts,
    reads: domain.reads,
  };
}

const PLACES: Readonly<Record<string, PartPlace>> = { startsWith: "start", endsWith: "end", contains: "anywhere" };

// What may be something else than a text would fail the test, not come out as false.
function hasNever(target: Value | undefined, part: string, where: PartPlace): boolean {
  return target !== undefined && isOnly(target, "string") && !canHavePart(domainOf(target), part, where);
}

/** The part of a text that a test looks for, and where; `undefined` for a pattern that is more than a plain text. */
export function partOfTest(
  name: string,
  text: string,
): { readonly part: string; readonly where: PartPlace } | undefined {
  const where = Object.hasOwn(PLACES, name) ? PLACES[name] : undefined;
  if (where !== undefined) return { part: text, where };
  const [, start, part = "", end] = (name === "matches" && /^(\^?)([\w @/:,;=<>"'-]*)(\$?)$/.exec(text)) || [];
  if (start === undefined) return undefined;
  return { part, where: start !== "" ? "start" : end !== "" ? "end" : "anywhere" };
}

/** A test of a text that is false of everything that the text can be, or that goes by what it should not. */
export function checkTextTest(
  node: AstNode,
  { name, receiver }: AstCall,
  target: Value | undefined,
  argument: Value | undefined,
  { text, matches }: { readonly text: string; matches(pattern: string, text: string): boolean | undefined },
): readonly Finding[] {
  const literal = argument?.literal;
  if (target === undefined || receiver === undefined || argument === undefined) return [];
  const compared: Finding = { kind: "compared", start: node.start };
  if (typeof literal !== "string") {
    // One of several, as in `["a.com", "b.com"].exists(it, x.endsWith(it))`.
    const where = Object.hasOwn(PLACES, name) ? PLACES[name] : undefined;
    const texts = argument.domain.values?.filter((it) => typeof it === "string") ?? [];
    const several = where === undefined ? [] : texts.map((part) => ({ part, where }));
    return [compared, ...doubtful(node, text.slice(receiver.start, receiver.end), target, several)];
  }
  const tested = partOfTest(name, literal);
  if (tested === undefined && name !== "matches") return [];
  const { says } = target.domain;
  const { values } = domainOf(target);
  const isFalse =
    name === "matches" && values !== undefined
      ? values.every((value) => typeof value !== "string" || matches(literal, value) === false)
      : tested !== undefined && hasNever(target, tested.part, tested.where);
  const written = text.slice(receiver.start, receiver.end);
  if (isFalse) {
    const message = `This is always false: \`${written}\` is nothing for which it is true.`;
    return [compared, { kind: "mistake", what: "decided", start: node.start, message, hint: says }];
  }
  const tests = name === "matches" ? partsOfPattern(literal) : tested === undefined ? [] : [tested];
  return [compared, ...doubtful(node, written, target, tests)];
}

/** The first of these tests against which something speaks. */
function doubtful(
  { start }: AstNode,
  written: string,
  { domain }: Value,
  tests: readonly PatternPart[],
): readonly Finding[] {
  for (const { part, where } of tests) {
    const hint = domain.doubts(part, where);
    if (hint === undefined) continue;
    const message = `\`${written}\` is compared with ${JSON.stringify(part)} letter by letter.`;
    return [{ kind: "mistake", what: "doubtful", start, message, hint }];
  }
  return [];
}
