import type Database from "better-sqlite3";
import { isNull, type SQL } from "drizzle-orm";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { outboxSeals } from "../approvals/outbox-rows.ts";
import { outbox } from "../approvals/schema.ts";
import type { ForgedRow } from "../audit/checkpoint-row.ts";
import { createRowSeals, type RowSeals } from "../database/row-seals.ts";
import { BEFORE_ALL, createRowWalk } from "../database/walk-rows.ts";
import { elevations, stepUpChallenges } from "../step-up/schema.ts";

const MAX_LISTED = 100;

/**
 * The rows of tables other than those of approvals whose seals are under none of these keys, a hundred at most: sign-ins,
 * challenges to them, and messages that are not sent yet. @throws SqliteError
 */
export function forgedRows(
  connection: Database.Database,
  keys: readonly [KeyedHash, ...KeyedHash[]],
): readonly ForgedRow[] {
  const db = drizzle({ client: connection });
  const found: ForgedRow[] = [];
  const onForged = (table: string, id: string): void => {
    if (found.length < MAX_LISTED) found.push({ table, id });
  };
  const seal = { keys, onForged, id: ({ id }: { readonly id: string }) => id };
  check(db, elevations, createRowSeals(elevations, seal));
  check(db, stepUpChallenges, createRowSeals(stepUpChallenges, seal));
  // What was sent is over, and of before there were seals it has none.
  check(db, outbox, outboxSeals({ keys, onForged }), isNull(outbox.doneAt));
  return found;
}

function check<T extends SQLiteTable>(
  db: BetterSQLite3Database,
  table: T,
  { holds }: Pick<RowSeals<T["$inferSelect"]>, "holds">,
  which?: SQL,
): void {
  const next = createRowWalk(db, table, which === undefined ? {} : { which });
  for (let found = next(BEFORE_ALL); found !== undefined; found = next(found.place)) holds(found.row);
}
