import type Database from "better-sqlite3";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { type ApprovalCheck, checkApprovals } from "../approvals/checks.ts";
import type { ForgedRow, RecordCounts } from "../audit/checkpoint-row.ts";
import { type KeyedSince, readKeyedSince } from "../audit/keyed-since.ts";
import { boundedText } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { idText, MAX_ID_BYTES } from "../database/stored-texts.ts";
import { schemaDrift } from "./schema-drift.ts";
import { forgedRows } from "./sealed-row-checks.ts";
import { type SealedText, sealedTexts } from "./sealed-texts.ts";

import { ACTS, CONTRADICTIONS, COUNTED_TOO_MUCH, COUNTS } from "./witness-queries.ts";

/** What was decided according to another table, and stands in no row of the audit. */
export interface MissingAct {
  /** The request or the challenge. */
  readonly id: string;
  readonly what: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** What other tables of the same database say about the audit: it has to agree with them. */
export interface RecordWitness {
  /** Where tables, indexes and triggers are not as they were made, in words. @throws StoreError */
  drift(): Promise<readonly string[]>;
  /**
   * Where the file contradicts itself, in SQLite's words, twenty at most: an index that leaves rows out or holds others than
   * its table hides them from whoever looks them up. Reads the whole file in one go. @throws StoreError
   */
  damage(): Promise<readonly string[]>;
  /** Since when rows are keyed; `undefined` where that is not on record under one of these keys. @throws StoreError */
  keyedSince(keys: readonly KeyedHash[]): Promise<KeyedSince | undefined>;
  /** Holds requests for approval against their seals, which are under one of these keys. @throws StoreError */
  approvals(keys: readonly KeyedHash[]): Promise<ApprovalCheck>;
  /** Sealed rows of other tables that are under none of these keys, a hundred at most. @throws StoreError */
  forged(keys: readonly [KeyedHash, ...KeyedHash[]]): Promise<readonly ForgedRow[]>;
  /** All texts that are encrypted at rest, beside those in rows of the audit, which its chain is over. @throws StoreError */
  sealedTexts(): AsyncIterable<SealedText>;
  /** @throws StoreError */
  counts(): Promise<RecordCounts>;
  /**
   * Where other tables and the audit contradict each other, in words. `from`: only what happened at or after this (ms since
   * the epoch), and rows from `fromSeq` on. At most a hundred of each kind. @throws StoreError
   */
  contradictions(from: number, fromSeq: number): Promise<readonly string[]>;
  /** Acts from `from` on, before `until` (ms since the epoch), without a row; oldest first, a thousand at most. @throws StoreError */
  missingActs(from: number, until: number): Promise<readonly MissingAct[]>;
}

/** Makes the witness of one connection. */
export function createRecordWitness(db: Database.Database, guarded: Guarded, migrationsDir: string): RecordWitness {
  return {
    drift: () => guarded(() => schemaDrift(db, migrationsDir)),
    damage: () =>
      guarded(() =>
        db
          .prepare<[], { integrity_check: string }>("PRAGMA integrity_check(20)")
          .all()
          .map((line) => line.integrity_check)
          .filter((said) => said !== "ok"),
      ),
    keyedSince: (keys) => guarded(() => readKeyedSince(db, keys)),
    approvals: (keys) => guarded(() => checkApprovals(db, keys)),
    forged: (keys) => guarded(() => forgedRows(db, keys)),
    sealedTexts: () => sealedTexts(db, guarded),
    counts: () => guarded(() => db.prepare<[], RecordCounts>(COUNTS).get() ?? NO_COUNTS),
    contradictions: (from, fromSeq) =>
      guarded(() => [
        ...CONTRADICTIONS.flatMap(({ query, text }) => {
          const ids = db.prepare<[{ from: number; fromSeq: number }], { id: unknown }>(`SELECT ${ID} FROM (${query})`);
          return ids.all({ from, fromSeq }).map(({ id }) => text(idText(id)));
        }),
        ...db
          .prepare<[], { at: number }>(`SELECT ${boundedText("at")} AS at FROM (${COUNTED_TOO_MUCH})`)
          .all()
          .map(({ at }) => `More calls were counted in the hour of ${moment(at)} than there are rows.`),
      ]),
    missingActs: (from, until) =>
      guarded(() => {
        const acts = db.prepare<[{ from: number; until: number }], Readonly<Record<keyof MissingAct, unknown>>>(
          `SELECT ${ID}, ${boundedText("what", MAX_ID_BYTES)} AS what, ${boundedText("at", MAX_ID_BYTES)} AS at FROM (${ACTS})`,
        );
        return acts
          .all({ from, until })
          .map(({ id, what, at }) => ({ id: idText(id), what: idText(what), at: Number(at) }));
      }),
  };
}

const ID = `${boundedText("id", MAX_ID_BYTES)} AS id`;

/** Also of what is no moment: somebody else may have written it. */
function moment(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}

const NO_COUNTS: RecordCounts = { approvals: 0, events: 0, decisions: 0 };
