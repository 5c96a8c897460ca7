import type { ChainHead } from "../../store/audit/audit-row.ts";
import type { Unproven } from "./finding.ts";
import type { ChainVerdict } from "./verify-chain.ts";

/** As many rows are named in one message. */
const NAMED = 10;

/**
 * What a whole chain leaves open although rows of it (`heads`, at least one) are known outside: its end, unless that is where
 * a gateway stopped or what somebody noted (`noted`); what came before a start that followed no stop; and checkpoints of
 * which no anchor knows. Pure.
 */
export function openAgainst(
  heads: readonly ChainHead[],
  { lastSeq, checkpoints }: Extract<ChainVerdict, { ok: true }>,
  noted: number | undefined,
): readonly Unproven[] {
  const { last, resumed, unanchored } = checkpoints;
  const known = heads.reduce((highest, { seq }) => Math.max(highest, seq), 0);
  const stopped = last?.seq === lastSeq && last.reason === "stop";
  const ended = known === lastSeq && (stopped || noted === lastSeq);
  return [
    ...(ended ? [] : [{ code: "anchor_stale", message: endText(known, lastSeq) }]),
    ...resumed.map(({ seq, at }) => ({ code: "crash", message: crashText(seq, at) })),
    ...(unanchored.length === 0 ? [] : [{ code: "anchor_gap", message: gapText(unanchored) }]),
  ];
}

function endText(known: number, lastSeq: number): string {
  const end = known < lastSeq ? ` The record goes on to row ${lastSeq}.` : "";
  return (
    `After row ${known}, the last that is known outside, rows could have been cut off: the record does not end where a ` +
    `gateway stopped.${end} A gateway that runs, or that crashed, leaves it so.`
  );
}

function crashText(seq: number, at: number): string {
  return (
    `Rows could have been cut off before row ${seq}: a gateway started there at ${new Date(at).toISOString()}, and none had ` +
    "stopped before (it crashed, or two ran at once)."
  );
}

function gapText(seqs: readonly number[]): string {
  const rest = seqs.length > NAMED ? ", and others" : "";
  return (
    `The anchor lacks the checkpoints of rows ${seqs.slice(0, NAMED).join(", ")}${rest}: it could not be told of them then ` +
    "(the log says so), or lines were taken out of it."
  );
}
