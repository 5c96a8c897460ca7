import { isObject, type Json } from "../../core/json.ts";

/** The dialects that are validated by; a schema that names none is in the first. */
export type SchemaDialect = "2020-12" | "draft-07";

/** What of a foreign schema is validated by, or as the end of a sentence why nothing is. */
export type SchemaCopy =
  | {
      readonly ok: true;
      readonly schema: Json;
      readonly dialect: SchemaDialect;
      /** Schemas, and values in them. */
      readonly size: number;
    }
  | { readonly ok: false; readonly reason: string };

/**
 * What a foreign schema may be: compiling takes up to 0.5 ms for each schema in it, and nothing for a value in `enum`, `const` or
 * `required`.
 */
const SCHEMA_LIMITS = { maxSchemas: 500, maxValues: 5_000, maxDepth: 48 } as const;

/** In each schema of a copy: what it costs to hold one value against it. No foreign schema brings it along. */
export const COST = "x-cost";

const DIALECTS: ReadonlyMap<Json | undefined, SchemaDialect> = new Map([
  [undefined, "2020-12"],
  ["https://json-schema.org/draft/2020-12/schema", "2020-12"],
  ["https://json-schema.org/draft/2020-12/schema#", "2020-12"],
  ["http://json-schema.org/draft-07/schema", "draft-07"],
  ["http://json-schema.org/draft-07/schema#", "draft-07"],
  ["https://json-schema.org/draft-07/schema", "draft-07"],
  ["https://json-schema.org/draft-07/schema#", "draft-07"],
]);

