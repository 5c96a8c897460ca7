import type { Log } from "../../core/log.ts";
import type { AuditRow, ChainHead } from "../audit/audit-row.ts";
import { forgedRow } from "../audit/checkpoint-row.ts";
import type { OnForged } from "../database/row-seals.ts";

/** Says where somebody wrote into the database. */
export interface ForgedRows {
  /** Has a row logged and put on record, once. May be called in a transaction. */
  readonly onForged: OnForged;
  /** Resolves once what was said is on record. */
  settled(): Promise<void>;
}

/** So many rows are remembered, so that each is said once; beyond that all of them may be said again. */
const MAX_REMEMBERED = 1_000;

/** What is kept of an id: somebody else wrote it. */
const MAX_ID = 128;

/** Makes it for one process. */
export function createForgedRows(deps: {
  readonly append: (rows: readonly AuditRow[]) => Promise<ChainHead>;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}): ForgedRows {
  const { append, log, now } = deps;
  const said = new Set<string>();
  let writing: Promise<unknown> = Promise.resolve();
  return {
    onForged(table, whole) {
      const id = whole.slice(0, MAX_ID);
      const row = `${table} ${id}`;
      if (said.has(row)) return;
      if (said.size >= MAX_REMEMBERED) said.clear();
      said.add(row);
      log.error({ table, id }, FORGED);
      // Not at once: the transaction that met it may be undone, and this must not be undone with it.
      writing = writing
        .then(() => append([forgedRow({ table, id }, now())]))
        .catch((err: unknown) => log.error({ err, table, id }, "That could not be put on record."));
    },
    settled: async () => void (await writing),
  };
}

const FORGED =
  "A row is not as a gateway with this secret wrote it, and counts as not there: somebody changed the database. Run: portcullis audit verify";
