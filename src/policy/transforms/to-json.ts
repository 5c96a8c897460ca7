import { numberOfInteger } from "../../core/exact-number.ts";
import type { Json } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";

/** Characters of names and texts that the transformations of one request may write, as long as the longest body of a client by default. */
export const MAX_WRITTEN_CHARS = 4 * 1024 * 1024;

/** What may still be written for one request. */
export interface WriteBudget {
  values: number;
  chars: number;
}

/** What the transformations of one request may write: no more than a client could send. */
export function writeBudget(): WriteBudget {
  return { values: JSON_LIMITS.maxCount, chars: MAX_WRITTEN_CHARS };
}

/** Why a value has no JSON form, without anything of it. */
export class NoJson extends Error {}

/**
 * The value of an expression as JSON, exactly: integers keep their digits, a number that is none is refused, times are
 * RFC 3339. @throws NoJson for what has no JSON form, and for what is beyond the budget
 */
export function toJson(value: unknown, budget: WriteBudget, depth: number = JSON_LIMITS.maxDepth): Json {
  budget.values -= 1;
  if (budget.values < 0) throw new NoJson("it is more than a request may hold");
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return textOf(value, budget);
    case "bigint":
      return numberOfInteger(value);
    case "number":
      if (!Number.isFinite(value)) throw new NoJson("it is a number that JSON does not have");
      return value === 0 ? 0 : value;
    case "object":
      break;
    default:
      throw new NoJson("it has no JSON form");
  }
  if (value === null) return null;
  if (value instanceof Date) return textOf(timeText(value), budget);
  if (depth === 0) throw new NoJson("it is nested too deeply");
  if (Array.isArray(value)) return value.map((item: unknown) => toJson(item, budget, depth - 1));
  const members = value instanceof Map ? value : plainMembers(value);
  if (members === undefined) throw new NoJson("it has no JSON form");
  const object: Record<string, Json> = {};
  for (const [key, member] of members) {
    if (typeof key !== "string" || key === "__proto__") throw new NoJson("a key of it is no name");
    object[textOf(key, budget)] = toJson(member, budget, depth - 1);
  }
  return object;
}

// Other objects are values of the engine's own, and marks of what may not be read.
function plainMembers(value: object): Iterable<readonly [unknown, unknown]> | undefined {
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === Object.prototype || proto === null) return Object.entries(value);
  const unsigned = Object.prototype.toString.call(value);
  if (unsigned.startsWith("[object value = ")) throw new NoJson("it is an unsigned number: write int(…) around it");
  return undefined;
}

function textOf(text: string, budget: WriteBudget): string {
  budget.chars -= text.length;
  if (budget.chars < 0) throw new NoJson("it is more than a request may hold");
  if (!text.isWellFormed()) throw new NoJson("a text of it is no Unicode");
  return text;
}

function timeText(time: Date): string {
  if (Number.isNaN(time.getTime())) throw new NoJson("it is no time");
  return time.toISOString();
}
