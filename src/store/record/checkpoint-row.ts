import { randomId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import { type AuditRow, type ChainHead, EMPTY_ROW } from "../audit-row.ts";

/**
 * Why a checkpoint was made: the gateway started, an hour went by, it stopped. `broken`: rows that the gateway had
 * written were gone when it wanted to add more.
 */
export const CHECKPOINT_REASONS = ["start", "hourly", "stop", "broken"] as const;
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

/** The row that says that `lost` had been written, and is not where it was. */
export function brokenRow(lost: ChainHead, at: number): AuditRow {
  const facts = JSON.stringify({ lost_seq: lost.seq, lost_hash: lost.hash });
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
