import { randomId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import type { BrokenRecord } from "../append-audit.ts";
import { type AuditRow, EMPTY_ROW } from "../audit-row.ts";
import type { RecordFault } from "../keyed-since.ts";

/**
 * Why a checkpoint was made: the gateway started, some time went by, it stopped. `broken`: rows that the gateway had
 * written were gone when it wanted to add more, or the record was not the one that it had been left with.
 */
export const CHECKPOINT_REASONS = ["start", "regular", "stop", "broken"] as const;
export type CheckpointReason = (typeof CHECKPOINT_REASONS)[number];

/** How many rows there are in tables whose rows are never removed. */
export interface RecordCounts {
  readonly approvals: number;
  readonly events: number;
  readonly decisions: number;
}

/** The row of a checkpoint. What it counted stands in `facts`, as JSON. */
export function checkpointRow(reason: CheckpointReason, at: number, counts: RecordCounts): AuditRow {
  return {
    ...EMPTY_ROW,
    at,
    callId: checkpointId(),
    kind: "checkpoint",
    outcome: reason,
    facts: JSON.stringify(counts),
  };
}

/** The row that says that a row had been written and is not where it was, or what was found instead of the record. */
export function brokenRow(broken: BrokenRecord, at: number): AuditRow {
  const { kind } = broken;
  const said = kind === "lost" ? { lost_seq: broken.row.seq, lost_hash: broken.row.hash } : { found: broken.fault };
  const facts = JSON.stringify(said);
  return { ...EMPTY_ROW, at, callId: checkpointId(), kind: "checkpoint", outcome: "broken", facts };
}

/** What a checkpoint counted; `undefined` where it did not. @throws never */
export function countsIn(row: Pick<AuditRow, "facts">): RecordCounts | undefined {
  const facts = factsIn(row);
  const { approvals, events, decisions } = facts ?? {};
  if (typeof approvals !== "number" || typeof events !== "number" || typeof decisions !== "number") return undefined;
  return { approvals, events, decisions };
}

/** The number of the row that was lost. @throws never */
export function lostIn(row: Pick<AuditRow, "facts">): number | undefined {
  const seq = factsIn(row)?.["lost_seq"];
  return typeof seq === "number" ? seq : undefined;
}

/** What a gateway found when it started. @throws never */
export function foundIn(row: Pick<AuditRow, "facts">): RecordFault | undefined {
  const found = factsIn(row)?.["found"];
  return found === "since" || found === "rows" ? found : undefined;
}

function factsIn({ facts }: Pick<AuditRow, "facts">) {
  if (facts === null) return undefined;
  try {
    const value: unknown = JSON.parse(facts);
    return isObject(value) ? value : undefined;
  } catch {
    // Tampered with: the chain says so.
    return undefined;
  }
}

function checkpointId(): string {
  return `chk_${randomId()}`;
}
