import { and, asc, count, desc, eq, gt, isNotNull, lte, min, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { ApprovalEvent } from "../../core/approval.ts";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { APPROVAL_SIZES } from "../database/stored-texts.ts";
import type { ApprovalStore, StoredApproval } from "./approvals.ts";
import { matching, orderOf } from "./query.ts";
import { decisionOf, eventOf, type RequestRow, recordOf } from "./rows.ts";
import { approvalDecisions, approvalEvents, approvalSealed, approvalRequests as rows } from "./schema.ts";
import type { ApprovalSeals } from "./seals.ts";
import { readableEvents, readableRequest, readableVote } from "./unreadable.ts";

/** The part of the store that changes nothing. */
export type ApprovalReads = Omit<ApprovalStore, "open" | "change" | "renewLeases">;

const REQUEST = boundedColumns(rows);
const DECISION = boundedColumns(approvalDecisions);
const EVENT = boundedColumns(approvalEvents);
const SEALED = boundedColumns(approvalSealed, APPROVAL_SIZES);

// Written out, not bound: only so does SQLite see that the partial indices serve.
const WAITING: SQL = sql`${rows.state} IN ('pending', 'approved')`;
const RUNNABLE: SQL = sql`${rows.state} = 'approved' AND ${rows.run} = 'gateway'`;

/** Reads single requests; usable inside a transaction of the same connection. */
export interface ApprovalFinder {
  find(id: string): StoredApproval | undefined;
  newest(digest: string): StoredApproval | undefined;
  /** In the order of the rows. */
  withDecisions(found: readonly RequestRow[]): readonly StoredApproval[];
}

/** Prepares the look-ups that every call and every transition makes. */
export function createApprovalFinder(db: BetterSQLite3Database, seals: Pick<ApprovalSeals, "doubt">): ApprovalFinder {
  const byId = db
    .select(REQUEST)
    .from(rows)
    .where(eq(rows.id, sql.placeholder("id")))
    .prepare();
  // Creation times may be equal; of one digest the row that came later was allowed because the earlier one had ended.
  const byDigest = db
    .select(REQUEST)
    .from(rows)
    .where(eq(rows.digest, sql.placeholder("digest")))
    .orderBy(desc(rows.createdAt), desc(sql`rowid`))
    .limit(1)
    .prepare();
  const voted = db
    .select(DECISION)
    .from(approvalDecisions)
    .where(sql`${approvalDecisions.requestId} IN (SELECT value FROM json_each(${sql.placeholder("ids")}))`)
    .orderBy(asc(sql`rowid`))
    .prepare();

  function withDecisions(found: readonly RequestRow[]): readonly StoredApproval[] {
    if (found.length === 0) return [];
    const said = voted.all({ ids: JSON.stringify(found.map((row) => row.id)) });
    return found.flatMap((row) => {
      // Nothing could be said of it that leads back to it.
      if (typeof row.id !== "string") return [];
      const votes = said.filter((vote) => vote.requestId === row.id);
      const doubt = seals.doubt({ row, votes });
      return doubt === "broken"
        ? {
            record: recordOf(readableRequest(row)),
            decisions: votes.map((vote) => decisionOf(readableVote(vote))),
            doubt,
          }
        : { record: recordOf(row), decisions: votes.map(decisionOf), doubt };
    });
  }
  const one = (row: RequestRow | undefined): StoredApproval | undefined =>
    row === undefined ? undefined : withDecisions([row])[0];
  return {
    find: (id) => one(byId.get({ id })),
    newest: (digest) => one(byDigest.get({ digest })),
    withDecisions,
  };
}

/** Reads approval requests through one connection. */
export function createApprovalReads(
  db: BetterSQLite3Database,
  guarded: Guarded,
  finder: ApprovalFinder,
): ApprovalReads {
  const versions = db
    .select({ id: REQUEST.id, version: REQUEST.version })
    .from(rows)
    .where(sql`${rows.id} IN (SELECT value FROM json_each(${sql.placeholder("ids")}))`)
    .prepare();

  // A request and its votes are two queries: what another process writes in between would look like a broken seal.
  const atOnce = <T>(work: () => T): Promise<T> => guarded(() => db.transaction(work));

  return {
    find: (id) => atOnce(() => finder.find(id)),
    newest: (digest) => atOnce(() => finder.newest(digest)),
    list: (query) =>
      atOnce(() =>
        finder.withDecisions(
          db
            .select(REQUEST)
            .from(rows)
            .where(matching(query))
            .orderBy(...orderOf(query))
            .limit(query.limit)
            .all(),
        ),
      ),
    async count(query) {
      const some = db.select({ id: rows.id }).from(rows).where(matching(query)).limit(query.limit).as("some");
      const found = await guarded(() => db.select({ found: count() }).from(some).get());
      return found?.found ?? 0;
    },
    async events(id): Promise<readonly ApprovalEvent[]> {
      const query = () =>
        db
          .select(EVENT)
          .from(approvalEvents)
          .where(eq(approvalEvents.requestId, id))
          .orderBy(asc(approvalEvents.seq))
          .all();
      return (await guarded(query)).map((row) => eventOf(readableEvents.readable(row)));
    },
    async sealed(id) {
      const query = () => db.select(SEALED).from(approvalSealed).where(eq(approvalSealed.requestId, id)).get();
      const row = await guarded(query);
      if (row === undefined) return undefined;
      return { arguments: row.arguments, requester: row.requester, result: row.result ?? undefined };
    },
    async due(now, limit) {
      const query = () =>
        db
          .select({ id: REQUEST.id })
          .from(rows)
          .where(lte(rows.dueAt, now))
          .orderBy(asc(rows.dueAt))
          .limit(limit)
          .all();
      return (await guarded(query)).map((row) => row.id).filter((due) => typeof due === "string");
    },
    async nextDue() {
      const query = () =>
        db
          .select({ next: min(rows.dueAt) })
          .from(rows)
          .where(isNotNull(rows.dueAt))
          .get();
      const next = (await guarded(query))?.next ?? undefined;
      return typeof next === "number" && Number.isFinite(next) ? next : undefined;
    },
    async versions(ids) {
      const found = await guarded(() => versions.all({ ids: JSON.stringify(ids) }));
      return new Map(found.filter(({ id }) => typeof id === "string").map((row) => [row.id, row.version]));
    },
    runnable: (now, limit) =>
      atOnce(() =>
        finder.withDecisions(
          db
            .select(REQUEST)
            .from(rows)
            .where(and(RUNNABLE, gt(rows.executeUntil, now)))
            .orderBy(asc(rows.createdAt), asc(sql`rowid`))
            .limit(limit)
            .all(),
        ),
      ),
    waiting: (after, limit) =>
      atOnce(() =>
        finder.withDecisions(
          db
            .select(REQUEST)
            .from(rows)
            .where(and(WAITING, gt(rows.id, after)))
            .orderBy(asc(rows.id))
            .limit(limit)
            .all(),
        ),
      ),
  };
}
