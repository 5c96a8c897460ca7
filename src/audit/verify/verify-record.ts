import type { ChainHead } from "../../store/audit/audit-row.ts";
import type { AuditReader } from "../../store/audit/audit-rows.ts";
import type { ForgedRow, RecordCounts } from "../../store/audit/checkpoint-row.ts";
import type { SealedText } from "../../store/record/sealed-texts.ts";
import type { RecordWitness } from "../../store/record/witness.ts";
import type { AnchorFile } from "../checkpoints/anchor-file.ts";
import type { RecordFinding, Unproven } from "./finding.ts";
import { missingActFindings } from "./missing-acts.ts";
import { openAgainst } from "./open-ends.ts";
import { foundText, sinceFindings } from "./since-findings.ts";
import { type ChainOptions, type ChainVerdict, verifyChain } from "./verify-chain.ts";

/** What looking at a record found. */
export interface RecordVerdict {
  readonly chain: ChainVerdict;
  /** Everything that is wrong; the chain's break first. Empty: nothing is. */
  readonly findings: readonly RecordFinding[];
  readonly unproven: readonly Unproven[];
}

export interface RecordOptions extends Omit<ChainOptions, "heads"> {
  /** A row noted earlier, by whoever looked then. */
  readonly head?: ChainHead;
  /** The row with which a gateway left the record, as the file beside the database says. */
  readonly left?: ChainHead;
  /** What was written outside the database, if anything was. */
  readonly anchor?: AnchorFile;
  /** Whether an encrypted text opens as what it is stored as; absent: that is not looked at. */
  readonly opens?: (sealed: SealedText) => boolean;
  /** Hears that the whole file is about to be read in one go, which takes seconds for each GB. */
  readonly onFile?: () => void;
  /** ms since the epoch. */
  readonly now: number;
}

/** The parts of a store that are looked at. */
export interface RecordSource {
  readonly audit: Pick<AuditReader, "pages" | "hashAt">;
  readonly witness: RecordWitness;
}

/** So many texts that do not open are told of. */
const MAX_UNOPENED = 100;

/** What a running gateway has decided just now may not have its row yet. */
const ON_ITS_WAY_MS = 10_000;

/** Checks the record by itself, against the other tables, and against what is known of it outside. @throws StoreError */
export async function verifyRecord(source: RecordSource, options: RecordOptions): Promise<RecordVerdict> {
  const { head, left, anchor, ...chainOptions } = options;
  const heads = [...(head === undefined ? [] : [head]), ...(anchor?.checkpoints ?? [])];
  const chain = await verifyChain(source.audit, { ...chainOptions, heads });
  const { witness } = source;
  const findings: RecordFinding[] = [];
  const unproven: Unproven[] = [];
  if (!chain.ok) findings.push({ code: chain.reason, seq: chain.seq, message: chain.message });
  if (left !== undefined && (await source.audit.hashAt(left.seq)) !== left.hash) {
    findings.push({ code: "head", seq: left.seq, message: leftText(left.seq) });
  }
  const [newest, ...former] = options.keys;
  if (newest !== undefined) {
    const keys = [newest, ...former] as const;
    findings.push(...sinceFindings(await witness.keyedSince(keys), chain));
    const { wrong, old } = await witness.approvals(keys);
    findings.push(...wrong.map((message) => ({ code: "approvals", message })));
    findings.push(...(await witness.forged(keys)).map((row) => ({ code: "forged", message: forgedText(row) })));
    if (options.opens !== undefined) findings.push(...(await unopened(witness, options.opens)));
    if (old > 0) unproven.push({ code: "unsealed", message: unsealedText(old) });
  }
  findings.push(...(await witness.drift()).map((message) => ({ code: "schema", message })));
  options.onFile?.();
  findings.push(...(await witness.damage()).map((said) => ({ code: "integrity", message: damageText(said) })));
  for (const line of anchor?.foreign ?? []) {
    findings.push({
      code: "anchor_file",
      message: `Line ${line} of the anchor file is no checkpoint of this gateway.`,
    });
  }
  // Of what was written before there was a key nothing can be said for sure, other tables included.
  const from = chain.ok ? chain.keyedFrom : { at: 0, seq: 0 };
  const looked = chain.ok || chain.reason === "empty";
  if (looked) {
    const contradictions = await witness.contradictions(from.at, from.seq);
    findings.push(...contradictions.map((message) => ({ code: "tables", message })));
  }
  if (chain.ok) {
    const { turns, counted, lost, found, forged } = chain.checkpoints;
    if (!chain.newest) findings.push({ code: "former", seq: chain.lastSeq, message: FORMER });
    findings.push(...found.map(({ seq, fault }) => ({ code: "found", seq, message: foundText(fault, seq) })));
    findings.push(...lost.map(({ seq, noticedAt }) => ({ code: "lost", seq: noticedAt, message: lostText(seq) })));
    findings.push(...forged.map(({ seq, ...row }) => ({ code: "forged", seq, message: metText(seq, row) })));
    findings.push(...shrunk(counted, await witness.counts()));
    const missing = missingActFindings(await witness.missingActs(from.at, options.now - ON_ITS_WAY_MS), turns);
    findings.push(...missing.findings);
    unproven.push(...missing.unproven);
  }
  if (newest === undefined) unproven.push({ code: "secret", message: NO_SECRET });
  if (chain.ok && chain.keyedFrom.seq > 1)
    unproven.push({ code: "unkeyed", message: oldText(chain.keyedFrom.seq - 1) });
  if (heads.length === 0) unproven.push({ code: "anchor", message: NO_ANCHOR });
  else if (chain.ok) unproven.push(...openAgainst(heads, chain, head?.seq));
  return { chain, findings, unproven };
}