/** Keywords whose value is a schema, a list of them, or names with one each; and those whose value is looked at as it is. */
const ONE = ["additionalProperties", "unevaluatedProperties", "additionalItems", "unevaluatedItems", "contains"];
const MORE_OF_ONE = ["propertyNames", "not", "if", "then", "else"];
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const PLAIN = [
  ...["type", "enum", "const", "required", "dependentRequired", "pattern", "multipleOf", "uniqueItems"],
  ...["maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "maxItems", "minItems"],
  ...["maxContains", "minContains", "maxProperties", "minProperties", "$ref", "$anchor"],
];
const KINDS: ReadonlyMap<string, "one" | "list" | "named" | "plain" | "items" | "dependencies"> = new Map([
  ...[...ONE, ...MORE_OF_ONE].map((name) => [name, "one"] as const),
  ...LISTS.map((name) => [name, "list"] as const),
  ...NAMED.map((name) => [name, "named"] as const),
  ...PLAIN.map((name) => [name, "plain"] as const),
  ["items", "items"],
  ["dependencies", "dependencies"],
]);

/** What would move what references mean, or let a schema depend on who refers to it: nobody's tools need it. */
const REFUSED: ReadonlySet<string> = new Set(["$id", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary"]);

/**
 * Copies what decides whether a value is valid, and nothing else, so that no other keyword of the library can be used from
 * outside. References lead to schemas of the copy alone. @throws never
 */
export function copySchema(schema: Json | undefined): SchemaCopy {
  if (!isObject(schema)) return { ok: false, reason: "it is no JSON object" };
  const dialect = DIALECTS.get(schema["$schema"]);
  if (dialect === undefined) return { ok: false, reason: "it is in a dialect that is not known here" };
  const { $id: _, $schema: __, ...root } = schema;
  const copier = new Copier(dialect);
  try {
    const copy = copier.copy(root, "", SCHEMA_LIMITS.maxDepth);
    copier.checkReferences();
    return { ok: true, schema: copy, dialect, size: copier.size };
  } catch (error) {
    if (error instanceof UnusableSchema) return { ok: false, reason: error.message };
    throw error;
  }
}

class UnusableSchema extends Error {}

class Copier {
  #schemas = 0;
  #values = 0;
  readonly #places = new Set<string>();
  readonly #references = new Set<string>();
  readonly #dialect: SchemaDialect;

  constructor(dialect: SchemaDialect) {
    this.#dialect = dialect;
  }

  copy(schema: Json | undefined, place: string, depthLeft: number): Json {
    checkDepth(depthLeft);
    this.#schemas += 1;
    if (this.#schemas > SCHEMA_LIMITS.maxSchemas) throw new UnusableSchema("it is too large");
    this.#places.add(place);
    if (typeof schema === "boolean") return schema;
    if (!isObject(schema)) throw new UnusableSchema("a schema in it is none");
    const copy: Record<string, Json> = {};
    let cost = 1;
    for (const [name, value] of Object.entries(schema)) {
      if (REFUSED.has(name)) throw new UnusableSchema(`it uses ${name}`);
      const kind = KINDS.get(name);
      if (kind === undefined || value === undefined) continue;
      const below = `${place}/${name}`;
      const before = this.#values;
      copy[name] = this.#member(kind, value, below, depthLeft - 1);
      // Of schemas below only how many there are at once: what they cost, they say themselves.
      cost += kind === "plain" ? 1 + this.#values - before : 1 + lengthOf(value);
      if (name === "$ref" && typeof value === "string") this.#references.add(value);
      if (name === "$anchor" && typeof value === "string") this.#places.add(value);
    }
    if (copy["contains"] !== undefined && this.#needsOne(copy)) copy["minItems"] = atLeastOne(copy["minItems"]);
    copy[COST] = cost;
    return copy;
  }

  /** Schemas, and values in them. */
  get size(): number {
    return this.#schemas + this.#values;
  }

  /** @throws UnusableSchema for a reference that leads elsewhere */
  checkReferences(): void {
    for (const reference of this.#references) {
      if (!reference.startsWith("#"))
        throw new UnusableSchema("it refers to a schema elsewhere, which is never fetched");
      if (!this.#places.has(decoded(reference.slice(1))))
        throw new UnusableSchema("it refers to a schema that is not in it");
    }
  }

  // Of an empty list that comes after others the library takes for granted what was true of the last one, where contains
  // alone would refuse it.
  #needsOne({ minContains }: Readonly<Record<string, Json>>): boolean {
    return this.#dialect === "draft-07" || minContains !== 0;
  }

  #member(kind: NonNullable<ReturnType<typeof KINDS.get>>, value: Json, place: string, depthLeft: number): Json {
    switch (kind) {
      case "plain":
        return this.#plain(value, depthLeft);
      case "one":
        return this.copy(value, place, depthLeft);
      case "items":
        return Array.isArray(value) ? this.#list(value, place, depthLeft) : this.copy(value, place, depthLeft);
      case "list":
        return this.#list(value, place, depthLeft);
      case "named":
        return this.#named(value, place, depthLeft, (each, below) => this.copy(each, below, depthLeft));
      case "dependencies":
        return this.#named(value, place, depthLeft, (each, below) =>
          Array.isArray(each) ? this.#plain(each, depthLeft) : this.copy(each, below, depthLeft),
        );
      default:
        return kind satisfies never;
    }
  }

  #list(value: Json, place: string, depthLeft: number): Json {
    if (!Array.isArray(value)) throw new UnusableSchema("a list of schemas in it is none");
    return (value as readonly Json[]).map((each, index) => this.copy(each, `${place}/${index}`, depthLeft));
  }

  #named(value: Json, place: string, depthLeft: number, copy: (each: Json | undefined, below: string) => Json): Json {
    checkDepth(depthLeft);
    if (!isObject(value)) throw new UnusableSchema("names with schemas in it are none");
    const copies: Record<string, Json> = {};
    for (const [name, each] of Object.entries(value)) {
      if (name === "__proto__") throw new UnusableSchema("it names __proto__");
      copies[name] = copy(each, `${place}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    }
    return copies;
  }

  #plain(value: Json, depthLeft: number): Json {
    checkDepth(depthLeft);
    this.#values += 1;
    if (this.#values > SCHEMA_LIMITS.maxValues) throw new UnusableSchema("it is too large");
    if (Array.isArray(value)) return (value as readonly Json[]).map((each) => this.#plain(each, depthLeft - 1));
    if (!isObject(value)) return value;
    return this.#named(value, "", depthLeft, (each) => this.#plain(each ?? null, depthLeft - 1));
  }
}

/** A `minItems` that has no empty list; what is none stays as it is, and is refused. */
function atLeastOne(minItems: Json | undefined): Json {
  return minItems === undefined || minItems === 0 ? 1 : minItems;
}

function checkDepth(depthLeft: number): void {
  if (depthLeft <= 0) throw new UnusableSchema("it is nested too deeply");
}

function lengthOf(value: Json): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    // No place is called so.
    return fragment;
  }
}
