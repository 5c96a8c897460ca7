import type { JsonObject } from "../../core/json.ts";
import { lastMultiple, stepOf } from "./multiples.ts";

/** Where numbers lie. */
export interface Range {
  readonly low: number;
  /** `low` itself is not in it. */
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
}

/** All numbers. */
export const EVERYWHERE: Range = {
  low: Number.NEGATIVE_INFINITY,
  lowOpen: false,
  high: Number.POSITIVE_INFINITY,
  highOpen: false,
};

/** This number alone. */
export function exactly(value: number): Range {
  return { low: value, lowOpen: false, high: value, highOpen: false };
}

/** The range of a number that satisfies all of `schemas`. JSON Schema 2020-12, validation §6.2; draft 4 §5.1 too */
export function rangeOf(schemas: readonly JsonObject[]): Range {
  let range = limitsOf(schemas);
  for (const schema of schemas) {
    const step = isWhole(schema) ? 1 : stepOf([schema]);
    if (step !== undefined) range = onMultiples(range, step);
  }
  return range;
}

/** A range from its first multiple of `step` to its last. */
export function onMultiples(range: Range, step: number): Range {
  const { low, lowOpen, high, highOpen } = range;
  const first = Number.isFinite(low) ? -lastMultiple(-low, lowOpen, step) : low;
  const last = Number.isFinite(high) ? lastMultiple(high, highOpen, step) : high;
  return {
    low: first,
    lowOpen: lowOpen && !Number.isFinite(low),
    high: last,
    highOpen: highOpen && !Number.isFinite(high),
  };
}

function isWhole({ type }: JsonObject): boolean {
  return type === "integer";
}

function limitsOf(schemas: readonly JsonObject[]): Range {
  let range = EVERYWHERE;
  for (const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } of schemas) {
    if (typeof minimum === "number") range = atLeast(range, minimum, exclusiveMinimum === true);
    if (typeof exclusiveMinimum === "number") range = atLeast(range, exclusiveMinimum, true);
    if (typeof maximum === "number") range = atMost(range, maximum, exclusiveMaximum === true);
    if (typeof exclusiveMaximum === "number") range = atMost(range, exclusiveMaximum, true);
  }
  return range;
}

function atLeast(range: Range, low: number, open: boolean): Range {
  const tighter = low > range.low || (low === range.low && open);
  return tighter ? { ...range, low, lowOpen: open } : range;
}

function atMost(range: Range, high: number, open: boolean): Range {
  const tighter = high < range.high || (high === range.high && open);
  return tighter ? { ...range, high, highOpen: open } : range;
}

/** The smallest range around all of `ranges`. */
export function unionOfRanges(ranges: readonly Range[]): Range {
  const [first, ...others] = ranges;
  if (first === undefined) return EVERYWHERE;
  return others.reduce((a, b) => {
    const low = a.low < b.low || (a.low === b.low && !a.lowOpen) ? a : b;
    const high = a.high > b.high || (a.high === b.high && !a.highOpen) ? a : b;
    return { low: low.low, lowOpen: low.lowOpen, high: high.high, highOpen: high.highOpen };
  }, first);
}

/** What comparing any number of `range` with `limit` gives, `undefined` where it depends on the number. */
export function compareRange(range: Range, operator: string, limit: number): boolean | undefined {
  const { low, lowOpen, high, highOpen } = range;
  const allBelow = high < limit || (high === limit && highOpen);
  const allAbove = low > limit || (low === limit && lowOpen);
  switch (operator) {
    case "<":
      return allBelow ? true : low >= limit ? false : undefined;
    case "<=":
      return high <= limit ? true : allAbove ? false : undefined;
    case ">":
      return allAbove ? true : high <= limit ? false : undefined;
    case ">=":
      return low >= limit ? true : allBelow ? false : undefined;
    case "==":
      return allBelow || allAbove ? false : undefined;
    case "!=":
      return allBelow || allAbove ? true : undefined;
    default:
      return undefined;
  }
}

/** A range in words: `at least 1 and at most 100`. */
export function rangeText({ low, lowOpen, high, highOpen }: Range): string {
  const parts: string[] = [];
  if (low === high) return String(low);
  if (low !== Number.NEGATIVE_INFINITY) parts.push(`${lowOpen ? "more than" : "at least"} ${low}`);
  if (high !== Number.POSITIVE_INFINITY) parts.push(`${highOpen ? "less than" : "at most"} ${high}`);
  return parts.join(" and ");
}
