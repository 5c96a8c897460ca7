import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { LimitExceeded } from "../step-budget/evaluation-failure.ts";

/** Hears of every lost value that a decision asks for. */
export type OnLoss = (path: string) => void;

const WORDS = "is not on record";

/** Thrown where a decision asks for a value that the record of its call does not hold. */
export class NotRecordedError extends LimitExceeded {
  constructor(path: string) {
    super(`${path} ${WORDS}`);
  }
}

/** Whether an evaluation failed because of a lost value. */
export function isForLoss(error: string): boolean {
  return error.endsWith(WORDS);
}

/** Stands in a recorded call's JSON for a value that was lost. Reading it is an error, not reading it costs nothing. */
export class NotRecorded {
  readonly [key: string]: undefined;
  readonly #path: string;
  readonly #onLoss: OnLoss;

  constructor(path: string, onLoss: OnLoss) {
    this.#path = path;
    this.#onLoss = onLoss;
  }

  /** The error of whoever reads it. */
  static read(value: NotRecorded): NotRecordedError {
    value.#onLoss(value.#path);
    return new NotRecordedError(value.#path);
  }
}

/** An object of a recorded call that had more members, or had them under other names: what it lacks may have been there. */
export class Shortened {
  readonly [key: string]: Json | undefined;
  readonly #path: string;
  readonly #onLoss: OnLoss;

  constructor(members: readonly (readonly [string, Json])[], path: string, onLoss: OnLoss) {
    this.#path = path;
    this.#onLoss = onLoss;
    for (const [key, value] of members) Object.defineProperty(this, key, { value, enumerable: true });
  }

  /** The error of whoever asks for a member that is not there; without `key`, for what members there are. */
  static read(object: Shortened, key?: string): NotRecordedError {
    const path = key === undefined ? `what else is in ${object.#path}` : `${object.#path}${step(key)}`;
    object.#onLoss(path);
    return new NotRecordedError(path);
  }
}

// What a copy has where the audit hid or cut something: see `redact` and `scrubText` there.
const MARK = "[redacted]";
const ALTERED = /… \[\d+ characters\]$|^\[list of \d+\]$|^\[object\]$/;
const MORE_ITEMS = /^\[\d+ more\]$/;
const MORE_MEMBERS = "[more]";
/** With the members that a copy keeps this stays below `VALUE_LIMITS.maxItems`. */
const MAX_MORE = 900;

/**
 * A copy of call arguments that the audit redacted, with every value that may have been another one before replaced by
 * one that cannot be read. Texts that a caller wrote like a mark are taken for one. @throws never
 */
export function withLosses(copy: JsonObject, path: string, onLoss: OnLoss): JsonObject {
  const more = copy[MORE_MEMBERS];
  // So many members that no policy could read any of them: that cannot be told from here.
  if (typeof more === "number" && more > MAX_MORE) return new NotRecorded(path, onLoss);
  const members: [string, Json][] = [];
  let shortened = false;
  for (const [key, value] of Object.entries(copy)) {
    if (key === MORE_MEMBERS || isAltered(key)) shortened = true;
    else if (value !== undefined) members.push([key, markLosses(value, `${path}${step(key)}`, onLoss)]);
  }
  return shortened ? new Shortened(members, path, onLoss) : Object.fromEntries(members);
}

function markLosses(value: Json, path: string, onLoss: OnLoss): Json {
  if (typeof value === "string") return isAltered(value) ? new NotRecorded(path, onLoss) : value;
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    const last = items.at(-1);
    if (typeof last === "string" && MORE_ITEMS.test(last)) return new NotRecorded(path, onLoss);
    return items.map((item) => markLosses(item, `${path}[]`, onLoss));
  }
  return isObject(value) ? withLosses(value, path, onLoss) : value;
}

function isAltered(text: string): boolean {
  return text.includes(MARK) || ALTERED.test(text);
}

// Names come from callers: odd ones stay out of what is printed.
function step(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) ? `.${key}` : "[…]";
}
