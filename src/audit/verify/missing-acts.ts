import type { MissingAct } from "../../store/record/witness.ts";
import type { CheckpointNotes } from "./checkpoint-notes.ts";
import type { RecordFinding, Unproven } from "./finding.ts";

/** Votes and ends are on their way to the audit for some milliseconds: a crash loses those of one moment, no more. */
const MOMENT_MS = 1_000;

/**
 * What it means that decided acts (oldest first) have no row. Those of one moment, after which no gateway stopped in order,
 * may have been lost in a crash. All others had their row, and it was taken away. Pure.
 */
export function missingActFindings(
  acts: readonly MissingAct[],
  turns: CheckpointNotes["turns"],
): { readonly findings: readonly RecordFinding[]; readonly unproven: readonly Unproven[] } {
  const byRun = new Map<number, MissingAct[]>();
  for (const act of acts) {
    const next = turns.findIndex(({ at }) => at >= act.at);
    byRun.set(next, [...(byRun.get(next) ?? []), act]);
  }
  const findings: RecordFinding[] = [];
  const unproven: Unproven[] = [];
  for (const [next, missing] of byRun) {
    const span = (missing.at(-1)?.at ?? 0) - (missing[0]?.at ?? 0);
    const crashed = turns[next]?.reason !== "stop" && span <= MOMENT_MS;
    for (const { id, what, at } of missing) {
      const said = `No row tells of ${what} on ${id} at ${moment(at)}`;
      if (crashed) unproven.push({ code: "lost_acts", message: `${said}; a crash at that moment can have lost it.` });
      else findings.push({ code: "acts", message: `${said}: it was deleted.` });
    }
  }
  return { findings, unproven };
}

/** Also of what is no moment: somebody else may have written it. */
function moment(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
