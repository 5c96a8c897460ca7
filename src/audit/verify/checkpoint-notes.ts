import type { StoredAuditRow } from "../../store/audit/audit-row.ts";
import type { RecordFault } from "../../store/audit/checkpoint-row.ts";
import {
  countsIn,
  type ForgedRow,
  forgedIn,
  foundIn,
  lostIn,
  type RecordCounts,
} from "../../store/audit/checkpoint-row.ts";

/** What the checkpoints of a chain say, taken together. */
export interface CheckpointNotes {
  readonly count: number;
  readonly last:
    | { readonly seq: number; readonly hash: string; readonly at: number; readonly reason: string }
    | undefined;
  /** Starts and stops in their order; `at` in ms since the epoch. */
  readonly turns: readonly { readonly at: number; readonly reason: "start" | "stop" }[];
  /** The most that was counted in each table. */
  readonly counted: RecordCounts;
  /** Rows that the gateway had written and did not find again, and where it says so. A hundred at most. */
  readonly lost: readonly { readonly seq: number; readonly noticedAt: number }[];
  /** Where a gateway says that it did not find the record that it was left with, and what. A hundred at most. */
  readonly found: readonly { readonly seq: number; readonly fault: RecordFault }[];
  /** Where a gateway says that it met a row of another table that none had written. A hundred at most. */
  readonly forged: readonly (ForgedRow & { readonly seq: number })[];
  /** Starts of which the row before is no stop: whether rows were cut before the gateway came back cannot be told. A hundred at most. */
  readonly resumed: readonly { readonly seq: number; readonly at: number }[];
  /** Checkpoints after the first anchored one that no anchor knows. A hundred at most. */
  readonly unanchored: readonly number[];
}

const MAX_LISTED = 100;

/** Gathers them row by row, each of them whole. `anchored`: the numbers of rows that are known outside. */
export function createCheckpointNotes(anchored: ReadonlySet<number>): {
  add(row: StoredAuditRow): void;
  sum(): CheckpointNotes;
} {
  let count = 0;
  let last: CheckpointNotes["last"];
  let counted: RecordCounts = { approvals: 0, events: 0, decisions: 0 };
  const turns: { at: number; reason: "start" | "stop" }[] = [];
  const lost: { seq: number; noticedAt: number }[] = [];
  const found: { seq: number; fault: RecordFault }[] = [];
  const forged: (ForgedRow & { seq: number })[] = [];
  const resumed: { seq: number; at: number }[] = [];
  const unanchored: number[] = [];
  let afterAnchored = false;
  let afterStop = true;
  return {
    add(row) {
      const quiet = afterStop;
      // What was written before there was a key is a matter of its own.
      afterStop = row.scheme === null || (row.kind === "checkpoint" && row.outcome === "stop");
      if (row.kind !== "checkpoint") return;
      const { seq, hash, at, outcome } = row;
      count += 1;
      last = { seq, hash, at, reason: outcome ?? "" };
      if (outcome === "start" || outcome === "stop") turns.push({ at, reason: outcome });
      const gone = outcome === "broken" ? lostIn(row) : undefined;
      if (gone !== undefined && lost.length < MAX_LISTED) lost.push({ seq: gone, noticedAt: seq });
      const fault = outcome === "broken" ? foundIn(row) : undefined;
      if (fault !== undefined && found.length < MAX_LISTED) found.push({ seq, fault });
      const foreign = outcome === "broken" ? forgedIn(row) : undefined;
      if (foreign !== undefined && forged.length < MAX_LISTED) forged.push({ seq, ...foreign });
      if (outcome === "start" && !quiet && resumed.length < MAX_LISTED) resumed.push({ seq, at });
      // Anchors are told of every other kind.
      const missing = afterAnchored && outcome !== "broken" && !anchored.has(seq);
      if (missing && unanchored.length < MAX_LISTED) unanchored.push(seq);
      afterAnchored ||= anchored.has(seq);
      const counts = countsIn(row);
      if (counts === undefined) return;
      counted = {
        approvals: Math.max(counted.approvals, counts.approvals),
        events: Math.max(counted.events, counts.events),
        decisions: Math.max(counted.decisions, counts.decisions),
      };
    },
    sum: () => ({ count, last, turns, counted, lost, found, forged, resumed, unanchored }),
  };
}
