import { ExactNumber } from "../../core/exact-number.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import { isMultiple } from "./multiples.ts";
import { EVERYWHERE, type Range, unionOfRanges } from "./number-range.ts";
import {
  ANY_TEXT,
  few,
  hasShape,
  joinedAll,
  lengthOf,
  literalShape,
  mayHavePart,
  type PartPlace,
  type Shape,
} from "./text-shape.ts";

/** Which values something can have, as far as that is known before there is a call. */
export interface Domain {
  /** All of them; `undefined` where others are possible. */
  readonly values: readonly Json[] | undefined;
  /** Of its numbers. */
  readonly range: Range;
  /** What its numbers are multiples of, each of one of these; `undefined` where any is possible. */
  readonly steps: readonly number[] | undefined;
  /** `false` for a text that it never is. */
  allows(text: string): boolean;
  /** What its texts look like, each like one of these; `undefined` where any is possible. */
  readonly shapes: readonly Shape[] | undefined;
  /** How many characters or items it has. */
  readonly size: Range;
  /** What speaks against comparing it with this text, or looking for it there, though it can be true. */
  doubts(text: string, where: PartPlace | "whole"): string | undefined;
  /** What its texts are read as, where parts of one say whose it is. */
  readonly reads: "address" | "url" | "ip" | undefined;
  /** What an author is told of what it can be, in place of a list of `values`. */
  readonly says: string | undefined;
  /** It stands in JSON as it is: each of its numbers is a double. */
  readonly isRead: boolean;
  /** Of an object: all names of members that it can have. */
  readonly keys: readonly string[] | undefined;
}

/** Anything at all. */
export const ANYTHING: Domain = {
  values: undefined,
  range: EVERYWHERE,
  steps: undefined,
  allows: () => true,
  shapes: undefined,
  size: EVERYWHERE,
  doubts: () => undefined,
  reads: undefined,
  says: undefined,
  keys: undefined,
  isRead: false,
};

/** One of these texts. */
export function oneOf(values: readonly string[], says?: string): Domain {
  return { ...ANYTHING, values, says };
}

/** A number between these, both included. */
export function between(low: number, high: number): Domain {
  return { ...ANYTHING, range: { low, lowOpen: false, high, highOpen: false } };
}

/** A text for which this holds. */
export function textsThat(allows: (text: string) => boolean, says: string): Domain {
  return { ...ANYTHING, allows, says };
}

/** Whether something can be equal to a value that is written out. */
export function canBeValue({ values, shapes, steps, isRead, allows }: Domain, literal: Json): boolean {
  if (values !== undefined) return values.some((value) => value === literal || isSameObject(value, literal));
  if (typeof literal === "number") return steps === undefined || steps.some((step) => isMultiple(literal, step));
  if (literal instanceof ExactNumber) return !isRead;
  if (typeof literal !== "string") return true;
  return allows(literal) && (shapes === undefined || shapes.some((shape) => hasShape(literal, shape)));
}

function isSameObject(one: Json, other: Json): boolean {
  if (typeof one !== "object" || typeof other !== "object") return false;
  return one !== null && other !== null && canonicalJson(one) === canonicalJson(other);
}

/** Whether any of its texts can have this part there. */
export function canHavePart(domain: Domain, part: string, where: PartPlace): boolean {
  const shapes = shapesOf(domain);
  if (shapes !== undefined && !shapes.some((shape) => mayHavePart(shape, part, where))) return false;
  return [...part].length <= domainSize(domain).high;
}

/** How many characters or items it has: never fewer than none. */
export function domainSize(domain: Domain): Range {
  const { low, high } = domain.size;
  const lengths = shapesOf(domain)?.map(lengthOf) ?? [];
  const all = lengths.length === 0 ? EVERYWHERE : unionOfRanges(lengths);
  return { ...EVERYWHERE, low: Math.max(0, low, all.low), high: Math.min(high, all.high) };
}

function shapesOf({ values, shapes }: Domain): readonly Shape[] | undefined {
  if (values === undefined) return shapes;
  const texts = values.filter((value) => typeof value === "string");
  return texts.length === 0 || texts.length < values.length ? undefined : few(texts.map(literalShape));
}

/** What one of several things can be, of which nobody knows which one it is. */
export function eitherOf(domains: readonly Domain[]): Domain {
  const listed = domains.map(({ values }) => values);
  const values = listed.every((it) => it !== undefined) ? [...new Set(listed.flat())] : undefined;
  const ranges = domains.map((it) => rangeOfNumbers(it));
  const says = new Set(domains.map((it) => it.says));
  const reads = new Set(domains.map((it) => it.reads));
  return {
    ...ANYTHING,
    values,
    range: unionOfRanges(ranges.filter((it) => it !== undefined)),
    allows: (text) => domains.some((it) => canBeValue(it, text)),
    shapes: few(domains.flatMap((it): readonly (Shape | undefined)[] => shapesOf(it) ?? [undefined])),
    size: unionOfRanges(domains.map(domainSize)),
    doubts: (text, where) => domains.map((it) => it.doubts(text, where)).find((it) => it !== undefined),
    reads: reads.size === 1 ? domains[0]?.reads : undefined,
    says: says.size === 1 ? domains[0]?.says : undefined,
    isRead: domains.every((it) => it.isRead),
  };
}

