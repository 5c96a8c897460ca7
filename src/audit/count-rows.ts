import { serverPartOf } from "../core/call-outcome.ts";
import {
  type CountableRow,
  type Counted,
  type Increment,
  LONG_STEP,
  OTHER_KINDS,
  SHORT_STEP,
} from "../store/activity/activity.ts";
import { askedMsIn } from "./asked-ms.ts";
import { bucketOf } from "./histogram.ts";
import { readMatches } from "./read/read-matches.ts";

/** How long counts are kept, ms: those of the short spans two days, an hour more for whoever begins at a round time. */
export const SHORT_KEPT_MS = 2 * 86_400_000 + LONG_STEP;
/** Those of the long ones. */
export const LONG_KEPT_MS = 31 * 86_400_000;

const SPANS = [
  { step: SHORT_STEP, keptMs: SHORT_KEPT_MS },
  { step: LONG_STEP, keptMs: LONG_KEPT_MS },
] as const;

/**
 * What rows of the audit give to count, by the span in which they were written; nothing of spans that are no longer kept
 * at `now`. Calls of tools and requests about anything else are counted apart. Calls are what clients called: the run of an approved call is no decision of its own, and what matched before
 * it has been counted with the call that asked. What matched on a result counts wherever it did. Pure.
 *
 * A call is without an end from its opening on until one is on record, which takes it out of the span in which it was opened: what
 * stays there runs, or was lost with its gateway. How long a fault took says nothing about how fast the server answers: the gateway
 * may have refused the call, or given up waiting.
 */
export function countRows(rows: readonly CountableRow[], now: number): readonly Increment[] {
  const counts: Counts = new Map();

  function add(row: Pick<CountableRow, "at">, what: Counted, name: string, { bucket = 0, n = 1 } = {}): void {
    addTo(counts, { step: SHORT_STEP, what, at: beginOf(SHORT_STEP, row.at), name, bucket, n });
  }

  function addMatches(row: CountableRow): void {
    for (const { policy, shadow, effect } of readMatches(row.policies)) {
      // A guard that has seen a result was counted when its request was decided.
      if (row.kind === "closed" && effect === "guard") continue;
      add(row, shadow ? "shadow" : "applied", policy);
    }
  }

  for (const row of rows) {
    if (!isCountable(row)) continue;
    const { kind, upstream, subjectKind, decision, outcome, durationMs, facts, openedAt, waitedMs } = row;
    if (kind === "opened" && row.approval === null) {
      const what = subjectKind === null ? "decision" : OTHER_KINDS.find((other) => other === subjectKind);
      if (decision !== null && what !== undefined) add(row, what, decision);
      addMatches(row);
    }
    if (kind === "opened" && upstream !== null && subjectKind === null) add(row, "unended", upstream);
    if (kind === "closed") {
      addMatches(row);
      const ofTool = subjectKind === null ? upstream : null;
      if (ofTool !== null && openedAt !== null) add({ at: openedAt }, "unended", ofTool, { n: -1 });
      const part = outcome === null ? "none" : serverPartOf(outcome);
      if (ofTool !== null && durationMs !== null && part !== "none") {
        if (part !== "answered") add(row, part, ofTool);
        else add(row, "latency", ofTool, { bucket: bucketOf(Math.max(0, durationMs - askedMsIn(facts))) });
      }
    }
    if (waitedMs !== null) add(row, "waiting", "", { bucket: bucketOf(waitedMs) });
  }
  return bySpans(counts, now);
}

// A row that somebody has changed so that it cannot be read must not keep all others from being counted.
function isCountable(row: CountableRow): boolean {
  const { at, upstream, subjectKind, decision, outcome, policies, durationMs, facts, openedAt, waitedMs } = row;
  const isNumber = (value: number | null): boolean => value === null || Number.isFinite(value);
  const isText = (value: string | null): boolean => value === null || typeof value === "string";
  return (
    Number.isFinite(at) &&
    [durationMs, openedAt, waitedMs].every(isNumber) &&
    [upstream, subjectKind, decision, outcome, policies, facts].every(isText)
  );
}

type Counts = Map<string, { -readonly [Key in keyof Increment]: Increment[Key] }>;

/** When the span of this length begins that holds a moment. */
function beginOf(step: number, at: number): number {
  return Math.floor(at / step) * step;
}

function addTo(counts: Counts, { step, what, at, name, bucket, n }: Increment): void {
  const key = `${step} ${what} ${at} ${bucket} ${name}`;
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { step, what, at, name, bucket, n });
  else known.n += n;
}

/** What was counted in short spans, of which the long ones are made, in all spans that are kept. */
function bySpans(counts: Counts, now: number): readonly Increment[] {
  const all: Counts = new Map();
  for (const count of counts.values()) {
    if (count.n === 0) continue;
    for (const { step, keptMs } of SPANS) {
      const at = beginOf(step, count.at);
      if (at >= now - keptMs) addTo(all, { ...count, step, at });
    }
  }
  return [...all.values()];
}
