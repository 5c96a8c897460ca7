import type { Json } from "../core/json.ts";
import { EVERYWHERE, type Range } from "./number-range.ts";

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
