import { isObject, type Json, type JsonObject } from "../../core/json.ts";

/* What checks that come before the schema make of values of any shape. */

/** Indices of entries whose text under `field` an earlier entry has. */
export function repeatedNames(entries: readonly Json[], field: string): number[] {
  const values = entries.map((entry) => textOf(objectOf(entry)[field]));
  return values.flatMap((value, index) => (value !== undefined && values.indexOf(value) < index ? [index] : []));
}

/** An object as it is in the file; an empty one where there is none. */
export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** The same for a list. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The same for a text; `undefined` where there is none. */
export function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
