import { getTableColumns, type InferSelectModel, type Table } from "drizzle-orm";
import { UNREADABLE } from "./stored-texts.ts";

/*
 * SQLite keeps any value in any column, and whoever can write the file can put there what the gateway never does: bytes, a
 * number without end, an unknown word. One such row must not take all others with it.
 */

/** Reads rows of one table. */
export interface ReadableRows<Row> {
  /** Whether the values are of the kinds that their columns are for. */
  fits(row: Row): boolean;
  /** The same row where they are; else one with `UNREADABLE`, 0, nothing or the last known word in the place of those that are not. */
  readable(row: Row): Row;
}

/** The last moment of the year 9999, beyond which RFC 3339 has no time: what the gateway writes is far below. */
const MAX_NUMBER = 253_402_300_799_999;

/** Makes the reader of a table. */
export function createReadableRows<T extends Table>(table: T): ReadableRows<InferSelectModel<T>> {
  const columns = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const { notNull, dataType, enumValues } = column;
    const words = enumValues === undefined || enumValues.length === 0 ? undefined : enumValues;
    const instead = !notNull ? null : dataType === "string" ? (words?.at(-1) ?? UNREADABLE) : 0;
    return { name, notNull, dataType, words, instead };
  });
  const odd = (row: Readonly<Record<string, unknown>>) =>
    columns.filter(({ name, notNull, dataType, words }) => {
      const value = row[name];
      if (value === null) return notNull;
      if (dataType === "string") return typeof value !== "string" || words?.includes(value) === false;
      if (dataType === "number") return typeof value !== "number" || !(Math.abs(value) <= MAX_NUMBER);
      return false;
    });
  return {
    fits: (row) => odd(row).length === 0,
    readable(row) {
      const wrong = odd(row);
      if (wrong.length === 0) return row;
      return { ...row, ...Object.fromEntries(wrong.map(({ name, instead }) => [name, instead])) };
    },
  };
}
