import { type CallOutcome, SERVER_FAULTS } from "../core/call-outcome.ts";
import { type CountableRow, type Counted, type Increment, LONG_STEP, SHORT_STEP } from "../store/activity/activity.ts";
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
 * Ends of calls to which the server gave an answer, and those that were its fault. Nothing else reached it to the end. How long
 * a fault took says nothing about how fast the server answers: the gateway may have refused the call, or given up waiting.
 */
const ANSWERED: ReadonlySet<string> = new Set<CallOutcome>(["ok", "tool_error", "rpc_error", "RESULT_WITHHELD"]);
const FAULTS: ReadonlySet<string> = new Set(SERVER_FAULTS);

/**
 * What rows of the audit give to count, by the span in which they were written; nothing of spans that are no longer kept
 * at `now`. Calls are what clients called: the run of an approved call is no decision of its own, and what matched before
 * it has been counted with the call that asked. What matched on a result counts wherever it did. Pure.
 */
export function countRows(rows: readonly CountableRow[], now: number): readonly Increment[] {
  const counts: Counts = new Map();

  function add(row: CountableRow, what: Counted, name: string, bucket = 0): void {
    addTo(counts, { step: SHORT_STEP, what, at: beginOf(SHORT_STEP, row.at), name, bucket, n: 1 });
  }

  function addMatches(row: CountableRow): void {
    for (const { policy, shadow } of readMatches(row.policies)) add(row, shadow ? "shadow" : "applied", policy);
  }

  for (const row of rows) {
    if (!isCountable(row)) continue;
    const { kind, upstream, decision, outcome, durationMs, waitedMs } = row;
    if (kind === "opened" && row.approval === null) {
      if (decision !== null) add(row, "decision", decision);
      addMatches(row);
    }
    if (kind === "closed") {
      addMatches(row);
      if (upstream !== null && outcome !== null && durationMs !== null) {
        if (ANSWERED.has(outcome)) add(row, "latency", upstream, bucketOf(durationMs));
        if (FAULTS.has(outcome)) add(row, "fault", upstream);
      }
    }
    if (waitedMs !== null) add(row, "waiting", "", bucketOf(waitedMs));
  }
  return bySpans(counts, now);
}

// A row that somebody has changed so that it cannot be read must not keep all others from being counted.
function isCountable({ at, upstream, decision, outcome, policies, durationMs, waitedMs }: CountableRow): boolean {
  const isNumber = (value: number | null): boolean => value === null || Number.isFinite(value);
  const isText = (value: string | null): boolean => value === null || typeof value === "string";
  return (
    Number.isFinite(at) &&
    [durationMs, waitedMs].every(isNumber) &&
    [upstream, decision, outcome, policies].every(isText)
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
    for (const { step, keptMs } of SPANS) {
      const at = beginOf(step, count.at);
      if (at >= now - keptMs) addTo(all, { ...count, step, at });
    }
  }
  return [...all.values()];
}
