import { counted } from "../../core/counted.ts";
import type { Json, JsonObject } from "../../core/json.ts";

/** Longest text of one value: the JSON below has it whole. */
const MAX_VALUE_CHARS = 80;

/** Most values of an `enum` that are spelled out. */
const MAX_VALUES = 12;

/** What a schema asks of a value besides its type, in words. JSON Schema 2020-12, validation §6 and §9 */
export function limitsOf(schema: JsonObject): readonly string[] {
  const { format, pattern, default: fallback, multipleOf, uniqueItems } = schema;
  return [
    ...valuesOf(schema["enum"]),
    ...between(schema, "minLength", "maxLength", "character"),
    ...between(schema, "minItems", "maxItems", "item"),
    ...between(schema, "minProperties", "maxProperties", "property"),
    ...compared(schema, "minimum", "≥"),
    ...compared(schema, "exclusiveMinimum", ">"),
    ...compared(schema, "maximum", "≤"),
    ...compared(schema, "exclusiveMaximum", "<"),
    ...(typeof multipleOf === "number" ? [`a multiple of ${multipleOf}`] : []),
    ...(uniqueItems === true ? ["no item twice"] : []),
    ...(typeof format === "string" ? [`format ${brief(format)}`] : []),
    ...(typeof pattern === "string" ? [`matches ${brief(pattern)}`] : []),
    ...(fallback === undefined ? [] : [`default ${shortJson(fallback)}`]),
    ...(schema["additionalProperties"] === false ? ["no other properties"] : []),
    ...(schema["deprecated"] === true ? ["deprecated"] : []),
  ];
}

/** A JSON value in at most so many characters. */
export function shortJson(value: Json): string {
  // Of a large value only the beginning counts, so that not all of it is written.
  if (typeof value === "string") return brief(JSON.stringify(value.slice(0, MAX_VALUE_CHARS + 1)));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? listText(value) : "{…}";
  return brief(String(value));
}

function listText(values: readonly Json[]): string {
  return values.length === 0 ? "[]" : `a list of ${values.length}`;
}

function valuesOf(values: Json | undefined): readonly string[] {
  if (!Array.isArray(values)) return [];
  const shown = (values as readonly Json[]).slice(0, MAX_VALUES).map(shortJson).join(", ");
  const more = values.length > MAX_VALUES ? ` and ${values.length - MAX_VALUES} more` : "";
  return [`one of ${shown}${more}`];
}

function between(schema: JsonObject, low: string, high: string, unit: string): readonly string[] {
  const [min, max] = [schema[low], schema[high]];
  if (typeof min === "number" && typeof max === "number") {
    return [min === max ? `exactly ${counted(min, unit)}` : `${min} to ${counted(max, unit)}`];
  }
  if (typeof min === "number") return min === 0 ? [] : [`at least ${counted(min, unit)}`];
  return typeof max === "number" ? [`at most ${counted(max, unit)}`] : [];
}

function compared(schema: JsonObject, key: string, sign: string): readonly string[] {
  const bound = schema[key];
  return typeof bound === "number" ? [`${sign} ${bound}`] : [];
}

function brief(text: string): string {
  return text.length <= MAX_VALUE_CHARS ? text : `${text.slice(0, MAX_VALUE_CHARS)}…`;
}
