import { isObject, type JsonObject } from "../../core/json.ts";
import { StoreError } from "../store-error.ts";

/** Where a text was stored: `table.column` in errors. */
export interface StoredIn {
  readonly table: string;
  readonly column: string;
}

/** The JSON object in a stored text. @throws StoreError STORE_ROW_MALFORMED */
export function objectIn(text: string, place: StoredIn): JsonObject {
  const value = parsed(text, place);
  if (!isObject(value)) throw malformed(place);
  return value;
}

/** The list of texts in a stored text. @throws StoreError STORE_ROW_MALFORMED */
export function stringsIn(text: string, place: StoredIn): readonly string[] {
  const value = parsed(text, place);
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw malformed(place);
  return value;
}

/** The list of lists of texts in a stored text. @throws StoreError STORE_ROW_MALFORMED */
export function stringListsIn(text: string, place: StoredIn): readonly (readonly string[])[] {
  const value = parsed(text, place);
  if (!Array.isArray(value)) throw malformed(place);
  return value.map((item) => stringsIn(JSON.stringify(item ?? null), place));
}

function parsed(text: string, place: StoredIn): unknown {
  try {
    return JSON.parse(text);
  } catch (err) {
    throw malformed(place, err);
  }
}

function malformed({ table, column }: StoredIn, cause?: unknown): StoreError {
  return new StoreError("STORE_ROW_MALFORMED", `A row of ${table} holds no usable ${column}. Was it edited by hand?`, {
    cause,
  });
}
