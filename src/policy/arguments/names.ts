import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { SchemaReferences } from "./references.ts";

const LITERAL = /^\^\(?(?:\?:)?([\w|-]+)\)?\$$/;

/** Names of members that a schema itself mentions, by whatever keyword: none of them forbids anything here. */
export function namedBy(schema: JsonObject, references: SchemaReferences): readonly string[] {
  const { properties, required, dependentRequired, dependentSchemas, dependencies, patternProperties } = schema;
  const { propertyNames, enum: among, const: constant } = schema;
  const literal = keysOf(patternProperties).map((pattern) => LITERAL.exec(pattern)?.[1]?.split("|") ?? []);
  const names = [
    ...[properties, dependentRequired, dependentSchemas, dependencies].map(keysOf),
    ...[required, ...[dependentRequired, dependencies].flatMap(valuesOf)].map(textsOf),
    isObject(propertyNames) ? allowedNames(propertyNames, references) : [],
    ...literal,
    ...[constant, ...(Array.isArray(among) ? among : [])].map(keysOf),
  ].flat();
  return names;
}

/** Everything else that a schema says about the same value, be it under a condition. */
export function besides(schema: JsonObject, references: SchemaReferences): readonly (Json | undefined)[] {
  const { allOf, anyOf, oneOf, if: condition, then, else: otherwise, not, dependentSchemas, dependencies } = schema;
  const found = [
    [condition, then, otherwise, not],
    ...[allOf, anyOf, oneOf].map((list) => (Array.isArray(list) ? list : [])),
    ...[dependentSchemas, dependencies].map(valuesOf),
    references.referred(schema).targets,
  ];
  return found.flat();
}

/** What `propertyNames` allows by name, directly, behind a reference or as one of several. */
function allowedNames(root: JsonObject, references: SchemaReferences): readonly string[] {
  const seen = new Set([root]);
  for (const schema of seen) {
    if (!references.spend(1)) return [];
    const { allOf, anyOf, oneOf } = schema;
    const lists = [allOf, anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
    for (const next of [...lists, ...references.referred(schema).targets]) if (isObject(next)) seen.add(next);
  }
  return Array.from(seen).flatMap(({ enum: among, const: constant }) => textsOf([among, constant].flat()));
}

function keysOf(value: Json | undefined): readonly string[] {
  return isObject(value) ? Object.keys(value) : [];
}

function valuesOf(value: Json | undefined): readonly (Json | undefined)[] {
  return isObject(value) ? Object.values(value) : [];
}

function textsOf(value: Json | undefined | readonly (Json | undefined)[]): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
