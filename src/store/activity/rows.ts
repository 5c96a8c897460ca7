import type Database from "better-sqlite3";
import { boundedText } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { type ActivityStore, COUNTED, type CountableRow, type CountedSum, LONG_STEP } from "./activity.ts";

export interface ActivityStoreDeps {
  readonly connection: Database.Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
}

/** A vote decided its request if the request was decided at that moment; of two in one millisecond, the first counts. */
const WAITED = `CASE WHEN a.kind = 'decided' AND a.approval IS NOT NULL AND a.outcome IN ('approve', 'reject') THEN
  (SELECT r.decided_at - r.created_at FROM approval_requests r WHERE r.id = a.approval AND r.decided_at = a.at
    AND NOT EXISTS (SELECT 1 FROM audit e WHERE e.approval = a.approval AND e.kind = 'decided' AND e.at = a.at
      AND e.outcome IN ('approve', 'reject') AND e.seq < a.seq)) END`;

const NEXT = `SELECT a.seq, a.at, ${boundedText("a.kind")} AS kind, o.at AS openedAt,
  CASE WHEN a.kind = 'closed' THEN ${boundedText("o.upstream")} ELSE ${boundedText("a.upstream")} END AS upstream,
  CASE WHEN a.kind = 'closed' THEN ${boundedText("o.subject_kind")} ELSE ${boundedText("a.subject_kind")} END AS subjectKind,
  ${boundedText("a.decision")} AS decision,
  ${boundedText("a.policies")} AS policies, ${boundedText("a.outcome")} AS outcome, a.duration_ms AS durationMs,
  CASE WHEN a.kind = 'closed' THEN ${boundedText("a.facts")} END AS facts,
  ${boundedText("a.approval")} AS approval, ${WAITED} AS waitedMs
  FROM audit a LEFT JOIN audit o ON a.kind = 'closed'
    AND o.seq = (SELECT e.seq FROM audit e WHERE e.call_id = a.call_id AND e.kind = 'opened' LIMIT 1)
  WHERE a.seq > ? ORDER BY a.seq LIMIT ?`;

// The driver binds every number as a fraction: only whole ones divide into spans.
const SPAN = "(at - CAST(@since AS INTEGER)) / CAST(@groupMs AS INTEGER)";

const SUMS = `SELECT CAST(@since AS INTEGER) + ${SPAN} * CAST(@groupMs AS INTEGER) AS at, ${boundedText("name")} AS name, bucket, sum(n) AS n FROM activity_counts
  WHERE step = @step AND what = @what AND at >= @since AND at < @until GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3`;

const SLICE_CHARS = 1024 * 1024;

interface State {
  readonly counted: number;
  readonly owner: string;
  readonly ownedUntil: number;
}

/**
 * Keeps the counts. Rows are read before the transaction that counts them, so that this one is short; that nobody else
 * has counted them meanwhile is part of it. Prepared by hand: every row of the audit passes through.
 */
export function createActivityStore({ connection, guarded, onCommit }: ActivityStoreDeps): ActivityStore {
  const state = connection.prepare<[], State>(
    `SELECT ${boundedText("counted")} AS counted, ${boundedText("owner")} AS owner, ${boundedText("owned_until")} AS ownedUntil FROM activity_state WHERE id = 1`,
  );
  const next = connection.prepare<[number, number], CountableRow>(NEXT);
  const last = connection.prepare<[], { seq: number | null }>("SELECT max(seq) AS seq FROM audit");
  const advance = connection.prepare(
    "UPDATE activity_state SET counted = ?, owner = ?, owned_until = ? WHERE id = 1 AND (counted = ? OR typeof(counted) <> 'integer')",
  );
  const release = connection.prepare("UPDATE activity_state SET owned_until = 0 WHERE id = 1 AND owner = ?");
  const add = connection.prepare(
    `INSERT INTO activity_counts (step, what, at, name, bucket, n) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET n = n + excluded.n`,
  );
  const place = connection.prepare(
    `INSERT INTO activity_hours (at, first_seq, last_seq) VALUES (?, ?, ?) ON CONFLICT DO UPDATE
     SET first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq)`,
  );
  const oldest = connection.prepare<[number, string, number], { at: number | null }>(
    "SELECT min(at) AS at FROM activity_counts WHERE step = ? AND what = ? AND at < ?",
  );
  const remove = connection.prepare("DELETE FROM activity_counts WHERE step = ? AND what = ? AND at = ?");
  const sums = connection.prepare<[Parameters<ActivityStore["sums"]>[0]], CountedSum>(SUMS);

  /** Where somebody wrote what is no number, counting goes on from the end: nothing is counted twice. */
  const stateNow = (): State => {
    const found = state.get() ?? { counted: 0, owner: "", ownedUntil: 0 };
    return Number.isSafeInteger(found.counted) ? found : { ...found, counted: last.get()?.seq ?? 0 };
  };

  /** Rows whose policies are long are fewer: each is read. */
  const sliceAfter = (seq: number, limit: number): readonly CountableRow[] => {
    const rows: CountableRow[] = [];
    let chars = 0;
    for (const row of next.iterate(seq, limit)) {
      rows.push(row);
      chars += row.policies?.length ?? 0;
      if (chars > SLICE_CHARS) break;
    }
    return rows;
  };

  const countNow = connection.transaction((...[slice, increments, owner]: Parameters<ActivityStore["count"]>) => {
    const { after, rows } = slice;
    if (advance.run(rows.at(-1)?.seq ?? after, owner.id, owner.until, after).changes !== 1) return false;
    for (const { step, what, at, name, bucket, n } of increments) add.run(step, what, at, name, bucket, n);
    for (const [at, { first, last: end }] of placesOf(rows)) place.run(at, first, end);
    return true;
  });

  const forgetNow = connection.transaction((step: number, before: number): boolean => {
    const found = COUNTED.map((what) => ({ what, at: oldest.get(step, what, before)?.at ?? null }));
    for (const { what, at } of found) if (at !== null) remove.run(step, what, at);
    return found.some(({ at }) => at !== null);
  });

  return {
    next: (owner, now, limit) =>
      guarded(() => {
        const at = stateNow();
        if (at.owner !== owner && at.ownedUntil > now) return undefined;
        return { after: at.counted, rows: sliceAfter(at.counted, limit) };
      }),
    async count(...given) {
      const counted = await guarded(() => countNow.immediate(...given));
      if (counted) onCommit();
      return counted;
    },
    async release(owner) {
      await guarded(() => release.run(owner));
    },
    behind: () => guarded(() => Math.max(0, (last.get()?.seq ?? 0) - stateNow().counted)),
    async forget(step, before) {
      const removed = await guarded(() => forgetNow.immediate(step, before));
      if (removed) onCommit();
      return removed;
    },
    async sums(query) {
      const found = await guarded(() => sums.all(query));
      // Counts that cannot be read count nothing.
      return found.filter(
        ({ at, name, bucket, n }) => typeof name === "string" && [at, bucket, n].every(Number.isSafeInteger),
      );
    },
  };
}

/** By hour: the first and the last of the rows that a search can find. */
function placesOf(
  rows: readonly CountableRow[],
): ReadonlyMap<number, { readonly first: number; readonly last: number }> {
  const places = new Map<number, { readonly first: number; readonly last: number }>();
  for (const { seq, at, kind } of rows) {
    if (kind === "closed" || kind === "checkpoint") continue;
    const hour = Math.floor(at / LONG_STEP) * LONG_STEP;
    places.set(hour, { first: places.get(hour)?.first ?? seq, last: seq });
  }
  return places;
}
