import { and, eq, max, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { isOpen } from "../../core/approval.ts";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import type { OnForged, RowSeals } from "../database/row-seals.ts";
import { StoreError } from "../store-error.ts";
import type {
  ApprovalChange,
  ApprovalStore,
  Changed,
  NewApproval,
  NewEvent,
  NewMessage,
  Opening,
  OpeningRules,
  StoredApproval,
} from "./approvals.ts";
import { prepareOpeningBounds } from "./opening-bounds.ts";
import type { OutboxRow } from "./outbox-messages.ts";
import { outboxSeals } from "./outbox-rows.ts";
import { createApprovalFinder, createApprovalReads } from "./reads.ts";
import {
  approverRow,
  changingColumns,
  decisionOf,
  decisionRow,
  type EventRow,
  eventOf,
  eventRow,
  requestRow,
} from "./rows.ts";
import {
  approvalApprovers,
  approvalDecisions,
  approvalEvents,
  approvalSealed,
  outbox,
  approvalRequests as rows,
} from "./schema.ts";
import { createApprovalSeals } from "./seals.ts";

export interface ApprovalStoreDeps {
  readonly db: BetterSQLite3Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
  /** The keys of the chain, which seal requests and messages, too. */
  readonly keys: readonly [KeyedHash, ...KeyedHash[]];
  readonly onForged: OnForged;
}

/**
 * Keeps approval requests. On the store's main connection: each transaction here runs from begin to commit without a
 * pause, so that no other work can come in between.
 */
export function createApprovalStore({ db, guarded, onCommit, keys, onForged }: ApprovalStoreDeps): ApprovalStore {
  const seals = createApprovalSeals(db, keys);
  const messageSeals = outboxSeals({ keys, onForged });
  const finder = createApprovalFinder(db, seals);
  const reads = createApprovalReads(db, guarded, finder);
  const refusalNow = prepareOpeningBounds(db);
  const lastSeq = db
    .select({ seq: max(approvalEvents.seq) })
    .from(approvalEvents)
    .where(eq(approvalEvents.requestId, sql.placeholder("id")))
    .prepare();

  async function immediately<T>(work: () => T): Promise<T> {
    const done = await guarded(() => db.transaction(work, { behavior: "immediate" }));
    onCommit();
    return done;
  }

  function addEvent(id: string, event: NewEvent): EventRow {
    const row = eventRow(id, (lastSeq.get({ id })?.seq ?? 0) + 1, event);
    db.insert(approvalEvents).values(row).run();
    return row;
  }

  function openNow(wanted: NewApproval, former: string, rules: OpeningRules): Opening {
    const { record } = wanted;
    const before = finder.newest(record.digest) ?? finder.newest(former);
    if (before !== undefined && isOpen(before.record.state)) {
      return { kind: "joined", stored: joinNow(before, record.run) };
    }
    if (before !== undefined && before.doubt !== "broken" && isUntold(before, rules))
      return { kind: "ended", stored: before };
    const refused = refusalNow(record, rules);
    if (refused !== undefined) return refused;
    insertRequest(db, wanted);
    const event = addEvent(record.id, wanted.event);
    insertMessages(db, messageSeals, wanted.messages);
    seals.renew(record.id, undefined, event);
    return { kind: "opened", stored: { record, decisions: [] }, event: eventOf(event) };
  }

  /** Whoever joins and cannot come back for it has it run by the gateway; the first one loses nothing by that. */
  function joinNow(before: StoredApproval, run: "gateway" | "caller"): StoredApproval {
    if (run === "caller" || before.record.run === "gateway") return before;
    db.update(rows).set({ run }).where(eq(rows.id, before.record.id)).run();
    seals.renew(before.record.id, before.doubt);
    return { ...before, record: { ...before.record, run } };
  }

  function changeNow(before: StoredApproval, change: ApprovalChange): Changed {
    const { id, version } = before.record;
    const { record } = change;
    const updated = db
      .update(rows)
      .set(changingColumns(record))
      // The transaction is immediate, so that nobody can have been faster. This says so, and makes sure.
      .where(and(eq(rows.id, id), eq(rows.version, version)))
      .run();
    if (updated.changes !== 1) throw new StoreError("STORE_FAILED", "An approval request changed in a transaction.");
    if (isOpen(before.record.state) && !isOpen(record.state)) {
      db.update(approvalApprovers).set({ open: false }).where(eq(approvalApprovers.requestId, id)).run();
    }
    const vote = change.decision === undefined ? undefined : decisionRow(id, change.decision);
    if (vote !== undefined) db.insert(approvalDecisions).values(vote).run();
    if (change.result !== undefined) {
      db.update(approvalSealed).set({ result: change.result }).where(eq(approvalSealed.requestId, id)).run();
    }
    if (change.purge === true) db.delete(approvalSealed).where(eq(approvalSealed.requestId, id)).run();
    const event = change.event === undefined ? undefined : addEvent(id, change.event);
    insertMessages(db, messageSeals, change.messages ?? []);
    seals.renew(id, before.doubt, event);
    const decisions = vote === undefined ? before.decisions : [...before.decisions, decisionOf(vote)];
    return { stored: { ...before, record, decisions }, event: event && eventOf(event) };
  }

  return {
    ...reads,
    async open({ digest, former, run, requester }, rules, make) {
      // Agents ask again and again. Most of them find what they asked for, and need no lock for that.
      const before = (await reads.newest(digest)) ?? (await reads.newest(former));
      if (
        before !== undefined &&
        isOpen(before.record.state) &&
        (run === "caller" || before.record.run === "gateway")
      ) {
        return { kind: "joined", stored: before };
      }
      // One that is joined, or whose end is still to be told, counts for nothing.
      const counts = before === undefined || !(isOpen(before.record.state) || isUntold(before, rules));
      const refused = counts ? await guarded(() => refusalNow(requester, rules)) : undefined;
      if (refused !== undefined) return refused;
      const wanted = await make();
      return immediately(() => openNow(wanted, former, rules));
    },
    async change(id, decide) {
      return immediately(() => {
        const before = finder.find(id);
        const change = before === undefined ? undefined : decide(before);
        return before === undefined || change === undefined ? undefined : changeNow(before, change);
      });
    },
    async renewLeases(owner, executions, leaseUntil) {
      const these = sql`${rows.executionId} IN (SELECT value FROM json_each(${JSON.stringify(executions)}))`;
      const mine = and(sql`${rows.state} = 'executing'`, eq(rows.executionOwner, owner), these);
      return immediately(() => {
        const running = finder.withDecisions(db.select(boundedColumns(rows)).from(rows).where(mine).all());
        for (const { record, doubt } of running) {
          db.update(rows).set({ leaseUntil, dueAt: leaseUntil }).where(eq(rows.id, record.id)).run();
          seals.renew(record.id, doubt);
        }
        return running.length;
      });
    },
  };
}

/** Adds the rows of a request: what is asked for, what of it is sealed, who may approve it. */
function insertRequest(db: BetterSQLite3Database, { record, sealed, approvers }: NewApproval): void {
  db.insert(rows).values(requestRow(record)).run();
  db.insert(approvalSealed)
    .values({ requestId: record.id, ...sealed })
    .run();
  for (const entry of approvers) {
    db.insert(approvalApprovers).values(approverRow(record, entry)).onConflictDoNothing().run();
  }
}

/** Adds what people are told, once each. */
function insertMessages(db: BetterSQLite3Database, seals: RowSeals<OutboxRow>, messages: readonly NewMessage[]): void {
  for (const { dedupeKey, notifier, notice } of messages) {
    const { kind, requestId, at } = notice;
    const said = { dedupeKey, notifier, kind, requestId, payload: JSON.stringify(notice) };
    const state = { attempts: 0, nextAt: at, doneAt: null, deadAt: null, lastError: null, createdAt: at };
    const { id: _, ...row } = seals.sealed({ id: 0, ...said, ...state, mac: null });
    db.insert(outbox).values(row).onConflictDoNothing({ target: outbox.dedupeKey }).run();
  }
}

/** Whether it has ended, and its requester is still to be told. Who took it back needs no telling. */
function isUntold({ record }: StoredApproval, { undeliveredSince }: OpeningRules): boolean {
  if (record.state === "cancelled" || record.deliveredAt !== undefined) return false;
  return record.endedAt !== undefined && record.endedAt >= undeliveredSince;
}
