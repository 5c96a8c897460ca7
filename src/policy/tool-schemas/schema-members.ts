import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/** The names of members that one schema speaks of. */
export interface SchemaMembers {
  readonly properties: readonly string[];
  readonly required: ReadonlySet<Json>;
  readonly patterns: readonly (readonly [pattern: string, schema: Json | undefined])[];
}

const read = new WeakMap<JsonObject, SchemaMembers>();

/** Reads them once for each schema: there may be a hundred thousand, and each policy asks. @throws never */
export function schemaMembers(schema: JsonObject): SchemaMembers {
  const known = read.get(schema);
  if (known !== undefined) return known;
  const { properties, required, patternProperties } = schema;
  const names = {
    properties: isObject(properties) ? Object.keys(properties) : [],
    required: new Set(Array.isArray(required) ? required : []),
    patterns: isObject(patternProperties) ? Object.entries(patternProperties) : [],
  };
  read.set(schema, names);
  return names;
}
