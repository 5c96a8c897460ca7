import type { Json } from "../core/json.ts";
import { EVERYWHERE, type Range, unionOfRanges } from "./number-range.ts";

/** Which values something can have, as far as that is known before there is a call. */
export interface Domain {
  /** All of them; `undefined` where others are possible. */
  readonly values: readonly Json[] | undefined;
  /** Of its numbers. */
  readonly range: Range;
  /** `false` for a text that it never is. */
  allows(text: string): boolean;
  /** What an author is told of what it can be, in place of a list of `values`. */
  readonly says: string | undefined;
  /** Of an object: all names of members that it can have. */
  readonly keys: readonly string[] | undefined;
}

/** Anything at all. */
export const ANYTHING: Domain = {
  values: undefined,
  range: EVERYWHERE,
  allows: () => true,
  says: undefined,
  keys: undefined,
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
export function canBeValue({ values, allows }: Domain, literal: Json): boolean {
  if (values !== undefined) return values.some((value) => value === literal);
  return typeof literal !== "string" || allows(literal);
}

/** What one of several things can be, of which nobody knows which one it is. */
export function eitherOf(domains: readonly Domain[]): Domain {
  const listed = domains.map(({ values }) => values);
  const values = listed.every((it) => it !== undefined) ? [...new Set(listed.flat())] : undefined;
  const ranges = domains.map((it) => rangeOfNumbers(it));
  const says = new Set(domains.map((it) => it.says));
  return {
    ...ANYTHING,
    values,
    range: unionOfRanges(ranges.filter((it) => it !== undefined)),
    allows: (text) => domains.some((it) => canBeValue(it, text)),
    says: says.size === 1 ? domains[0]?.says : undefined,
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

/** What the sum, the difference or the product of two things can be; of texts what they are joined. */
export function domainOfSum(operator: string, left: Domain, right: Domain): Domain {
  if (left.values !== undefined && right.values !== undefined) {
    if (left.values.length * right.values.length > MAX_SUMS) return ANYTHING;
    const sums = left.values.flatMap((a) => right.values?.map((b) => combined(operator, a, b)));
    const known = sums.filter((it) => it !== undefined);
    return known.length < sums.length ? ANYTHING : { ...ANYTHING, values: [...new Set(known)] };
  }
  const [a, b] = [rangeOfNumbers(left), rangeOfNumbers(right)];
  if (a === undefined || b === undefined || (operator !== "+" && operator !== "-")) return ANYTHING;
  const [low, high] = operator === "+" ? [a.low + b.low, a.high + b.high] : [a.low - b.high, a.high - b.low];
  // Beyond these the engine's numbers are no longer exact.
  return between(
    low >= Number.MIN_SAFE_INTEGER ? low : Number.NEGATIVE_INFINITY,
    high <= Number.MAX_SAFE_INTEGER ? high : Number.POSITIVE_INFINITY,
  );
}

function combined(operator: string, a: Json, b: Json): Json | undefined {
  if (typeof a === "string" && typeof b === "string") return operator === "+" ? a + b : undefined;
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  const sum = operator === "+" ? a + b : operator === "-" ? a - b : operator === "*" ? a * b : undefined;
  return sum !== undefined && Math.abs(sum) <= Number.MAX_SAFE_INTEGER ? sum : undefined;
}
