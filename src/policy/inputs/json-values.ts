import { ExactNumber } from "../../core/exact-number.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { SchemaHints } from "./input-schema.ts";
import { NotRecorded, NotRecordedError, Shortened } from "./recorded-values.ts";

/** What a condition may read of one JSON value. Beyond it, reading is an evaluation error; not reading costs nothing. */
export const VALUE_LIMITS = {
  /** Objects and lists around a value, the outermost not counted. */
  maxDepth: 8,
  /** Items of a list, members of an object: what a comprehension can be made to walk. */
  maxItems: 1000,
  /** Values in one list with all lists inside it. */
  maxListValues: 10_000,
  /** UTF-16 units. */
  maxTextLength: 1_048_576,
} as const;

/** Stands where a value may not be read. The engine knows none of these classes, and so every use of one is an error. */
export class NestedTooDeep {}
export class TooManyItems {}
export class TextTooLong {}
export class UnsafeNumber {}
export class InexactNumber {}
/** Stands where a schema has several defaults for one value: which of them counts nobody can tell. */
export class AmbiguousDefault {
  readonly [key: string]: undefined;
}

/** Where a map is walked whole and a lost value is met: neither the engine nor a template can do anything with it. */
const LOST = Symbol("lost");

/**
 * A JSON object as CEL sees it: only its own keys, never a prototype's; each member converted when it is first read.
 * Keys come in their own order, not in the one of the text: calls with equal arguments are decided alike.
 *
 * The engine keeps a type for every nested shape it meets, for ever, and it learns the shape from the first of a map's
 * `entries()`. These are therefore always empty: to the engine every JSON object is `map<dyn, dyn>`, and random
 * arguments cannot grow its memory. All other ways of reading a map are whole.
 */
export class JsonMap extends Map<string, unknown> {
  readonly #source: JsonObject;
  readonly #depth: number;
  readonly #hints: SchemaHints | undefined;
  #keys: readonly string[] | undefined;

  constructor(source: JsonObject, depth: number, hints: SchemaHints | undefined) {
    super();
    this.#source = source;
    this.#depth = depth;
    this.#hints = hints;
  }

  #ownKeys(): readonly string[] {
    if (this.#source instanceof Shortened) throw Shortened.read(this.#source);
    return this.#knownKeys();
  }

  #knownKeys(): readonly string[] {
    this.#keys ??= Object.keys(this.#source)
      .filter((key) => this.#source[key] !== undefined)
      .sort();
    return this.#keys;
  }

  override get(key: string): unknown {
    if (typeof key !== "string") return undefined;
    // Thousands of conditions may read the same member of one call.
    const known = super.get(key);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#source, key)) {
      if (this.#source instanceof Shortened) throw Shortened.read(this.#source, key);
      return undefined;
    }
    const bound = bindJson(this.#source[key], this.#depth + 1, this.#hints?.member(key));
    super.set(key, bound);
    return bound;
  }

  override has(key: string): boolean {
    return typeof key === "string" && Object.hasOwn(this.#source, key) && this.#source[key] !== undefined;
  }

  override get size(): number {
    return this.#ownKeys().length;
  }

  override keys(): MapIterator<string> {
    return this.#ownKeys().values();
  }

  override entries(): MapIterator<[string, unknown]> {
    return NO_ENTRIES.values();
  }

  override *[Symbol.iterator](): MapIterator<[string, unknown]> {
    for (const key of this.#knownKeys()) yield [key, this.#getOrLost(key)];
  }

  #getOrLost(key: string): unknown {
    try {
      return this.get(key);
    } catch (err) {
      if (err instanceof NotRecordedError) return LOST;
      throw err;
    }
  }
}

const NO_ENTRIES: readonly [string, unknown][] = [];

// The engine tells types apart by constructor, and knows `Map` but no class derived from it.
Object.defineProperty(JsonMap.prototype, "constructor", { value: Map });

/** Of JSON whose reader kept no digits, such as that of tokens. */
export const ROUNDED: SchemaHints = {
  integer: false,
  rounded: true,
  member: () => ROUNDED,
  item: () => ROUNDED,
};

/**
 * Binds a JSON value for conditions: objects as maps, numbers as doubles (integers only where `hints` says so, because a
 * caller must not be able to pick a type), and a marker class where a limit is passed or a number is none that can be
 * calculated with. @throws NotRecordedError for a
 * value that was lost
 */
export function bindJson(value: Json | undefined, depth: number, hints: SchemaHints | undefined): unknown {
  return bind(value, depth, hints, { left: VALUE_LIMITS.maxListValues });
}

function bind(
  value: Json | undefined,
  depth: number,
  hints: SchemaHints | undefined,
  budget: { left: number },
): unknown {
  if (Array.isArray(value)) {
    if (depth > VALUE_LIMITS.maxDepth) return new NestedTooDeep();
    budget.left -= value.length;
    if (value.length > VALUE_LIMITS.maxItems || budget.left < 0) return new TooManyItems();
    const itemHints = hints?.item();
    const items: unknown[] = [];
    for (const item of value) {
      const bound = bind(item, depth + 1, itemHints, budget);
      if (budget.left < 0) return new TooManyItems();
      items.push(bound);
    }
    return items;
  }
  if (value instanceof NotRecorded) throw NotRecorded.read(value);
  if (value instanceof AmbiguousDefault) return value;
  if (isObject(value)) {
    if (depth > VALUE_LIMITS.maxDepth) return new NestedTooDeep();
    if (hasMoreKeysThan(value, VALUE_LIMITS.maxItems)) return new TooManyItems();
    return new JsonMap(value, depth, hints);
  }
  return bindScalar(value, hints);
}

function bindScalar(value: unknown, hints: SchemaHints | undefined): unknown {
  // What JavaScript cannot calculate with is for no condition to decide on.
  if (value instanceof ExactNumber) return value.isDouble ? bindNumber(value.nearest, hints) : new InexactNumber();
  if (typeof value === "number") {
    if (value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER) return bindNumber(value, hints);
    // Nobody knows which number it was before it was rounded.
    if (!Number.isFinite(value) || hints?.rounded === true) return new UnsafeNumber();
    return new ExactNumber(String(value)).isDouble ? bindNumber(value, hints) : new InexactNumber();
  }
  if (typeof value === "string" && value.length > VALUE_LIMITS.maxTextLength) return new TextTooLong();
  return value;
}

/** The engine's integers have 64 bits: a greater one is a double. */
const INTEGERS_END = 2 ** 63;

function bindNumber(value: number, hints: SchemaHints | undefined): number | bigint {
  if (hints?.integer === true && Number.isInteger(value) && value < INTEGERS_END && value >= -INTEGERS_END) {
    return BigInt(value);
  }
  // JSON writes -0 as 0, to the upstream and to the audit: what is decided is what they get.
  return value === 0 ? 0 : value;
}

function hasMoreKeysThan(value: JsonObject, limit: number): boolean {
  let count = 0;
  for (const key in value) if (Object.hasOwn(value, key) && ++count > limit) return true;
  return false;
}
