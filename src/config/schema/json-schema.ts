import { z } from "zod";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { configSchema } from "./schema.ts";

/**
 * The JSON Schema (2020-12) of the file, for editors. It describes the text before substitution, so wherever a number,
 * a choice or a pattern is asked for, a `${…}` is as good.
 */
export function configJsonSchema(): JsonObject {
  const generated: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(configSchema, { io: "input" })));
  if (!isObject(generated)) throw new TypeError("zod made a JSON Schema that is no object");
  return { title: "Portcullis configuration", ...allowReferences(generated) };
}

/** The part of the schema that describes the value at `path`, `undefined` where nothing is known there. */
export function schemaAt(root: JsonObject, path: readonly (string | number)[]): JsonObject | undefined {
  let schema: Json | undefined = root;
  for (const step of path) {
    if (!isObject(schema)) return undefined;
    const properties: Json | undefined = schema["properties"];
    if (typeof step === "number") schema = schema["items"];
    else if (isObject(properties) && Object.hasOwn(properties, step)) schema = properties[step];
    else schema = schema["additionalProperties"];
  }
  return isObject(schema) ? schema : undefined;
}

/** Names of the keys that an object at `path` may have; empty where any name will do. */
export function keysAt(root: JsonObject, path: readonly (string | number)[]): readonly string[] {
  const properties = schemaAt(root, path)?.["properties"];
  return isObject(properties) ? Object.keys(properties) : [];
}

const REFERENCE = "\\$\\{";

function allowReferences(schema: JsonObject): JsonObject {
  const copy: Record<string, Json | undefined> = {};
  for (const [key, value] of Object.entries(schema)) {
    // Keys are not substituted, only values are.
    if (key === "propertyNames" || key === "default" || key === "enum") copy[key] = value;
    else if (key === "properties" && isObject(value)) copy[key] = mapValues(value, allowReferences);
    else if (Array.isArray(value)) copy[key] = value.map((item) => (isObject(item) ? allowReferences(item) : item));
    else copy[key] = isObject(value) ? allowReferences(value) : value;
  }
  if (typeof copy["pattern"] === "string") copy["pattern"] = `(?:${copy["pattern"]})|${REFERENCE}`;
  if (copy["type"] === "integer" || copy["type"] === "boolean" || copy["enum"] !== undefined) {
    const { description, default: fallback, ...shape } = copy;
    return {
      ...(description === undefined ? {} : { description }),
      ...(fallback === undefined ? {} : { default: fallback }),
      anyOf: [shape, { type: "string", pattern: REFERENCE }],
    };
  }
  return copy;
}

function mapValues(object: JsonObject, map: (value: JsonObject) => JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, isObject(value) ? map(value) : value]));
}
