import type { Json } from "../../core/json.ts";
import { compareRange, EVERYWHERE, exactly, type Range } from "./number-range.ts";
import {
  hasShape,
  haveTextInCommon,
  lengthOf,
  literalShape,
  mayHavePart,
  mustHavePart,
  type PartPlace,
  type Shape,
} from "./text-shape.ts";

/** A part of a text, and where it stands. */
export interface PlacedPart {
  readonly part: string;
  readonly where: PartPlace;
}

/**
 * Values of which something is one: whatever it can be is in the set, which may hold others, too. So what is said of an
 * empty set is so, and nothing is said of any other.
 */
export interface ValueSet {
  /** One of these; `undefined`: anything. */
  readonly values: readonly Json[] | undefined;
  /** None of these. */
  readonly excluded: readonly Json[];
  /** Of numbers. */
  readonly range: Range;
  /** Of texts, lists and objects: how many characters, items, members. */
  readonly size: Range;
  /** Texts like one of each of these choices. */
  readonly shapes: readonly (readonly Shape[])[];
  /** Texts without these parts. */
  readonly without: readonly PlacedPart[];
  /** Texts for which these hold. */
  readonly tests: readonly ((text: string) => boolean)[];
}

/** Anything. */
export const EVERY_VALUE: ValueSet = {
  values: undefined,
  excluded: [],
  range: EVERYWHERE,
  size: EVERYWHERE,
  shapes: [],
  without: [],
  tests: [],
};

/** What is in both sets. */
export function intersection(a: ValueSet, b: ValueSet): ValueSet {
  return {
    values:
      a.values === undefined
        ? b.values
        : b.values === undefined
          ? a.values
          : a.values.filter((it) => b.values?.includes(it)),
    excluded: [...a.excluded, ...b.excluded],
    range: narrower(a.range, b.range),
    size: narrower(a.size, b.size),
    shapes: [...a.shapes, ...b.shapes],
    without: [...a.without, ...b.without],
    tests: [...a.tests, ...b.tests],
  };
}

function narrower(a: Range, b: Range): Range {
  const low = a.low > b.low || (a.low === b.low && a.lowOpen) ? a : b;
  const high = a.high < b.high || (a.high === b.high && a.highOpen) ? a : b;
  return { low: low.low, lowOpen: low.lowOpen, high: high.high, highOpen: high.highOpen };
}

/** Whether nothing is in it, as far as that can be told. */
export function isEmpty(set: ValueSet): boolean {
  const { values, range, size, shapes, without } = set;
  if (isNoRange(range) || isNoRange(size)) return true;
  if (values?.every((value) => !holds(set, value)) === true) return true;
  const possible = shapes.map((choice) =>
    choice.filter(
      (shape) => fitsSize(shape, size) && !without.some(({ part, where }) => mustHavePart(shape, part, where)),
    ),
  );
  return possible.some(
    (choice, at) =>
      choice.length === 0 ||
      possible.slice(at + 1).some((other) => choice.every((one) => other.every((it) => !haveTextInCommon(one, it)))),
  );
}

function isNoRange({ low, lowOpen, high, highOpen }: Range): boolean {
  return low > high || (low === high && (lowOpen || highOpen));
}

function fitsSize(shape: Shape, size: Range): boolean {
  return !isNoRange(narrower(lengthOf(shape), size));
}

// What is of another kind than what it is tested for is another mistake.
function holds({ excluded, range, size, shapes, without, tests }: ValueSet, value: Json): boolean {
  if (excluded.includes(value)) return false;
  if (typeof value === "number") return isWithin(value, range);
  if (typeof value !== "string") return true;
  const own = literalShape(value);
  return (
    isWithin([...value].length, size) &&
    shapes.every((choice) => choice.some((shape) => hasShape(value, shape))) &&
    !(own !== undefined && without.some(({ part, where }) => mayHavePart(own, part, where))) &&
    tests.every((test) => test(value))
  );
}

function isWithin(value: number, { low, lowOpen, high, highOpen }: Range): boolean {
  const it = exactly(value);
  const isAbove = compareRange(it, lowOpen ? ">" : ">=", low) !== false;
  return isAbove && compareRange(it, highOpen ? "<" : "<=", high) !== false;
}
