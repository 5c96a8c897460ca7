import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/**
 * Where a tool's `inputSchema` says `integer`. One value may be described by several schemas (`anyOf`,
 * `$ref`, …): it counts as an integer if one of them says `integer` and none says `number`, so that the type follows from
 * the definition alone and never from what the caller sent. JSON Schema 2020-12, validation §6.1.1
 */
export interface SchemaHints {
  readonly integer: boolean;
  /** Numbers beyond ±(2^53-1) may have been others before they were read. */
  readonly rounded?: boolean;
  /** Hints for a member of an object, `undefined` where the schema says nothing. */
  member(key: string): SchemaHints | undefined;
  /** Hints for the items of a list. */
  item(): SchemaHints | undefined;
}

// Schemas come from upstreams: however they refer to themselves, one place of a document reads at most so many.
const MAX_ALTERNATIVES = 32;

/** Reads an `inputSchema`; schemas below it are looked at when a condition first reads there. @throws never */
export function readSchemaHints(inputSchema: Json | undefined): SchemaHints | undefined {
  return isObject(inputSchema) ? new Hints([inputSchema], inputSchema) : undefined;
}

class Hints implements SchemaHints {
  readonly integer: boolean;
  readonly #root: JsonObject;
  readonly #schemas: readonly JsonObject[];
  readonly #members = new Map<string, SchemaHints | undefined>();
  #item: SchemaHints | undefined | null = null;

  constructor(schemas: readonly JsonObject[], root: JsonObject) {
    this.#root = root;
    this.#schemas = flatten(schemas, root);
    const types = this.#schemas.flatMap((schema) => namedTypes(schema["type"]));
    this.integer = types.includes("integer") && !types.includes("number");
  }

  member(key: string): SchemaHints | undefined {
    const known = this.#members.get(key);
    if (known !== undefined) return known;
    const declared = this.#schemas.filter((schema) => ownSchema(schema["properties"], key) !== undefined);
    // Only names that the schema declares are remembered: a caller's own keys must not fill the memory.
    if (declared.length === 0) return this.#additional();
    const hints = this.#below(declared.map((schema) => ownSchema(schema["properties"], key)));
    this.#members.set(key, hints);
    return hints;
  }

  item(): SchemaHints | undefined {
    if (this.#item === null) {
      // A list with positions (`prefixItems`) mixes types; its items stay doubles unless all of them are integers.
      this.#item = this.#below(this.#schemas.flatMap((schema) => [schema["items"], ...listOf(schema["prefixItems"])]));
    }
    return this.#item;
  }

  #additional(): SchemaHints | undefined {
    return this.#below(this.#schemas.map((schema) => schema["additionalProperties"]));
  }

  #below(schemas: readonly (Json | undefined)[]): SchemaHints | undefined {
    const objects = schemas.filter(isObject);
    return objects.length === 0 ? undefined : new Hints(objects, this.#root);
  }
}

function flatten(schemas: readonly JsonObject[], root: JsonObject): readonly JsonObject[] {
  const found = new Set<JsonObject>();
  const waiting: JsonObject[] = [...schemas];
  for (let schema = waiting.pop(); schema !== undefined; schema = waiting.pop()) {
    if (found.has(schema)) continue;
    if (found.size === MAX_ALTERNATIVES) break;
    found.add(schema);
    // Not all at once: an upstream may list more of them than a call can have arguments.
    for (const key of ["anyOf", "oneOf", "allOf"]) {
      for (const branch of listOf(schema[key]).slice(-MAX_ALTERNATIVES)) if (isObject(branch)) waiting.push(branch);
    }
    const referred = resolve(schema["$ref"], root);
    if (isObject(referred)) waiting.push(referred);
  }
  return [...found];
}

// Only references within the document, as `#/$defs/name`: nothing is ever fetched to decide a call.
function resolve(reference: Json | undefined, root: JsonObject): Json | undefined {
  if (typeof reference !== "string" || !reference.startsWith("#/")) return undefined;
  let place: Json | undefined = root;
  for (const step of reference.slice(2).split("/")) {
    place = isObject(place) ? ownValue(place, step.replaceAll("~1", "/").replaceAll("~0", "~")) : undefined;
  }
  return place;
}

function namedTypes(type: Json | undefined): readonly Json[] {
  return Array.isArray(type) ? type : type === undefined ? [] : [type];
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function ownSchema(schemas: Json | undefined, key: string): JsonObject | undefined {
  const schema = isObject(schemas) ? ownValue(schemas, key) : undefined;
  return isObject(schema) ? schema : undefined;
}

function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
