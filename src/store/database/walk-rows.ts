import { and, asc, gt, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { boundedColumns } from "./bounded.ts";

/** A row, and where it stands. */
export interface PlacedRow<Row> {
  readonly place: number;
  readonly row: Row;
}

/** Before all rows. */
export const BEFORE_ALL = Number.MIN_SAFE_INTEGER;

/**
 * Makes the step to the next row of a table, for whoever reads all of it: one by one, since somebody may have written megabytes into
 * each, and by a number of SQLite's own, since they may have written anything into its key. `sizes`: as of `boundedColumns`.
 */
export function createRowWalk<T extends SQLiteTable>(
  db: BetterSQLite3Database,
  table: T,
  { which, sizes }: { readonly which?: SQL; readonly sizes?: Parameters<typeof boundedColumns<T>>[1] } = {},
): (after: number) => PlacedRow<T["$inferSelect"]> | undefined {
  const place = sql<number>`rowid`;
  const next = db
    .select({ place, row: boundedColumns(table, sizes) })
    .from(table)
    .where(and(which, gt(place, sql.placeholder("after"))))
    .orderBy(asc(place))
    .limit(1)
    .prepare();
  return (after) => {
    const found: PlacedRow<T["$inferSelect"]> | undefined = next.get({ after });
    return found;
  };
}