// Where the numbers are listed they are its range; `undefined` where it has none.
function rangeOfNumbers({ values, range }: Domain): Range | undefined {
  if (values === undefined) return range;
  const numbers = values.filter((it) => typeof it === "number");
  if (numbers.length === 0) return undefined;
  return { low: Math.min(...numbers), lowOpen: false, high: Math.max(...numbers), highOpen: false };
}

const MAX_SUMS = 256;

/** What two things can be after an operator of arithmetic; of texts what they are joined. */
export function domainOfSum(operator: string, left: Domain, right: Domain): Domain {
  if (left.values !== undefined && right.values !== undefined) {
    if (left.values.length * right.values.length > MAX_SUMS) return ANYTHING;
    const sums = left.values.flatMap((a) => right.values?.map((b) => combined(operator, a, b)));
    const known = sums.filter((it) => it !== undefined);
    return known.length < sums.length ? ANYTHING : { ...ANYTHING, values: [...new Set(known)] };
  }
  if (operator === "%") return domainOfRemainder(left, right);
  const joint = operator === "+" ? domainOfJoined(left, right) : undefined;
  if (joint !== undefined) return joint;
  const [a, b] = [rangeOfNumbers(left), rangeOfNumbers(right)];
  if (a === undefined || b === undefined) return ANYTHING;
  const ends = endsOf(operator, a, b);
  if (ends.length === 0 || ends.some(Number.isNaN)) return ANYTHING;
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  // Integers overflow far beyond, which is an error and no outcome.
  if (operator === "*" && !(low >= Number.MIN_SAFE_INTEGER && high <= Number.MAX_SAFE_INTEGER)) return ANYTHING;
  // Beyond these the engine's numbers are no longer exact.
  return between(
    low >= Number.MIN_SAFE_INTEGER ? low : Number.NEGATIVE_INFINITY,
    high <= Number.MAX_SAFE_INTEGER ? high : Number.POSITIVE_INFINITY,
  );
}

// What comes of the ends of two ranges lies around what comes of all that is between them; none where nothing follows.
function endsOf(operator: string, a: Range, b: Range): readonly number[] {
  switch (operator) {
    case "+":
      return [a.low + b.low, a.high + b.high];
    case "-":
      return [a.low - b.high, a.high - b.low];
    case "*":
      return [a.low, a.high].flatMap((one) => [one * b.low, one * b.high]);
    case "/": {
      // By nothing is an error. Integers lose what is behind the point.
      if (b.low <= 0 && b.high >= 0) return [];
      const ends = [a.low, a.high].flatMap((one) => [one / b.low, one / b.high]);
      return [...ends, ...ends.map(Math.trunc)];
    }
    default:
      return [];
  }
}

/** What a number is after `double()`, and after `int()`, which leaves out what is behind the point. */
export function domainOfConverted(to: "int" | "double", given: Domain): Domain {
  const range = rangeOfNumbers(given);
  const isSafe = range !== undefined && range.low >= Number.MIN_SAFE_INTEGER && range.high <= Number.MAX_SAFE_INTEGER;
  if (!isSafe) return ANYTHING;
  return to === "double" ? { ...ANYTHING, range } : between(Math.trunc(range.low), Math.trunc(range.high));
}

// Of texts, if either is known to be one; of lists their sizes add up as well.
function domainOfJoined(left: Domain, right: Domain): Domain | undefined {
  const [a, b] = [shapesOf(left), shapesOf(right)];
  const [before, after] = [domainSize(left), domainSize(right)];
  const size = { ...EVERYWHERE, low: before.low + after.low, high: before.high + after.high };
  if (a !== undefined || b !== undefined) {
    const says = "No text that is put together so is like it.";
    return { ...ANYTHING, shapes: joinedAll(a ?? [ANY_TEXT], b ?? [ANY_TEXT]), size, says };
  }
  const known = size.low > 0 || size.high !== Number.POSITIVE_INFINITY;
  return known ? { ...ANYTHING, size } : undefined;
}

// It has the sign of what is divided, and is smaller than what that is divided by.
function domainOfRemainder(left: Domain, right: Domain): Domain {
  const [a, b] = [rangeOfNumbers(left), rangeOfNumbers(right)];
  if (a === undefined || b === undefined) return ANYTHING;
  const most = Math.max(Math.abs(b.low), Math.abs(b.high)) - 1;
  if (!(most >= 0 && most < Number.MAX_SAFE_INTEGER)) return ANYTHING;
  return between(a.low >= 0 ? 0 : -most, a.high <= 0 ? 0 : most);
}

function combined(operator: string, a: Json, b: Json): Json | undefined {
  if (typeof a === "string" && typeof b === "string") return operator === "+" ? a + b : undefined;
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  const sum = operator === "+" ? a + b : operator === "-" ? a - b : operator === "*" ? a * b : undefined;
  return sum !== undefined && Math.abs(sum) <= Number.MAX_SAFE_INTEGER ? sum : undefined;
}
