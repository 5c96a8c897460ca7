import { canonicalJson, type Json, type JsonObject } from "../../core/json.ts";
import type { Alternative } from "./schema-alternatives.ts";

/** What a JSON value can be. */
export type JsonKind = "null" | "boolean" | "number" | "string" | "array" | "object";

const KINDS: Readonly<Record<string, JsonKind>> = {
  null: "null",
  boolean: "boolean",
  number: "number",
  integer: "number",
  string: "string",
  array: "array",
  object: "object",
};

const known = new WeakMap<Alternative, ReadonlySet<JsonKind> | "any">();

/** What the values of an alternative can be, read once; `undefined`: anything. */
export function kindsOf(alternative: Alternative): ReadonlySet<JsonKind> | undefined {
  const read = known.get(alternative) ?? readKinds(alternative) ?? "any";
  known.set(alternative, read);
  return read === "any" ? undefined : read;
}

function readKinds({ schemas }: Alternative): ReadonlySet<JsonKind> | undefined {
  let kinds: ReadonlySet<JsonKind> | undefined;
  for (const schema of schemas) {
    const { type } = schema;
    // Not JSON Schema but OpenAPI's, from which many tools are made: null is meant to be possible there.
    const nullable = schema["nullable"] === true ? ["null"] : [];
    const types: readonly Json[] = typeof type === "string" ? [type] : Array.isArray(type) ? type : [];
    const named = types.length === 0 ? [] : [...types, ...nullable];
    const values = valuesOf(schema)?.map(kindOf);
    const read = named.flatMap((name) =>
      typeof name === "string" && Object.hasOwn(KINDS, name) ? (KINDS[name] ?? []) : [],
    );
    // A type that JSON Schema does not have says nothing that can be relied on.
    for (const set of [read.length < named.length || named.length === 0 ? undefined : read, values]) {
      if (set !== undefined) kinds = new Set(set.filter((kind) => kinds === undefined || kinds.has(kind)));
    }
  }
  return kinds;
}

function kindOf(value: Json): JsonKind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "object" || type === "string" || type === "number" ? type : "boolean";
}

/** What the values of one of several can be; `undefined`: anything. */
export function unionOf(all: readonly (ReadonlySet<JsonKind> | undefined)[]): ReadonlySet<JsonKind> | undefined {
  const union = new Set<JsonKind>();
  for (const kinds of all) {
    if (kinds === undefined) return undefined;
    for (const kind of kinds) union.add(kind);
  }
  return union;
}

function valuesOf(schema: JsonObject): readonly Json[] | undefined {
  const { const: only, enum: listed, nullable } = schema;
  if (only !== undefined) return [only];
  return Array.isArray(listed) ? [...listed, ...(nullable === true ? [null] : [])] : undefined;
}

/** The only values that are possible, of `enum` and `const`; `undefined` where others are. */
export function valuesOfAll(alternatives: readonly Alternative[]): readonly Json[] | undefined {
  const all = new Map<string, Json>();
  for (const { schemas } of alternatives) {
    let values: readonly Json[] | undefined;
    for (const schema of schemas) {
      const own = valuesOf(schema);
      if (own === undefined) continue;
      const texts = new Set(own.map(canonicalJson));
      values = (values ?? own).filter((value) => texts.has(canonicalJson(value)));
    }
    if (values === undefined) return undefined;
    for (const value of values) all.set(canonicalJson(value), value);
  }
  return [...all.values()];
}
