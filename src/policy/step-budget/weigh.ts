import { ExactNumber } from "../../core/exact-number.ts";
import { LimitExceeded } from "./evaluation-failure.ts";

/*
 * Steps for what grows with a value, one step being about 50 ns; the figures were measured with texts and lists that
 * make each operation slow. Powers of two, so that sums are exact.
 */

/** Searching, cutting or joining text, for each character. */
const CHARACTER = 1 / 32;
/** Comparing two texts that are equal up to their ends. */
const COMPARED = 1 / 128;
/** RE2, for each character and each look at an instruction of the pattern's program. */
const MATCHED = 1;
/** Beginning to match takes as long as so many characters. */
const BEGUN = 8;
/** Copying a list. */
const COPIED = 1 / 4;
/** Looking at a value inside a list or an object, when they are compared. */
const SCALAR = 1 / 4;
const CONTAINER = 8;

/** Functions that read a text as something short. A longer one is none of these, and the engine takes long to find out. */
const CONVERSIONS = new Set(["int", "uint", "double", "bool", "duration", "timestamp", "@timestamp"]);
const MAX_CONVERTED = 256;

/** Functions that look at no more of their values than a few bytes. */
const CONSTANT = /^@?get|^(?:type|dyn|at|value|hasValue|or|orValue|none|of)$/;

/**
 * Gives the steps of a function for its receiver and arguments; `undefined` where they are the same for all.
 * `weightOf` gives what a pattern takes for each character.
 */
export function weigherOf(
  name: string,
  weightOf: (pattern: string) => number,
): ((values: readonly unknown[]) => number) | undefined {
  if (CONSTANT.test(name)) return undefined;
  if (CONVERSIONS.has(name)) {
    return (values) => {
      refuseBeyond(name, values);
      return refuseLong(name, values);
    };
  }
  if (name === "string") {
    return (values) => {
      refuseUnwritten(values);
      return weighValues(values);
    };
  }
  if (name === "startsWith" || name === "endsWith") return ([, part]) => sizeOf(part);
  if (name === "join") return ([list]) => (Array.isArray(list) ? weighTexts(list) : 0);
  if (name === "@matches") {
    return ([text, pattern]) =>
      typeof text === "string" && typeof pattern === "string" ? (text.length + BEGUN) * weightOf(pattern) * MATCHED : 0;
  }
  return weighValues;
}

function weighValues(values: readonly unknown[]): number {
  let steps = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value === "string" || value instanceof Uint8Array) steps += value.length * CHARACTER;
  }
  return steps;
}

function refuseLong(name: string, [value]: readonly unknown[]): number {
  if (typeof value !== "string" || value.length <= MAX_CONVERTED) return 0;
  throw new LimitExceeded(`${name.replace("@", "")}() was given a text of more than ${MAX_CONVERTED} characters`);
}

/** How far integers go, beyond which the engine's would be none. */
const ENDS: Readonly<Record<string, number>> = { int: 2 ** 63, uint: 2 ** 64 };

function refuseBeyond(name: string, [value]: readonly unknown[]): void {
  const end = Object.hasOwn(ENDS, name) ? ENDS[name] : undefined;
  if (end === undefined || typeof value !== "number" || Math.abs(value) < end) return;
  throw new LimitExceeded(`${name}() was given a number of more than 64 bits`);
}

// JavaScript writes 12345678901234567168 as 12345678901234567000, which is another number.
function refuseUnwritten([value]: readonly unknown[]): void {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return;
  if (new ExactNumber(String(value)).isDouble) return;
  throw new LimitExceeded("string() was given a number whose digits it does not keep");
}

function weighTexts(list: readonly unknown[]): number {
  let characters = 0;
  for (const item of list) if (typeof item === "string") characters += item.length;
  return list.length * 4 + characters * CHARACTER;
}

/** Steps of an operator that stands between two values. Stops counting above `most`. */
export function weighOperator(op: string, left: unknown, right: unknown, most: number): number {
  switch (op) {
    case "+":
      return sizeOf(left) + sizeOf(right);
    case "in":
      return Array.isArray(right) ? weighSearch(left, right, most) : 0;
    default:
      if (typeof left === "string" && typeof right === "string") return Math.min(left.length, right.length) * COMPARED;
      if (Array.isArray(left) && Array.isArray(right) && left.length !== right.length) return CONTAINER;
      return weigh(left, most) + weigh(right, most);
  }
}

/** Steps to begin walking over a list, or the keys of an object. */
export function weighWalk(value: unknown): number {
  return (Array.isArray(value) ? value.length : value instanceof Map ? value.size : 0) * COPIED;
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length * CHARACTER;
  if (Array.isArray(value)) return value.length * COPIED;
  return value instanceof Uint8Array ? value.length * CHARACTER : 0;
}

// Of a list that is searched for a plain value, what is inside of its items is not looked at.
function weighSearch(sought: unknown, list: readonly unknown[], most: number): number {
  if (typeof sought === "object" && sought !== null) return weigh(list, most);
  return list.length * (typeof sought === "string" ? SCALAR + sought.length * COMPARED : SCALAR);
}

function weigh(value: unknown, most: number): number {
  if (typeof value === "string") return SCALAR + value.length * COMPARED;
  if (typeof value !== "object" || value === null) return SCALAR;
  let steps = CONTAINER;
  if (Array.isArray(value)) {
    for (const item of value) {
      steps += weigh(item, most - steps);
      if (steps > most) break;
    }
  } else if (value instanceof Map) {
    for (const [, member] of value) {
      steps += SCALAR + weigh(member, most - steps);
      if (steps > most) break;
    }
  }
  return steps;
}
