import { randomId } from "../../core/ids.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { type AuditRow, type ChainHead, EMPTY_ROW } from "./audit-row.ts";

/**
 * Why a checkpoint was made: the gateway started, some time went by, it stopped. `broken`: rows that the gateway had
 * written were gone when it wanted to add more, the record was not the one that it had been left with, or another table
 * holds a row that it did not write.
 */
export const CHECKPOINT_REASONS = ["start", "regular", "stop", "broken"] as const;
export type CheckpointReason = (typeof CHECKPOINT_REASONS)[number];

/**
 * What a gateway found when it went on with a record. `since`: it is not on record since when rows are keyed. `rows`: they are
 * not those that it was left with: the first keyed one is not there, or the last one is not keyed. `away`: for some time, while
 * the gateway had it open, the file of the database was another one, or none. `older`: it lacks the row that the gateway left last.
 */
export type RecordFault = (typeof RECORD_FAULTS)[number];
export const RECORD_FAULTS = ["since", "rows", "away", "older"] as const;

/** How many rows there are in tables whose rows are never removed. */
export interface RecordCounts {
  readonly approvals: number;
  readonly events: number;
  readonly decisions: number;
}

/** A row that this process had written and that is there no longer, or what it found before it wrote any. */
export type BrokenRecord =
  | { readonly kind: "lost"; readonly row: ChainHead }
  | { readonly kind: "found"; readonly fault: RecordFault };

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
  return rowOf(said, at);
}

/** The row that says that in another table there is a row which no gateway wrote. */
export function forgedRow({ table, id }: ForgedRow, at: number): AuditRow {
  return rowOf({ forged_table: table, forged_id: id }, at);
}

/** A row that no gateway with this secret wrote. */
export interface ForgedRow {
  readonly table: string;
  readonly id: string;
}

function rowOf(facts: JsonObject, at: number): AuditRow {
  const about = { kind: "checkpoint", outcome: "broken", facts: JSON.stringify(facts) } as const;
  return { ...EMPTY_ROW, at, callId: checkpointId(), ...about };
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
  return RECORD_FAULTS.find((fault) => fault === found);
}

/** Which row of another table no gateway wrote. @throws never */
export function forgedIn(row: Pick<AuditRow, "facts">): ForgedRow | undefined {
  const { forged_table: table, forged_id: id } = factsIn(row) ?? {};
  return typeof table === "string" && typeof id === "string" ? { table, id } : undefined;
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
