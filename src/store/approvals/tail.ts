import { asc, gt, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { bounded } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { approvalEvents } from "./schema.ts";

/** What happened to approval requests in all processes on one store, in the order in which it was written. */
export interface ApprovalTail {
  /** The place behind everything that was written. @throws StoreError */
  end(): Promise<number>;
  /** Which requests something happened to after a place, at most so many happenings. @throws StoreError */
  after(place: number, limit: number): Promise<{ readonly ids: readonly string[]; readonly place: number }>;
}

/** Follows `approval_events` by its row ids: two look-ups in its B-tree, whatever its size. */
export function createApprovalTail(db: BetterSQLite3Database, guarded: Guarded): ApprovalTail {
  const row = sql<number>`rowid`;
  const newest = db.select({ place: sql<number | null>`max(rowid)` }).from(approvalEvents).prepare();
  const following = db
    .select({ place: row, id: bounded(approvalEvents.requestId).mapWith(approvalEvents.requestId) })
    .from(approvalEvents)
    .where(gt(row, sql.placeholder("place")))
    .orderBy(asc(row))
    .limit(sql.placeholder("limit"))
    .prepare();
  const end = (): number => newest.get()?.place ?? 0;
  return {
    end: () => guarded(end),
    after: (place, limit) =>
      guarded(() => {
        const rows = following.all({ place, limit });
        const last = rows.at(-1);
        // Row ids begin anew once every row was purged; then a place beyond the end would see nothing ever again.
        if (last === undefined) return { ids: [], place: Math.min(place, end()) };
        const ids = rows.map(({ id }) => id).filter((id) => typeof id === "string");
        return { ids: [...new Set(ids)], place: last.place };
      }),
  };
}
