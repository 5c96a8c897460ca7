import { and, asc, count, desc, eq, isNotNull, isNull, lt, lte, min, notInArray, or, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createRowSeals, type OnForged, type RowSeals } from "../database/row-seals.ts";
import { UNREADABLE } from "../database/stored-texts.ts";
import type { Outbox, OutboxFilter, OutboxMessage } from "./outbox.ts";
import { messageOf, type OutboxRow, outboxEntryOf } from "./outbox-messages.ts";
import { outbox as rows } from "./schema.ts";

// Written out, not bound: only so does SQLite see that the partial indices serve.
const WAITING: SQL = sql`${rows.doneAt} IS NULL AND ${rows.deadAt} IS NULL`;

const COLUMNS = boundedColumns(rows);

/** Why a message whose seal does not fit is given up. */
const FOREIGN = "it is not as this gateway wrote it, or of before its secret was replaced";

/** What is kept of an error, in characters. */
const MAX_ERROR = 500;

export interface OutboxDeps {
  readonly db: BetterSQLite3Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
  readonly keys: readonly [KeyedHash, ...KeyedHash[]];
  readonly onForged: OnForged;
}

/**
 * The seals of messages: over what is said and to whom, for receivers go by a webhook's signature and people by a mail. How
 * far one has come is not sealed: sent once more, it has the same id.
 */
export function outboxSeals({ keys, onForged }: Pick<OutboxDeps, "keys" | "onForged">): RowSeals<OutboxRow> {
  const except = ["id", "attempts", "nextAt", "doneAt", "deadAt", "lastError"] as const;
  return createRowSeals(rows, { keys, onForged, except, id: ({ id }) => `${id}` });
}

/** Keeps notifications in the `outbox` table; `approval-store.ts` adds them. */
export function createOutbox({ db, guarded, onCommit, ...sealed }: OutboxDeps): Outbox {
  const seals = outboxSeals(sealed);
  const earlier = sql`EXISTS (SELECT 1 FROM ${rows} AS e WHERE e.request_id = ${rows.requestId}
    AND e.notifier = ${rows.notifier} AND e.id < ${rows.id} AND e.done_at IS NULL AND e.dead_at IS NULL)`;

  function claimNow(now: number, limit: number, leaseMs: number, except: readonly string[]): readonly OutboxMessage[] {
    const due = db
      .select(COLUMNS)
      .from(rows)
      .where(and(dueAt(now, except), sql`NOT ${earlier}`))
      .orderBy(asc(rows.nextAt), asc(rows.id))
      .limit(limit)
      .all();
    return due.flatMap((row) => {
      const attempts = row.attempts + 1;
      const holds = seals.holds(row);
      const change = holds ? { attempts, nextAt: now + leaseMs } : { deadAt: now, lastError: FOREIGN };
      db.update(rows).set(change).where(eq(rows.id, row.id)).run();
      return holds ? [messageOf({ ...row, attempts })] : [];
    });
  }

  async function immediately<T>(work: () => T): Promise<T> {
    const done = await guarded(() => db.transaction(work, { behavior: "immediate" }));
    onCommit();
    return done;
  }

  return {
    async claimDue(now, limit, leaseMs, except = []) {
      // Nothing is due most of the time, and looking takes no lock.
      const query = () => db.select({ id: rows.id }).from(rows).where(dueAt(now, except)).limit(1).get();
      if ((await guarded(query)) === undefined) return [];
      return immediately(() => claimNow(now, limit, leaseMs, except));
    },
    async done(id, at) {
      await immediately(() =>
        db
          .update(rows)
          .set({ doneAt: at, deadAt: null, lastError: null })
          .where(and(eq(rows.id, id), isNull(rows.doneAt)))
          .run(),
      );
    },
    async failed(id, error, at, nextAt) {
      const lastError = error.slice(0, MAX_ERROR);
      const change = nextAt === undefined ? { lastError, deadAt: at } : { lastError, nextAt };
      await immediately(() =>
        db
          .update(rows)
          .set(change)
          .where(and(eq(rows.id, id), WAITING))
          .run(),
      );
    },
    async retry(id, at) {
      const again = { deadAt: null, nextAt: at };
      const result = await immediately(() =>
        db
          .update(rows)
          .set(again)
          .where(and(eq(rows.id, id), isNotNull(rows.deadAt)))
          .run(),
      );
      return result.changes > 0;
    },
    async nextDue() {
      const query = () =>
        db
          .select({ next: min(rows.nextAt) })
          .from(rows)
          .where(WAITING)
          .get();
      const next = (await guarded(query))?.next ?? undefined;
      return typeof next === "number" && Number.isFinite(next) ? next : undefined;
    },
    async list(filter) {
      const query = () =>
        db
          .select(COLUMNS)
          .from(rows)
          .where(conditions(filter))
          .orderBy(desc(rows.id))
          // One more than asked tells whether there is more.
          .limit(filter.limit + 1)
          .all();
      const found = await guarded(query);
      const entries = found.slice(0, filter.limit).map(outboxEntryOf);
      return { entries, nextCursor: found.length > filter.limit ? entries.at(-1)?.id : undefined };
    },
    async counts() {
      const query = () =>
        db
          .select({
            notifier: COLUMNS.notifier,
            waiting: sql<number>`sum(${rows.deadAt} IS NULL)`,
            dead: count(rows.deadAt),
          })
          .from(rows)
          .where(isNull(rows.doneAt))
          .groupBy(rows.notifier)
          .orderBy(asc(rows.notifier))
          .all();
      return (await guarded(query)).map((of) =>
        typeof of.notifier === "string" ? of : { ...of, notifier: UNREADABLE },
      );
    },
    async purge(before) {
      const old = or(lt(rows.doneAt, before), lt(rows.deadAt, before));
      return (await immediately(() => db.delete(rows).where(old).run())).changes;
    },
  };
}

/** What may be sent now, but for these notifiers. */
function dueAt(now: number, except: readonly string[]): SQL | undefined {
  return and(WAITING, lte(rows.nextAt, now), except.length === 0 ? undefined : notInArray(rows.notifier, [...except]));
}

function conditions(filter: OutboxFilter): SQL | undefined {
  const states = { waiting: WAITING, done: isNotNull(rows.doneAt), dead: isNotNull(rows.deadAt) };
  return and(
    filter.state === undefined ? undefined : states[filter.state],
    filter.notifier === undefined ? undefined : eq(rows.notifier, filter.notifier),
    filter.requestId === undefined ? undefined : eq(rows.requestId, filter.requestId),
    filter.cursor === undefined ? undefined : lt(rows.id, filter.cursor),
  );
}
