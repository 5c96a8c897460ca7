import { ExactNumber } from "../../core/exact-number.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/** More are not told one by one: the schema and the arguments are others' to write. */
const MAX_TOLD = 20;

/**
 * Where arguments do not fit the schema that their tool gives: names that it does not take, what it needs and is missing,
 * values of another type. Looks at the arguments themselves, not into them, and only at what the schema says plainly: its server
 * may refuse a call for more. @throws never
 */
export function argumentMisfits(inputSchema: Json | undefined, given: JsonObject): readonly string[] {
  if (!isObject(inputSchema)) return [];
  const properties = isObject(inputSchema["properties"]) ? inputSchema["properties"] : {};
  const required = Array.isArray(inputSchema["required"]) ? inputSchema["required"] : [];
  const misfits: string[] = [];
  for (const name of required) {
    if (misfits.length >= MAX_TOLD) return misfits;
    if (typeof name === "string" && !Object.hasOwn(given, name)) misfits.push(`${name} is missing: the tool needs it.`);
  }
  // With patterns other names may be meant.
  const closed = inputSchema["additionalProperties"] === false && !Object.hasOwn(inputSchema, "patternProperties");
  for (const [name, value] of Object.entries(given)) {
    if (misfits.length >= MAX_TOLD) return misfits;
    if (!Object.hasOwn(properties, name)) {
      if (closed) misfits.push(`${name} is no argument of this tool.`);
      continue;
    }
    const schema = properties[name];
    const types = isObject(schema) ? typesOf(schema["type"]) : [];
    if (types.length > 0 && !types.some((type) => isOfType(value, type)))
      misfits.push(`${name} is not of the type ${types.join(" or ")}.`);
  }
  return misfits;
}

const TYPES: readonly string[] = ["string", "number", "integer", "boolean", "object", "array", "null"];

/** `[]` where the schema does not say, or says what nobody knows. */
function typesOf(type: Json | undefined): readonly string[] {
  const named = Array.isArray(type) ? type : [type];
  const known = named.filter((name): name is string => typeof name === "string" && TYPES.includes(name));
  return known.length === named.length ? known : [];
}

// JSON Schema 2020-12, validation §6.1.1: 1.0 is an integer, too.
function isOfType(value: unknown, type: string): boolean {
  const number = value instanceof ExactNumber ? value.nearest : value;
  if (typeof number === "number") return type === "number" || (type === "integer" && Number.isInteger(number));
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  return type === typeof value;
}
