import { asc, eq, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { isOpen } from "../../core/approval.ts";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { boundedColumns, rowBytes } from "../database/bounded.ts";
import { namesOf, pairsOf } from "../database/row-seals.ts";
import { storableJson } from "../database/storable.ts";
import { BEFORE_ALL, createRowWalk } from "../database/walk-rows.ts";
import type { ApprovalDoubt, ApproverEntry } from "./approvals.ts";
import type { DecisionRow, EventRow, RequestRow } from "./rows.ts";
import { approvalApprovers, approvalDecisions, approvalEvents, approvalRequests as rows } from "./schema.ts";

/*
 * Who has the database file but not the gateway's secret must not be able to say who approves, or that somebody did. So
 * each request has a keyed hash (`mac`) over all of its columns and the votes on it, which is checked wherever it is read,
 * and which goes over `history`, too: a running hash of its approvers and its events, which `audit verify` goes through.
 */

/** The migration that makes the columns. */
export const APPROVAL_SEALS_MIGRATION = "0015_approval_seals";

const ID = sql.placeholder("id");

/** A request and the votes on it: what one seal is over. */
export interface SealedRow {
  readonly row: RequestRow;
  readonly votes: readonly DecisionRow[];
}

/** Keeps the seals of requests. Everything here belongs in the transaction that writes them. */
export interface ApprovalSeals {
  /** Why a request is not to be trusted; `undefined` where it is as it was written. @throws never */
  doubt(sealed: SealedRow): ApprovalDoubt | undefined;
  /** Seals a request as it is now, with what happened last. One that is broken stays so. @throws SqliteError */
  renew(id: string, doubt: ApprovalDoubt | undefined, event?: EventRow): void;
}

/** Makes the keeper of one connection. The first key seals; what one of the others sealed is over. */
export function createApprovalSeals(
  db: BetterSQLite3Database,
  keys: readonly [KeyedHash, ...KeyedHash[]],
): ApprovalSeals {
  const [hash, ...former] = keys;
  const request = db.select(boundedColumns(rows)).from(rows).where(eq(rows.id, ID)).prepare();
  const votesOn = db
    .select(boundedColumns(approvalDecisions))
    .from(approvalDecisions)
    .where(eq(approvalDecisions.requestId, ID))
    .prepare();
  const eventsOf = db
    .select(boundedColumns(approvalEvents))
    .from(approvalEvents)
    .where(eq(approvalEvents.requestId, ID))
    .orderBy(IN_ORDER)
    .prepare();
  const approversOf = db
    .select(boundedColumns(approvalApprovers))
    .from(approvalApprovers)
    .where(eq(approvalApprovers.requestId, ID))
    .prepare();
  function after({ id, history }: RequestRow, event: EventRow | undefined): string {
    const before = history ?? historyOf(approversOf.all({ id }), [], hash);
    return event === undefined ? before : historyAfter(before, event, hash);
  }

  /** The history under this key, if it was whole under the one of before; else what fits nothing. */
  function anew({ id, history }: RequestRow): string | null {
    const [approvers, events] = [approversOf.all({ id }), eventsOf.all({ id })];
    // The newest event was written just now, and most transitions write one.
    const [all, but] = [events, events.slice(0, -1)];
    const whole = former.some((key) => [all, but].some((some) => historyOf(approvers, some, key) === history));
    return whole ? historyOf(approvers, events, hash) : history;
  }

  return {
    doubt(sealed) {
      const doubt = doubtIn(sealed, hash);
      return doubt === "broken" && former.some((key) => doubtIn(sealed, key) !== "broken") ? "former" : doubt;
    },
    renew(id, doubt, event) {
      const found = request.get({ id });
      if (found === undefined || doubt === "broken") return;
      const row = { ...found, history: doubt === "former" ? anew(found) : after(found, event) };
      // What waits under a secret of before must not wait under this one: whoever has that may have written it.
      const kept = doubt === undefined || (doubt === "former" && !isOpen(row.state));
      const mac = macOf({ row, votes: votesOn.all({ id }) }, kept ? KEPT : OLD, hash);
      db.update(rows).set({ history: row.history, mac }).where(eq(rows.id, id)).run();
    },
  };
}

const IN_ORDER = asc(approvalEvents.seq);

/** What is read of one request's votes, approvers and events each: the gateway writes far less. */
const MAX_PART_BYTES = 32 * 1024 * 1024;

/**
 * Seals the requests of before there were seals as what they are: nobody can say what was done to them. Belongs in the
 * transaction of the migration. @throws SqliteError
 */
export function sealOldApprovals(db: BetterSQLite3Database, hash: KeyedHash): void {
  const write = db
    .update(rows)
    .set({ history: sql`${sql.placeholder("history")}`, mac: sql`${sql.placeholder("mac")}` })
    .where(eq(rows.id, ID))
    .prepare();
  for (const { row: found, votes, approvers, events } of wholeApprovals(db)) {
    const row = { ...found, history: historyOf(approvers, events, hash) };
    write.run({ id: row.id, history: row.history, mac: macOf({ row, votes }, OLD, hash) });
  }
}

/** Everything about a request that a seal goes over. */
export interface WholeApproval extends SealedRow {
  readonly approvers: readonly (typeof approvalApprovers.$inferSelect)[];
  /** In their order. */
  readonly events: readonly EventRow[];
}

/** All requests. Where there is more of a part than the gateway writes, it is empty, and no seal fits. @throws SqliteError */
export function* wholeApprovals(db: BetterSQLite3Database): Generator<WholeApproval> {
  const next = createRowWalk(db, rows);
  const votes = db.select(boundedColumns(approvalDecisions)).from(approvalDecisions).where(VOTES_ON).prepare();
  const approvers = db.select(boundedColumns(approvalApprovers)).from(approvalApprovers).where(APPROVERS_OF).prepare();
  const events = db
    .select(boundedColumns(approvalEvents))
    .from(approvalEvents)
    .where(EVENTS_OF)
    .orderBy(IN_ORDER)
    .prepare();
  const bytes = db
    .select({
      votes: bytesIn(approvalDecisions, VOTES_ON),
      approvers: bytesIn(approvalApprovers, APPROVERS_OF),
      events: bytesIn(approvalEvents, EVENTS_OF),
    })
    .from(sql`(SELECT 1)`)
    .prepare();
  for (let found = next(BEFORE_ALL); found !== undefined; found = next(found.place)) {
    const { row } = found;
    const { id } = row;
    const size = bytes.get({ id });
    const fits = (part: "votes" | "approvers" | "events") => (size?.[part] ?? 0) <= MAX_PART_BYTES;
    yield {
      row,
      votes: fits("votes") ? votes.all({ id }) : [],
      approvers: fits("approvers") ? approvers.all({ id }) : [],
      events: fits("events") ? events.all({ id }) : [],
    };
  }
}

const VOTES_ON = eq(approvalDecisions.requestId, ID);
const APPROVERS_OF = eq(approvalApprovers.requestId, ID);
const EVENTS_OF = eq(approvalEvents.requestId, ID);

function bytesIn(table: SQLiteTable, which: SQL): SQL<number> {
  return sql<number>`(SELECT coalesce(sum(${rowBytes(table)}), 0) FROM ${table} WHERE ${which})`;
}

/** Why a request is not to be trusted, under one key. Pure. */
export function doubtIn(sealed: SealedRow, hash: KeyedHash): ApprovalDoubt | undefined {
  const { mac } = sealed.row;
  if (mac === macOf(sealed, KEPT, hash)) return undefined;
  return mac === macOf(sealed, OLD, hash) ? "old" : "broken";
}

/** The running hash of who may approve a request and of what happened to it. Pure. */
export function historyOf(approvers: readonly ApproverEntry[], events: readonly EventRow[], hash: KeyedHash): string {
  const entries = approvers.map(({ kind, value, stage, afterMs }) =>
    storableJson(pairsOf({ kind, value, stage, afterMs }, APPROVER)),
  );
  const begin = hash(`approval-approvers\n${JSON.stringify([...new Set(entries)].sort())}`);
  return events.reduce((before, event) => historyAfter(before, event, hash), begin);
}

function historyAfter(before: string, event: EventRow, hash: KeyedHash): string {
  return hash(`approval-event\n${before}\n${storableJson(pairsOf(event, EVENT))}`);
}

// Their first lines are no hashes, so that no row of the audit has the same.
const KEPT = "approval";
const OLD = "approval-old";

function macOf({ row, votes }: SealedRow, kind: typeof KEPT | typeof OLD, hash: KeyedHash): string {
  const said = votes.map((vote) => storableJson(pairsOf(vote, DECISION))).sort();
  return hash(`${kind}\n${storableJson(pairsOf(row, REQUEST))}\n${JSON.stringify(said)}`);
}

// Sorted once: a list is hundreds of rows.
const REQUEST = namesOf(rows).filter((name) => name !== "mac");
const DECISION = namesOf(approvalDecisions);
const EVENT = namesOf(approvalEvents);
const APPROVER = ["afterMs", "kind", "stage", "value"];
