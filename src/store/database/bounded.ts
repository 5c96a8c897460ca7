import { type GetColumnData, getTableColumns, type SQL, sql, type Table } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { MAX_TEXT_BYTES } from "./stored-texts.ts";

/*
 * A text of a row is brought over only where it is no longer than what the gateway writes there: whoever can write the file
 * can put a hundred megabytes into it, and everybody waits while that is read. SQLite knows how long a text is without reading it.
 */

/** A column's values as far as they are within bounds; in the place of longer ones `instead`, or bytes: no text, so that it cannot be read. */
export function bounded(column: SQLiteColumn | SQL, maxBytes = MAX_TEXT_BYTES, instead: SQL = NOTHING): SQL {
  return sql`CASE WHEN octet_length(${column}) > ${sql.raw(String(maxBytes))} THEN ${instead} ELSE ${column} END`;
}

/** The same for queries that are written by hand. `column`: its name, written out. */
export function boundedText(column: string, maxBytes = MAX_TEXT_BYTES): string {
  return `CASE WHEN octet_length(${column}) > ${maxBytes} THEN x'' ELSE ${column} END`;
}

/** How long a row is, as SQLite knows it without reading its texts. */
export function rowBytes(table: Table): SQL<number> {
  const sizes = Object.values(getTableColumns(table)).map((column) => sql`coalesce(octet_length(${column}), 0)`);
  return sql<number>`(${sql.join(sizes, sql` + `)})`;
}

type Columns<T extends Table> = T["_"]["columns"];

/** The columns of a table as a query selects them. `sizes`: those that may be longer. */
export function boundedColumns<T extends Table>(
  table: T,
  sizes: { readonly [Name in keyof Columns<T>]?: number } = {},
): { [Name in keyof Columns<T>]: SQL<GetColumnData<Columns<T>[Name]>> } {
  const columns: Readonly<Record<string, SQLiteColumn>> = getTableColumns(table) as Record<string, SQLiteColumn>;
  const known: Readonly<Record<string, number | undefined>> = sizes;
  const selected = Object.entries(columns).map(([name, column]) => {
    return [name, bounded(column, known[name]).mapWith(column)] as const;
  });
  return Object.fromEntries(selected) as { [Name in keyof Columns<T>]: SQL<GetColumnData<Columns<T>[Name]>> };
}

const NOTHING = sql`x''`;
