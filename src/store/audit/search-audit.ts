import { and, asc, desc, eq, gt, gte, lt, max, notInArray, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { LONG_STEP } from "../activity/activity.ts";
import { activityHours, activityState } from "../activity/schema.ts";
import { bounded } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { entryOf } from "./audit-entry.ts";
import type { AuditEntry, AuditFilter, AuditReader } from "./audit-rows.ts";
import { bytesOf, firstThatFit, LISTED, rowsAt } from "./rows-within.ts";
import { audit } from "./schema.ts";
import { closed, conditionOf, LOST } from "./search-conditions.ts";

/*
 * Few of the things that can be searched for have an index, because every call would pay for it. What has none is found
 * by reading: a few thousand rows at a time, so that nothing else waits for longer than some milliseconds.
 */

/** How much is read. */
export interface SearchLimits {
  /** Rows without a pause. */
  readonly windowRows: number;
  /** Rows for one page. */
  readonly searchRows: number;
  /** What the entries of one page hold in all, about: their texts, most of which are JSON that has to be read. */
  readonly pageBytes: number;
}

const LIMITS: SearchLimits = { windowRows: 5_000, searchRows: 250_000, pageBytes: 4 * 1024 * 1024 };

/** Entries in one page of an export. */
const PAGE_ENTRIES = 500;

/** Sequence numbers from `from` on, before `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

// Where somebody wrote a text in the place of a number, as anywhere.
const COUNTED = bounded(activityState.counted).mapWith(activityState.counted);
const FIRST = bounded(sql`min(${activityHours.firstSeq})`) as SQL<number | null>;
const LAST = bounded(sql`max(${activityHours.lastSeq})`) as SQL<number | null>;

const BYTES = bytesOf(LISTED);
const BYTES_AT_END = bytesOf(LISTED, closed);

/** Finds entries of the audit through one connection. */
export function createAuditSearch(
  db: BetterSQLite3Database,
  guarded: Guarded,
  { windowRows, searchRows, pageBytes }: SearchLimits = LIMITS,
): Pick<AuditReader, "list" | "entries" | "about"> {
  /** Entries that fit, with their ends: `limit` at most, and no more than there is room for. `cut`: there were more within the limit. */
  function select(wanted: SQL | undefined, order: "newest" | "oldest", limit: number, room = pageBytes) {
    const found = db
      .select({ seq: audit.seq, end: closed.seq, lost: LOST, bytes: sql<number>`${BYTES} + ${BYTES_AT_END}` })
      .from(audit)
      .leftJoin(closed, and(eq(closed.callId, audit.callId), eq(closed.kind, "closed"), eq(audit.kind, "opened")))
      .where(and(notInArray(audit.kind, ["closed", "checkpoint"]), wanted))
      .orderBy(order === "newest" ? desc(audit.seq) : asc(audit.seq))
      .limit(limit)
      .all();
    const fitting = firstThatFit(found, room, room === pageBytes);
    const seqs = fitting.flatMap(({ seq, end }) => (end === null ? [seq] : [seq, end]));
    const rows = rowsAt(db, LISTED, seqs);
    const entries = fitting.flatMap(({ seq, end, lost }) => {
      const row = rows.get(seq);
      return row === undefined ? [] : [entryOf(row, end === null ? null : (rows.get(end) ?? null), lost === 1)];
    });
    const bytes = fitting.reduce((sum, each) => sum + each.bytes, 0);
    return { entries, bytes, cut: fitting.length < found.length, last: fitting.at(-1)?.seq };
  }

  /** What to look for, and where. */
  function plan(filter: AuditFilter) {
    const { approval, call } = filter;
    const byApproval = approval === undefined ? undefined : inSeqs(aboutApprovals([approval]));
    const known =
      call !== undefined &&
      db.select({ seq: audit.seq }).from(audit).where(eq(audit.callId, call)).limit(1).get() !== undefined;
    const byCall = known ? inSeqs(aboutCalls([call])) : undefined;
    const byTrace = call === undefined || known ? undefined : eq(audit.traceId, call);
    // Indexes find a few entries at once; all else takes reading.
    const rows = byApproval === undefined && byCall === undefined ? windowRows : Number.POSITIVE_INFINITY;
    return {
      wanted: and(byApproval, byCall, byTrace, conditionOf(filter)),
      windows: windowsOf(rangesOf(db, filter), rows),
    };
  }

  async function list(filter: AuditFilter) {
    const { wanted, windows } = await guarded(() => plan(filter));
    // One more than asked tells whether there is more.
    const found: AuditEntry[] = [];
    let room = pageBytes;
    let left = searchRows;
    let reached: number | undefined;
    for (const { from, to } of windows) {
      if (left <= 0) {
        reached = to;
        break;
      }
      if (left < searchRows) await pause();
      left -= windowRows;
      const range = and(gte(audit.seq, from), lt(audit.seq, to), wanted);
      const page = await guarded(() => select(range, "newest", filter.limit + 1 - found.length, room));
      found.push(...page.entries);
      room -= page.bytes;
      if (page.cut) reached = found.at(-1)?.seq;
      if (page.cut || found.length > filter.limit) break;
    }
    const entries = found.slice(0, filter.limit);
    const nextCursor = found.length > filter.limit ? entries.at(-1)?.seq : reached;
    return { entries: entries.reverse(), nextCursor };
  }

  async function* entries(filter: AuditFilter): AsyncGenerator<readonly AuditEntry[]> {
    const { cursor: _, ...lasting } = filter;
    const { wanted, windows } = await guarded(() => plan(lasting));
    for (const { from, to } of windows.reverse()) {
      for (let next = from; next < to; ) {
        const range = and(gte(audit.seq, next), lt(audit.seq, to), wanted);
        const page = await guarded(() => select(range, "oldest", PAGE_ENTRIES));
        if (page.entries.length > 0) yield page.entries;
        next = page.cut || page.entries.length === PAGE_ENTRIES ? (page.last ?? to) + 1 : to;
        await pause();
      }
    }
  }

  return {
    list,
    entries,
    async about({ calls, approvals, challenges, limit }) {
      const seqs = [aboutCalls(calls), aboutApprovals(approvals), aboutChallenges(challenges)];
      return guarded(() => select(inSeqs(sql.join(seqs, sql` UNION `)), "oldest", limit));
    },
  };
}

function inSeqs(seqs: SQL): SQL {
  return sql`${audit.seq} IN (${seqs})`;
}

function aboutCalls(ids: readonly string[]): SQL {
  return sql`SELECT seq FROM audit WHERE call_id IN ${listOf(ids)}`;
}

/** Entries that name the request, and calls whose end does. */
function aboutApprovals(ids: readonly string[]): SQL {
  return sql`SELECT seq FROM audit WHERE approval IN ${listOf(ids)} UNION ${openingsOf(sql`approval IN ${listOf(ids)}`)}`;
}

function aboutChallenges(ids: readonly string[]): SQL {
  return sql`SELECT seq FROM audit WHERE challenge IN ${listOf(ids)} UNION ${openingsOf(sql`challenge IN ${listOf(ids)}`)}`;
}

function openingsOf(closing: SQL): SQL {
  return sql`SELECT seq FROM audit WHERE kind = 'opened' AND call_id IN (SELECT call_id FROM audit WHERE kind = 'closed' AND ${closing})`;
}

function listOf(ids: readonly string[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
}

/** The ranges in pieces, newest first. */
function windowsOf(ranges: readonly Range[], rows: number): Range[] {
  return ranges.flatMap(({ from, to }) => {
    const windows: Range[] = [];
    for (let end = to; end > from; end -= rows) windows.push({ from: Math.max(from, end - rows), to: end });
    return windows;
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Where in the audit all entries of the time stand, newest part first; all of it, as far as nothing is counted. */
function rangesOf(db: BetterSQLite3Database, filter: AuditFilter): readonly Range[] {
  const last =
    db
      .select({ seq: max(audit.seq) })
      .from(audit)
      .get()?.seq ?? 0;
  const top = Math.min(last + 1, filter.cursor ?? last + 1);
  const bottom = (filter.after ?? 0) + 1;
  const whole = [{ from: bottom, to: top }];
  if (filter.since === undefined && filter.until === undefined) return whole;
  const counted = db.select({ seq: COUNTED }).from(activityState).get()?.seq ?? 0;
  const place = db
    .select({ first: FIRST, last: LAST })
    .from(activityHours)
    .where(
      and(
        filter.since === undefined ? undefined : gt(activityHours.at, filter.since - LONG_STEP),
        filter.until === undefined ? undefined : lt(activityHours.at, filter.until),
      ),
    )
    .get();
  const uncounted = { from: Math.max(bottom, counted + 1), to: top };
  const within = {
    from: Math.max(bottom, place?.first ?? top),
    to: Math.min(top, (place?.last ?? 0) + 1, counted + 1),
  };
  return [uncounted, within].filter(({ from, to }) => from < to);
}
