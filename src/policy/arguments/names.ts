import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { SchemaReferences } from "./references.ts";

const LITERAL = /^\^\(?(?:\?:)?([\w|-]+)\)?\$$/;

/*
 * Both look only at the keywords that a schema has: most have two or three of twenty, and a server may list thousands of
 * schemas for one value.
 */

/** Names of members that a schema itself names, by whatever keyword: none of them forbids anything here. */
export function namedBy(schema: JsonObject, references: SchemaReferences): readonly string[] {
  let names: string[] | undefined;
  const add = (more: readonly string[]): void => {
    if (more.length > 0) names = names === undefined ? [...more] : names.concat(more);
  };
  for (const keyword in schema) {
    const value = schema[keyword];
    switch (keyword) {
      case "properties":
      case "dependentSchemas":
      case "const":
        add(keysOf(value));
        break;
      case "required":
        add(textsOf(value));
        break;
      case "dependentRequired":
      case "dependencies":
        add(keysOf(value));
        add(valuesOf(value).flatMap(textsOf));
        break;
      case "patternProperties":
        add(keysOf(value).flatMap((pattern) => LITERAL.exec(pattern)?.[1]?.split("|") ?? []));
        break;
      case "propertyNames":
        if (isObject(value)) add(allowedNames(value, references));
        break;
      case "enum":
        add((Array.isArray(value) ? value : []).flatMap(keysOf));
        break;
      default:
    }
  }
  return names ?? NONE;
}

/** Everything else that a schema says about the same value, be it under a condition. */
export function besides(schema: JsonObject, references: SchemaReferences): readonly (Json | undefined)[] {
  let found: readonly (Json | undefined)[] = references.referred(schema).targets;
  for (const keyword in schema) {
    const value = schema[keyword];
    switch (keyword) {
      case "allOf":
      case "anyOf":
      case "oneOf":
        if (Array.isArray(value)) found = found.concat(value);
        break;
      case "if":
      case "then":
      case "else":
      case "not":
        found = [...found, value];
        break;
      case "dependentSchemas":
      case "dependencies":
        found = found.concat(valuesOf(value));
        break;
      default:
    }
  }
  return found;
}

const NONE: readonly string[] = [];

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
