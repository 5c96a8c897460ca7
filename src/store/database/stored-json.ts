import { parseExact } from "../../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { scanJson } from "../../core/scan-json.ts";
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
  return value.map((item) => {
    if (!Array.isArray(item) || !item.every((text) => typeof text === "string")) throw malformed(place);
    return item;
  });
}

/** What the gateway stores is far below; who went through a value beyond it would not come back. */
const LIMITS = { maxDepth: 256, maxCount: 1_000_000 };

/** The JSON in a stored text, with all digits; `undefined` where it is none within bounds. @throws never */
export function exactIn(text: string): Json | undefined {
  if (!fits(text)) return undefined;
  try {
    return parseExact(text);
  } catch {
    // A short one is not looked at before.
    return undefined;
  }
}

// A column of SQLite holds bytes as well. A text no longer than that is not too deep.
function fits(text: string): boolean {
  return (
    typeof text === "string" && (text.length <= LIMITS.maxDepth || scanJson(Buffer.from(text), LIMITS).kind === "json")
  );
}

function parsed(text: string, place: StoredIn): Json {
  if (!fits(text)) throw malformed(place);
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
