import { getTableColumns, inArray, type SQL, sql, type Table } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { bounded, boundedColumns, rowBytes } from "../database/bounded.ts";
import { MAX_ARGUMENTS_BYTES, MAX_TEXT_BYTES, UNREADABLE } from "../database/stored-texts.ts";
import type { StoredAuditRow } from "./audit-row.ts";
import { audit } from "./schema.ts";

/*
 * Rows are read in two steps: first which they are and how long, which SQLite knows without reading their texts, and then as
 * many as are within bounds. So what somebody writes into a few rows holds nobody up, and no page is larger than memory.
 */

const NOT_SHOWN = sql<null>`NULL`;
const SHORT = boundedColumns(audit);
const SAYS_SO = sql.raw(`'"${UNREADABLE}"'`);
const json = (column: SQL | typeof audit.policies) => bounded(column, MAX_TEXT_BYTES, SAYS_SO) as SQL<string | null>;

/** What lists show of a row. A long text in the place of JSON is shown as unreadable; in any other, all of the row is. */
export const LISTED = {
  ...SHORT,
  policies: json(audit.policies),
  argumentsRedacted: json(sql`${audit.argumentsRedacted}`),
  facts: json(sql`${audit.facts}`),
  argumentsSealed: NOT_SHOWN,
  argumentsFull: NOT_SHOWN,
};

/** All that a row says, where its texts are no longer than the gateway writes them. */
export const WHOLE = boundedColumns(audit, {
  argumentsSealed: MAX_ARGUMENTS_BYTES,
  argumentsFull: MAX_ARGUMENTS_BYTES,
});

/** No row of a gateway is longer: a request that is kept whole, and what else there is. */
const MAX_ROW_BYTES = MAX_ARGUMENTS_BYTES + 32 * MAX_TEXT_BYTES;
const RAW = getTableColumns(audit);
const ROW_BYTES = rowBytes(audit);

/**
 * The raw rows that are wanted, in their order, as many as fit into so many bytes. Of one that is longer than any of a gateway's, the
 * texts that are longer than its are left out. @throws SqliteError
 */
export function rawRows(
  db: BetterSQLite3Database,
  {
    wanted,
    order,
    limit,
    room,
  }: { readonly wanted?: SQL; readonly order: SQL; readonly limit: number; readonly room: number },
): readonly StoredAuditRow[] {
  const sizes = db
    .select({ seq: audit.seq, bytes: ROW_BYTES.as("bytes") })
    .from(audit)
    .where(wanted)
    .orderBy(order)
    .limit(limit);
  const some = sizes.as("some");
  // Nearly always all of them do, and then they are read as they come.
  const all = db
    .select({ bytes: sql<number>`total(${some.bytes})`, longest: sql<number>`coalesce(max(${some.bytes}), 0)` })
    .from(some)
    .get();
  if (all !== undefined && all.bytes <= room && all.longest <= MAX_ROW_BYTES) {
    return db.select(RAW).from(audit).where(wanted).orderBy(order).limit(limit).all();
  }
  const fitting = firstThatFit(sizes.all(), room, true);
  const seqs = (long: boolean) => fitting.filter(({ bytes }) => bytes > MAX_ROW_BYTES === long).map(({ seq }) => seq);
  const rows = new Map([...rowsAt(db, RAW, seqs(false)), ...rowsAt(db, WHOLE, seqs(true))]);
  return fitting.flatMap(({ seq }) => rows.get(seq) ?? []);
}

/** How much a query with these columns reads of a row, about. `table`: as what the query knows it. */
export function bytesOf(columns: typeof LISTED | typeof WHOLE, table: Table = audit): SQL<number> {
  const most = columns === WHOLE ? MAX_ARGUMENTS_BYTES : MAX_TEXT_BYTES;
  const texts = Object.entries(getTableColumns(table)).filter(
    ([name, { dataType }]) => dataType === "string" && (columns === WHOLE || !NOT_LISTED.includes(name)),
  );
  const sizes = texts.map(([, column]) => sql`coalesce(min(octet_length(${column}), ${sql.raw(String(most))}), 0)`);
  return sql<number>`${sql.join(sizes, sql` + `)}`;
}

const NOT_LISTED = ["argumentsSealed", "argumentsFull"];

/** From the first on as many as fit into so many bytes; `first`: that one in any case, so that there is an end. */
export function firstThatFit<T extends { readonly bytes: number }>(
  found: readonly T[],
  room: number,
  first: boolean,
): readonly T[] {
  let left = room;
  const end = found.findIndex(({ bytes }, index) => {
    left -= bytes;
    return left < 0 && !(first && index === 0);
  });
  return end < 0 ? found : found.slice(0, end);
}

/** Rows by their numbers. @throws SqliteError */
export function rowsAt(
  db: BetterSQLite3Database,
  columns: typeof LISTED | typeof WHOLE | typeof RAW,
  seqs: readonly number[],
): ReadonlyMap<number, StoredAuditRow> {
  if (seqs.length === 0) return new Map();
  const wanted = inArray(audit.seq, sql`(SELECT value FROM json_each(${JSON.stringify(seqs)}))`);
  const rows: readonly StoredAuditRow[] = db.select(columns).from(audit).where(wanted).all();
  return new Map(rows.map((row) => [row.seq, row]));
}
