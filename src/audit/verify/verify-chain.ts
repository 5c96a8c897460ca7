import { sha256 } from "../../core/digest.ts";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { type ChainHead, GENESIS_HASH, KEYED, linkTextOf, type StoredAuditRow } from "../../store/audit/audit-row.ts";
import type { AuditReader } from "../../store/audit/audit-rows.ts";
import { type CheckpointNotes, createCheckpointNotes } from "./checkpoint-notes.ts";

/** What walking the chain found. */
export type ChainVerdict =
  | {
      readonly ok: true;
      readonly rows: number;
      readonly lastSeq: number;
      readonly lastHash: string;
      /** The first keyed row; all before it were written before there was a key, and are fixed by it. */
      readonly keyedFrom: ChainHead & { readonly at: number };
      /** Whether the last row is under the newest key. Without keys: yes. */
      readonly newest: boolean;
      readonly checkpoints: CheckpointNotes;
    }
  | {
      readonly ok: false;
      /** Rows that were good before it. */
      readonly rows: number;
      /** Where the chain breaks. */
      readonly seq: number;
      readonly reason: ChainBreak;
      readonly message: string;
    };

/**
 * `empty`: there is no row. `missing`: rows were taken out before it. `order`: it has no place. `link`, `content`: it, or one
 * before, was changed. `unkeyed`: it was not written by a gateway of this version. `anchor`: it is not what was noted outside:
 * all of it was written anew, or cut short.
 */
export type ChainBreak = "empty" | "missing" | "order" | "link" | "content" | "unkeyed" | "anchor";

export interface ChainOptions {
  /**
   * The chain's keys, see `AUDIT_CHAIN`, the newest first: under one of before stand the rows up to the first under a newer
   * one. Without any only the links between keyed rows are looked at.
   */
  readonly keys: readonly KeyedHash[];
  /** Rows noted outside the database, by number: what no chain can prove by itself is that it was not replaced or cut. */
  readonly heads?: readonly ChainHead[];
  /** Hears the rows walked, once per page. */
  readonly onProgress?: (rows: number) => void;
}

/** Walks the whole chain in pages and stops at the first row that does not fit. @throws StoreError if rows cannot be read */
export async function verifyChain(reader: Pick<AuditReader, "pages">, options: ChainOptions): Promise<ChainVerdict> {
  const heads = [...(options.heads ?? [])].sort((a, b) => a.seq - b.seq);
  const notes = createCheckpointNotes(new Set(heads.map(({ seq }) => seq)));
  let nextHead = 0;
  let lastSeq = 0;
  let lastHash = GENESIS_HASH;
  // Those that a row may still be under.
  let keys = options.keys;
  let keyedFrom: (ChainHead & { readonly at: number }) | undefined;
  // From the very bottom, so that rows smuggled in below number 1 are seen.
  for await (const page of reader.pages(Number.MIN_SAFE_INTEGER)) {
    for (const row of page) {
      const key = row.scheme === null ? undefined : keyOf(row, keys);
      let broken = check(row, { seq: lastSeq, hash: lastHash }, keyedFrom !== undefined, key);
      for (let head = heads[nextHead]; head !== undefined && head.seq <= row.seq; head = heads[++nextHead]) {
        broken ??= checkHead(row, head);
      }
      if (broken !== undefined) return { ok: false, rows: lastSeq, seq: row.seq, ...broken };
      if (typeof key === "number") keys = keys.slice(0, key + 1);
      if (row.scheme !== null) keyedFrom ??= { seq: row.seq, hash: row.hash, at: row.at };
      notes.add(row);
      lastSeq = row.seq;
      lastHash = row.hash;
    }
    options.onProgress?.(lastSeq);
  }
  const cut = heads[nextHead];
  if (cut !== undefined) {
    const message = `Row ${cut.seq} is not there: the last one is ${lastSeq}. Rows were cut off at the end.`;
    return { ok: false, rows: lastSeq, seq: cut.seq, reason: "anchor", message };
  }
  if (keyedFrom === undefined) return { ok: false, rows: lastSeq, seq: lastSeq, ...withoutKey(lastSeq) };
  return { ok: true, rows: lastSeq, lastSeq, lastHash, keyedFrom, newest: keys.length <= 1, checkpoints: notes.sum() };
}

interface Broken {
  readonly reason: ChainBreak;
  readonly message: string;
}

/** A gateway begins with a checkpoint: a record that has none is not what it left. */
function withoutKey(rows: number): Broken {
  return rows === 0
    ? {
        reason: "empty",
        message: "There is no row at all, and a gateway that starts writes one. All of it was deleted.",
      }
    : {
        reason: "unkeyed",
        message: "No row is keyed, and a gateway that starts writes one. The newer rows were cut off.",
      };
}

/** Which key a row is under, the oldest first, for most rows follow one under the same; `"none"`: none. No keys: `undefined`. */
function keyOf(row: StoredAuditRow, keys: readonly KeyedHash[]): number | "none" | undefined {
  if (keys.length === 0) return undefined;
  const text = linkTextOf(row);
  const found = text === undefined ? -1 : keys.findLastIndex((hash) => hash(text) === row.hash);
  return found < 0 ? "none" : found;
}

function check(
  row: StoredAuditRow,
  last: ChainHead,
  keyed: boolean,
  key: number | "none" | undefined,
): Broken | undefined {
  if (row.seq < last.seq + 1) return { reason: "order", message: `Row ${row.seq} has no place in the chain.` };
  if (row.seq > last.seq + 1) {
    return { reason: "missing", message: `After row ${last.seq} comes row ${row.seq}: what was between is gone.` };
  }
  if (row.prevHash !== last.hash) {
    return {
      reason: "link",
      message: `Row ${row.seq} does not follow from row ${last.seq}: one of them was replaced.`,
    };
  }
  if (row.scheme === null ? keyed : row.scheme !== KEYED) {
    return { reason: "unkeyed", message: `Row ${row.seq} is not keyed as those before it: no gateway has written it.` };
  }
  if (key === "none" || (row.scheme === null && !isBare(row))) {
    const first = row.scheme !== null && !keyed;
    return {
      reason: "content",
      message: `Row ${row.seq} does not match its hash: it was changed after it was written${first ? ", or under another secret than this gateway's" : ""}.`,
    };
  }
  return undefined;
}

/** Whether it is a row of before there was a key, as it was written. */
function isBare(row: StoredAuditRow): boolean {
  const text = linkTextOf(row);
  return text !== undefined && sha256(text) === row.hash;
}

function checkHead(row: StoredAuditRow, head: ChainHead): Broken | undefined {
  if (row.seq === head.seq && row.hash === head.hash) return undefined;
  return { reason: "anchor", message: `Row ${head.seq} is not the one that was noted: the chain was written anew.` };
}
