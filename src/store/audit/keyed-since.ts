import type Database from "better-sqlite3";
import { asc, desc, eq, isNotNull } from "drizzle-orm";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { boundedColumns } from "../database/bounded.ts";
import { type ChainHead, GENESIS_HASH, KEYED, linkTextOf, type StoredAuditRow } from "./audit-row.ts";
import type { RecordFault } from "./checkpoint-row.ts";
import { rawRows, WHOLE } from "./rows-within.ts";
import { audit, auditKeyedSince } from "./schema.ts";

/*
 * Rows of before there was a key have bare hashes, which anybody can make. So it is on record, under the key, where they
 * end: whoever writes the audit anew in such rows while no gateway runs would otherwise have the next one go on from it.
 * It is written by whoever brings the database to the schema that has it, and by nobody later: where it is missing, it
 * was taken away.
 */

/** The migration that makes the table. */
export const KEYED_SINCE_MIGRATION = "0014_keyed_since";

/** Since when rows are keyed: the first that is (`begun`), or the last that is not, before the first is written. */
export interface KeyedSince extends ChainHead {
  readonly begun: boolean;
}

/**
 * Writes it for rows as they are, and gives the number of those that are not keyed. Belongs in the transaction of the migration.
 * @throws SqliteError
 */
export function beginKeyedSince(connection: Database.Database, hash: KeyedHash): number {
  const db = drizzle({ client: connection });
  const first = firstKeyed(db);
  const last = lastRow(db);
  if (first === undefined) write(db, { begun: false, seq: last?.seq ?? 0, hash: last?.hash ?? GENESIS_HASH }, hash);
  else write(db, { begun: true, ...first }, hash);
  return first === undefined ? (last?.seq ?? 0) : first.seq - 1;
}

const SINCE = boundedColumns(auditKeyedSince);

/** What is on record of it; `undefined` where nothing is, or not under one of these keys. @throws SqliteError */
export function readKeyedSince(connection: Database.Database, keys: readonly KeyedHash[]): KeyedSince | undefined {
  const row = drizzle({ client: connection }).select(SINCE).from(auditKeyedSince).get();
  if (row === undefined || !keys.some((hash) => macOf(row, hash) === row.mac)) return undefined;
  const { begun, seq, hash } = row;
  return { begun, seq, hash };
}

/** Looks at a record before a process adds its first row, and brings up to date since when rows are keyed. */
export interface KeyedSinceKeeper {
  /** What is wrong with the record; `undefined` where nothing is. @throws SqliteError */
  fault(): RecordFault | undefined;
  /** To be called in the transaction that added the process's first rows. @throws SqliteError */
  settle(): void;
}

/** Makes the keeper of one connection. The first key writes; what stands there may be under one of the others. */
export function createKeyedSinceKeeper(
  connection: Database.Database,
  keys: readonly [KeyedHash, ...KeyedHash[]],
): KeyedSinceKeeper {
  const [hash] = keys;
  const db = drizzle({ client: connection });
  /** What is on record, and the keys that rows may be under then: whoever wrote it under one wrote rows under it, too. */
  function sinceUnder(all: readonly KeyedHash[]) {
    for (const [index, key] of all.entries()) {
      const since = readKeyedSince(connection, [key]);
      if (since !== undefined) return { since, still: all.slice(0, index + 1) };
    }
    return { since: undefined, still: [] };
  }

  return {
    fault() {
      const { since, still } = sinceUnder(keys);
      if (since === undefined) return "since";
      const last = lastRow(db);
      const from = rowAt(db, since.seq);
      const fits = since.begun || since.seq > 0 ? from?.hash === since.hash : from === undefined;
      if (!fits) return "rows";
      // The first keyed row may be that of a gateway of before, which does not know this table and still ran.
      const untouched = !since.begun && (last?.seq ?? 0) === since.seq;
      return untouched || (last !== undefined && still.some((key) => isKeyed(last, key))) ? undefined : "rows";
    },
    settle() {
      const first = firstKeyed(db);
      const since = readKeyedSince(connection, [hash]);
      if (first === undefined || (since?.begun === true && since.hash === first.hash)) return;
      write(db, { begun: true, ...first }, hash);
    },
  };
}

type Connection = BetterSQLite3Database;

function firstKeyed(db: Connection): ChainHead | undefined {
  const columns = { seq: audit.seq, hash: WHOLE.hash };
  return db.select(columns).from(audit).where(isNotNull(audit.scheme)).orderBy(asc(audit.seq)).limit(1).get();
}

function lastRow(db: Connection): StoredAuditRow | undefined {
  return rawRows(db, { order: desc(audit.seq), limit: 1, room: 0 })[0];
}

function rowAt(db: Connection, seq: number): StoredAuditRow | undefined {
  return rawRows(db, { wanted: eq(audit.seq, seq), order: asc(audit.seq), limit: 1, room: 0 })[0];
}

function isKeyed(row: StoredAuditRow, hash: KeyedHash): boolean {
  const text = linkTextOf(row);
  return row.scheme === KEYED && text !== undefined && hash(text) === row.hash;
}

function write(db: Connection, since: KeyedSince, hash: KeyedHash): void {
  const row = { id: 1, ...since, mac: macOf(since, hash) };
  db.insert(auditKeyedSince).values(row).onConflictDoUpdate({ target: auditKeyedSince.id, set: row }).run();
}

/** Its first line is no hash, so that no row of the chain has the same. */
function macOf({ begun, seq, hash: rowHash }: KeyedSince, hash: KeyedHash): string {
  return hash(`keyed-since\n${JSON.stringify([begun, seq, rowHash])}`);
}
