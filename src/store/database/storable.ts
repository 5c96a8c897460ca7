/** What a column holds. */
export type Cell = string | number | boolean | null;

/**
 * Values as SQLite will give them back. UTF-8 has no lone surrogates: a client that sends one in its name would otherwise
 * have a hash fit no longer, without anybody having touched the row.
 */
export function storable<T extends Cell>(values: readonly T[]): readonly (T | string)[] {
  return values.map((value) => (typeof value === "string" ? value.toWellFormed() : value));
}

/** The same of a row by its columns. */
export function storableRow<Row extends object>(row: Row): Row {
  const kept: Row = { ...row };
  for (const key of Object.keys(kept)) {
    const value: unknown = Reflect.get(kept, key);
    if (typeof value === "string") Reflect.set(kept, key, value.toWellFormed());
  }
  return kept;
}

/** The same of pairs of a name and a value, as JSON. */
export function storableJson(pairs: readonly (readonly [string, Cell])[]): string {
  const text = JSON.stringify(pairs);
  return mayHaveSurrogates(text) ? JSON.stringify(pairs.map(storable)) : text;
}

/** Whether JSON may have lone surrogates: they, and only they, are written as an escape that starts so. A false alarm costs a pass. */
export function mayHaveSurrogates(json: string): boolean {
  return json.includes("\\ud");
}
