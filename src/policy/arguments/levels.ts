import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { type DeclaredNames, declaredNames, FoldedKeys } from "../../core/keys.ts";
import { besides, namedBy } from "./names.ts";
import type { SchemaPatterns } from "./patterns.ts";
import type { SchemaReferences } from "./references.ts";

const NO_NAMES: DeclaredNames = { names: new Set(), forms: new Set() };

/** How many schemas the levels that are kept of one tool may be made of. */
const MAX_KEPT = 50_000;

/** How many schemas may describe one value: counted before any of them is read, which takes microseconds each. */
export const MAX_OF_ONE_VALUE = 1_000;

/** All that is said about the names of one value's members, by whichever schema and under whatever condition. */
export interface Level extends DeclaredNames {
  readonly schemas: readonly JsonObject[];
  readonly hasPatterns: boolean;
  /** Levels of what is in it, by key or position. */
  readonly below: Map<string | number, Level | undefined>;
}

/**
 * The levels of one tool's arguments. They are made when an argument first reaches them, and kept up to a bound: schemas come
 * from servers, and may lead in circles.
 */
export class NamedLevels {
  readonly root: Level | undefined;
  /** Whether some value is described by more schemas than are read. */
  isBeyond = false;
  /** How many more schemas may be read for this call; below 0 nothing that is found counts. */
  left = 0;
  /** Whether the schemas have names that are too long, or too many, to be compared (`core/keys.ts`). */
  hasEndlessNames = false;
  readonly #keys = new FoldedKeys();
  readonly #references: SchemaReferences;
  readonly #patterns: SchemaPatterns;
  readonly #names = new Map<JsonObject, readonly string[]>();
  readonly #numbers = new Map<JsonObject, number>();
  readonly #known = new Map<string, Level>();
  #kept = 0;
  #everything: JsonObject | undefined;

  /** Of these schemas for the same value, with references within one document. */
  constructor(schemas: readonly JsonObject[], references: SchemaReferences, patterns: SchemaPatterns) {
    this.#references = references;
    this.#patterns = patterns;
    this.left = MAX_OF_ONE_VALUE;
    this.root = this.#level(schemas);
  }

  /** Whether no more may be read for this call. */
  get isSpent(): boolean {
    return this.isBeyond || this.left < 0 || this.#patterns.left < 0;
  }

  /** What is said about the value under this key; `undefined`: nothing. */
  under(level: Level, key: string): Level | undefined {
    // Where no pattern tells them apart, all keys that nobody names are one.
    const known = level.names.has(key) ? `.${key}` : level.hasPatterns ? undefined : "";
    if (known !== undefined && level.below.has(known)) return level.below.get(known);
    const found = level.schemas.flatMap((schema) => this.#under(schema, key));
    return this.#keep(level, known, this.#level(found));
  }

  /** What is said about the item at this position, from 0; `undefined`: nothing. */
  at(level: Level, index: number): Level | undefined {
    const lengths = level.schemas.map(({ items, prefixItems }) =>
      Math.max(Array.isArray(items) ? items.length : 0, Array.isArray(prefixItems) ? prefixItems.length : 0),
    );
    const position = Math.min(index, Math.max(0, ...lengths));
    if (level.below.has(position)) return level.below.get(position);
    return this.#keep(level, position, this.#level(level.schemas.flatMap((schema) => itemsAt(schema, position))));
  }

  #keep(around: Level, known: string | number | undefined, level: Level | undefined): Level | undefined {
    if (known !== undefined && this.left >= 0 && this.#kept <= MAX_KEPT) {
      this.#kept += 1;
      around.below.set(known, level);
    }
    return level;
  }

  #under(schema: JsonObject, key: string): readonly (Json | undefined)[] {
    const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
    const found: (Json | undefined)[] = [];
    if (isObject(properties) && Object.hasOwn(properties, key)) found.push(properties[key]);
    if (isObject(patternProperties)) {
      for (const pattern of Object.keys(patternProperties)) {
        if (this.#patterns.mayFit(key, pattern)) found.push(patternProperties[pattern]);
      }
    }
    return found.length > 0 ? found : [additionalProperties, unevaluatedProperties];
  }

  /** Of these schemas and all that they say besides about the same value. */
  #level(from: readonly (Json | undefined)[]): Level | undefined {
    const schemas = new Set(from.filter(isObject));
    for (const schema of schemas) {
      this.isBeyond ||= schemas.size > MAX_OF_ONE_VALUE;
      if (this.isBeyond || --this.left < 0) return undefined;
      for (const more of besides(schema, this.#references)) if (isObject(more)) schemas.add(more);
      if (!this.#references.referred(schema).all) schemas.add(this.#all());
    }
    if (schemas.size === 0) return undefined;
    const id = Array.from(schemas, (schema) => this.#numberOf(schema))
      .sort((a, b) => a - b)
      .join();
    const before = this.#known.get(id);
    if (before !== undefined) return before;
    const level = this.#make([...schemas]);
    if (this.#kept + schemas.size <= MAX_KEPT) {
      this.#kept += schemas.size;
      this.#known.set(id, level);
    }
    return level;
  }

  #make(schemas: readonly JsonObject[]): Level {
    const declared = declaredNames(
      schemas.flatMap((schema) => this.#namesOf(schema)),
      this.#keys,
    );
    if (declared === undefined) this.hasEndlessNames = true;
    const hasPatterns = schemas.some(({ patternProperties }) => patternProperties !== undefined);
    return { schemas, ...(declared ?? NO_NAMES), hasPatterns, below: new Map() };
  }

  // What cannot be found in the document could be anything that is in it.
  #all(): JsonObject {
    if (this.#everything === undefined) {
      const all: Record<string, Json> = {};
      const names = this.#references.schemas.flatMap((schema) => this.#namesOf(schema));
      const properties = Object.fromEntries(names.map((name) => [name, all]));
      this.#everything = Object.assign(all, { properties, additionalProperties: all, items: all });
    }
    return this.#everything;
  }

  #namesOf(schema: JsonObject): readonly string[] {
    let names = this.#names.get(schema);
    if (names === undefined) {
      names = namedBy(schema, this.#references);
      this.#names.set(schema, names);
    }
    return names;
  }

  #numberOf(schema: JsonObject): number {
    const before = this.#numbers.get(schema);
    if (before !== undefined) return before;
    this.#numbers.set(schema, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

function itemsAt(schema: JsonObject, index: number): readonly (Json | undefined)[] {
  const { items, prefixItems, additionalItems, contains, unevaluatedItems } = schema;
  const found: (Json | undefined)[] = [contains, unevaluatedItems];
  let listed = 0;
  for (const list of [items, prefixItems]) {
    if (!Array.isArray(list)) continue;
    listed = Math.max(listed, list.length);
    found.push(list[index]);
  }
  if (index >= listed) found.push(additionalItems);
  if (index >= listed && !Array.isArray(items)) found.push(items);
  return found;
}
