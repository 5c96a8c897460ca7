import type { RecordFault } from "../../store/audit/checkpoint-row.ts";
import type { KeyedSince } from "../../store/audit/keyed-since.ts";
import type { RecordFinding } from "./finding.ts";
import type { ChainVerdict } from "./verify-chain.ts";

/** Whether the first keyed row of a chain is the one since which rows are keyed, by what is on record of that. Pure. */
export function sinceFindings(since: KeyedSince | undefined, chain: ChainVerdict): readonly RecordFinding[] {
  if (since === undefined) return [{ code: "since", message: MISSING }];
  if (!chain.ok) return [];
  const { seq, hash } = chain.keyedFrom;
  const fits = since.begun ? seq === since.seq && hash === since.hash : seq === since.seq + 1;
  if (fits) return [];
  const wanted = since.begun ? since.seq : since.seq + 1;
  return [{ code: "since", seq, message: `Rows are keyed from row ${wanted} on, and the first one now is ${seq}.` }];
}

/** What a gateway said when it went on with a record that was not the one it had been left with. Pure. */
export function foundText(fault: RecordFault, seq: number): string {
  return `At row ${seq} a gateway ${FOUND[fault]}.`;
}

const MISSING =
  "It is not on record since when rows are keyed, or not under this gateway's secret: it was taken away, so that rows " +
  "written anew could pass for those of before there was a key.";

const FOUND: Readonly<Record<RecordFault, string>> = {
  since:
    "did not find on record since when rows are keyed: that, or all of it, was written anew, or it has another secret",
  rows: "did not find the rows that it had been left with: they were deleted or written anew while none ran",
  older: "found an older copy of its database, or another one: it lacked the row with which the gateway had left it",
  away: "found its database again, which had been replaced or removed while it ran; meanwhile it refused calls",
};