/** Encrypted texts that somebody broke, or put in another's place. */
async function unopened(
  witness: RecordWitness,
  opens: (sealed: SealedText) => boolean,
): Promise<readonly RecordFinding[]> {
  const found: RecordFinding[] = [];
  for await (const sealed of witness.sealedTexts()) {
    if (!opens(sealed)) found.push({ code: "sealed", message: unopenedText(sealed) });
    if (found.length >= MAX_UNOPENED) break;
  }
  return found;
}

const NO_SECRET =
  "The gateway's secret is not at hand, so that only the links between rows were looked at: whoever has the file can " +
  "have written all of it. Run this with the gateway's configuration, or beside its portcullis.key.";

const FORMER =
  "The last row is under a secret of before. No gateway has gone on with the one that it has now, or somebody who has the former one " +
  "put other rows in the place of those that it wrote.";

const NO_ANCHOR =
  "Nothing outside the database says how long the record was: rows cut off at its end, or an older copy of the whole file, " +
  "would not be seen. Set audit.anchor, or name what was noted before with --anchor.";

function leftText(seq: number): string {
  return (
    `A gateway had left the record with row ${seq}, by the file beside the database, and it is not there: rows were cut off, or this ` +
    "is an older copy or another database."
  );
}

function oldText(last: number): string {
  return (
    `Rows 1 to ${last} are not keyed: they are as they were at row ${last + 1}, when the first gateway that keys rows went on ` +
    "from them. If one had run before, they were forged."
  );
}

function unsealedText(old: number): string {
  return (
    `${old} requests for approval are of before requests were sealed: only what the rows of the audit tell of them is compared. ` +
    "If this gateway had sealed requests before, they were forged."
  );
}

function unopenedText(sealed: SealedText): string {
  const what =
    sealed.kind === "approval"
      ? `The ${sealed.part} of the request ${sealed.id}`
      : `The registered upstream ${sealed.id}`;
  return `${what} does not open as the gateway encrypted it: it was broken, or put there from another place.`;
}

function damageText(said: string): string {
  return `The file contradicts itself, so that what is looked up can differ from what was verified: ${said}.`;
}

function lostText(seq: number): string {
  return `The rows up to ${seq} had been written, and were gone when the gateway went on: they were deleted while it ran.`;
}

function forgedText({ table, id }: ForgedRow): string {
  return `A row of ${table} is not as the gateway wrote it: ${id}.`;
}

function metText(seq: number, { table, id }: ForgedRow): string {
  return `At row ${seq} a gateway met a row of ${table} that none with its secret had written: ${id}.`;
}

function shrunk(counted: RecordCounts, now: RecordCounts): readonly RecordFinding[] {
  const names = { approvals: "approval requests", events: "events of approvals", decisions: "decisions of approvers" };
  return (["approvals", "events", "decisions"] as const).flatMap((key) =>
    now[key] >= counted[key]
      ? []
      : [{ code: "counts", message: `There were ${counted[key]} ${names[key]}, and now there are ${now[key]}.` }],
  );
}
