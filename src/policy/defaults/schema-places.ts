import { canonicalJson, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { besides } from "../arguments/names.ts";
import { SchemaPatterns } from "../arguments/patterns.ts";
import { SchemaReferences } from "../arguments/references.ts";

/** What a schema puts where a value is left out. */
export interface PlaceDefault {
  readonly value: Json;
  /** Whether it is there whatever else the call says: no choice, condition or pattern stands before it. */
  readonly certain: boolean;
}

// Schemas come from upstreams: however they refer to themselves, one value reads at most so many, and one list so many places.
const MAX_SCHEMAS = 256;
const MAX_POSITIONS = 1000;
const MAX_PATTERN_STEPS = 1_000_000;

/** Schemas that say something of one value, each with whether it holds in any case. */
type Said = ReadonlyMap<JsonObject, boolean>;

interface Document {
  readonly references: SchemaReferences;
  readonly patterns: SchemaPatterns;
  /** Of what leads to itself there is one place. */
  readonly known: Map<string, SchemaPlace>;
  readonly numbers: Map<JsonObject, number>;
}

/**
 * One value of a tool's arguments with all that its schemas may say of it: by references, in all of several, in one of several, under a
 * condition, as one of the members that have no name. What a validator fills in depends on the validator: all of it counts.
 */
export class SchemaPlace {
  readonly #schemas: Said;
  readonly #document: Document;
  readonly #members = new Map<string, SchemaPlace | undefined>();
  #others: SchemaPlace | undefined | null = null;
  #item: SchemaPlace | undefined | null = null;

  private constructor(from: Said, document: Document) {
    this.#document = document;
    this.#schemas = closure(from, document.references);
  }

  /** The arguments as a whole. @throws never */
  static ofArguments(inputSchema: JsonObject): SchemaPlace {
    const references = new SchemaReferences(inputSchema);
    const document: Document = { references, patterns: new SchemaPatterns(), known: new Map(), numbers: new Map() };
    document.patterns.left = MAX_PATTERN_STEPS;
    return new SchemaPlace(new Map([[inputSchema, true]]), document);
  }

  /** What it is where a call leaves it out: at most two that differ. A default of null says that there need be nothing. */
  get defaults(): readonly PlaceDefault[] {
    const found = new Map<string, PlaceDefault>();
    for (const [{ default: value }, certain] of this.#schemas) {
      if (value === undefined || value === null || found.size === 2) continue;
      const key = canonicalJson(value);
      if (!found.has(key)) found.set(key, { value, certain });
    }
    return [...found.values()];
  }

  /** The members that the schemas name. */
  names(): readonly string[] {
    return [...new Set(this.#each(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])))];
  }

  /** A member of an object. */
  member(name: string): SchemaPlace | undefined {
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    const place = this.#below((schema) => this.#ofMember(schema, name));
    this.#members.set(name, place);
    return place;
  }

  /** Any member that the schemas do not name. */
  others(): SchemaPlace | undefined {
    if (this.#others !== null) return this.#others;
    this.#others = this.#below(({ patternProperties, additionalProperties, unevaluatedProperties }) => [
      ...(isObject(patternProperties) ? maybe(Object.values(patternProperties)) : []),
      ...maybe([additionalProperties, unevaluatedProperties]),
    ]);
    return this.#others;
  }

  /** Any item of a list. */
  item(): SchemaPlace | undefined {
    if (this.#item !== null) return this.#item;
    this.#item = this.#below(({ items, prefixItems, additionalItems, contains, unevaluatedItems }) => [
      ...(Array.isArray(items) || prefixItems !== undefined ? maybe([items].flat()) : [[items, true] as const]),
      ...maybe([prefixItems].flat()),
      ...maybe([additionalItems, contains, unevaluatedItems]),
    ]);
    return this.#item;
  }

  /** What stands at the beginning of a list where a call leaves it shorter. */
  positions(): readonly (SchemaPlace | undefined)[] {
    const lists = [...this.#schemas.keys()]
      .flatMap(({ items, prefixItems }) => [items, prefixItems])
      .filter(Array.isArray);
    const length = Math.min(Math.max(0, ...lists.map((list) => list.length)), MAX_POSITIONS);
    return Array.from({ length }, (_, at) =>
      this.#below(({ items, prefixItems }) =>
        [items, prefixItems].flatMap((list) => (Array.isArray(list) ? [[list[at], true] as const] : [])),
      ),
    );
  }

  #ofMember(schema: JsonObject, name: string): readonly Part[] {
    const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
    const found: Part[] = [];
    if (isObject(properties) && Object.hasOwn(properties, name)) found.push([properties[name], true]);
    for (const [pattern, below] of isObject(patternProperties) ? Object.entries(patternProperties) : [])
      if (this.#document.patterns.mayFit(name, pattern)) found.push([below, false]);
    return found.length > 0 ? found : maybe([additionalProperties, unevaluatedProperties]);
  }

  #each<T>(read: (schema: JsonObject) => readonly T[]): readonly T[] {
    return [...this.#schemas.keys()].flatMap(read);
  }

  #below(read: (schema: JsonObject) => readonly Part[]): SchemaPlace | undefined {
    const said = new Map<JsonObject, boolean>();
    for (const [schema, certain] of this.#schemas) {
      for (const [part, always] of read(schema)) {
        if (isObject(part)) said.set(part, (certain && always) || said.get(part) === true);
      }
    }
    if (said.size === 0) return undefined;
    const { known, numbers } = this.#document;
    const key = Array.from(said, ([schema, certain]) => `${numberOf(schema, numbers)}${certain ? "" : "?"}`).join();
    const place = known.get(key) ?? new SchemaPlace(said, this.#document);
    known.set(key, place);
    return place;
  }
}

function numberOf(schema: JsonObject, numbers: Map<JsonObject, number>): number {
  const number = numbers.get(schema) ?? numbers.size;
  numbers.set(schema, number);
  return number;
}

type Part = readonly [schema: Json | undefined, certain: boolean];

function maybe(schemas: readonly (Json | undefined)[]): readonly Part[] {
  return schemas.map((schema) => [schema, false]);
}

/** These schemas and all that they say besides of the same value; first what holds in any case, so that it is known as such. */
function closure(from: Said, references: SchemaReferences): Said {
  const found = new Map<JsonObject, boolean>();
  const follow = (start: Iterable<JsonObject>, certain: boolean): void => {
    const open = new Set(start);
    for (const schema of open) {
      if (found.has(schema)) continue;
      if (found.size === MAX_SCHEMAS) return;
      found.set(schema, certain);
      const { allOf } = schema;
      const all: readonly Json[] = Array.isArray(allOf) ? allOf : [];
      const next = certain ? [...references.referred(schema).certain, ...all] : besides(schema, references);
      // Not all at once: an upstream may list more of them than anything can have use for.
      for (const more of next.slice(0, MAX_SCHEMAS)) if (isObject(more)) open.add(more);
    }
  };
  follow(
    [...from].flatMap(([schema, certain]) => (certain ? [schema] : [])),
    true,
  );
  const sure = [...found.keys()];
  const others = [...from.keys(), ...sure.flatMap((schema) => besides(schema, references).slice(0, MAX_SCHEMAS))];
  follow(others.filter(isObject), false);
  return found;
}
