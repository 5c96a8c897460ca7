import { canonicalRow, chainHash, GENESIS_HASH, type StoredAuditRow } from "../store/audit-row.ts";
import type { AuditReader } from "../store/audit-rows.ts";

/** What walking the chain found. */
export type ChainVerdict =
  | { readonly ok: true; readonly rows: number; readonly lastSeq: number; readonly lastHash: string }
  | {
      readonly ok: false;
      /** Rows that were good before it. */
      readonly rows: number;
      /** Where the chain breaks. */
      readonly seq: number;
      readonly reason: ChainBreak;
      readonly message: string;
    };

/** `missing`: rows were taken out before it. `order`: it has no place. `link`, `content`: it, or one before, was changed. `anchor`: all of it was written anew, or cut short. */
export type ChainBreak = "missing" | "order" | "link" | "content" | "anchor";

/** A number and hash noted earlier, outside the database: what no chain can prove by itself is that it was not replaced. */
export interface ChainAnchor {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Walks the whole chain in pages and stops at the first row that does not fit. `onProgress` hears the rows walked,
 * once per page. @throws StoreError if rows cannot be read
 */
export async function verifyChain(
  reader: Pick<AuditReader, "pages">,
  options: { readonly anchor?: ChainAnchor; readonly onProgress?: (rows: number) => void } = {},
): Promise<ChainVerdict> {
  let lastSeq = 0;
  let lastHash = GENESIS_HASH;
  let anchored = options.anchor === undefined;
  // From the very bottom, so that rows smuggled in below number 1 are seen.
  for await (const page of reader.pages(Number.MIN_SAFE_INTEGER)) {
    for (const row of page) {
      const broken = check(row, lastSeq, lastHash) ?? checkAnchor(row, options.anchor);
      if (broken !== undefined) return { ok: false, rows: lastSeq, seq: row.seq, ...broken };
      anchored ||= row.seq === options.anchor?.seq;
      lastSeq = row.seq;
      lastHash = row.hash;
    }
    options.onProgress?.(lastSeq);
  }
  if (!anchored && options.anchor !== undefined) {
    const message = `Row ${options.anchor.seq} is not there: the last one is ${lastSeq}. Rows were cut off at the end.`;
    return { ok: false, rows: lastSeq, seq: options.anchor.seq, reason: "anchor", message };
  }
  return { ok: true, rows: lastSeq, lastSeq, lastHash };
}

interface Broken {
  readonly reason: ChainBreak;
  readonly message: string;
}

function check(row: StoredAuditRow, lastSeq: number, lastHash: string): Broken | undefined {
  if (row.seq < lastSeq + 1) return { reason: "order", message: `Row ${row.seq} has no place in the chain.` };
  if (row.seq > lastSeq + 1) {
    return { reason: "missing", message: `After row ${lastSeq} comes row ${row.seq}: what was between is gone.` };
  }
  if (row.prevHash !== lastHash) {
    return { reason: "link", message: `Row ${row.seq} does not follow from row ${lastSeq}: one of them was replaced.` };
  }
  if (chainHash(row.prevHash, canonicalRow(row.seq, row)) !== row.hash) {
    return {
      reason: "content",
      message: `Row ${row.seq} does not match its hash: it was changed after it was written.`,
    };
  }
  return undefined;
}

function checkAnchor(row: StoredAuditRow, anchor: ChainAnchor | undefined): Broken | undefined {
  if (row.seq !== anchor?.seq || row.hash === anchor.hash) return undefined;
  return { reason: "anchor", message: `Row ${row.seq} is not the one that was noted: the chain was written anew.` };
}
