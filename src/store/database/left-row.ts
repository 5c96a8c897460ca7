import type Database from "better-sqlite3";
import { readSmallFileSync } from "../../core/read-small-file.ts";

/*
 * Beside a database stands the newest checkpoint of its gateway (see `audit/checkpoints/head-file.ts`). Whether it is genuine only who
 * has the secret can tell. Of a database that lacks its row it tells in any case that there is something to look into.
 */

/** Where the head of a database is kept. */
export function headFileOf(databasePath: string): string {
  return `${databasePath}-head`;
}

/** A checkpoint has some hundreds. */
const MAX_BYTES = 65_536;

/** Whether a gateway left this database, or one under its name, with a row that it has not. `db`: where there is one. @throws SqliteError */
export function lacksLeftRow(path: string, db?: Database.Database): boolean {
  const left = statedHead(headFileOf(path));
  if (left === undefined) return false;
  if (db === undefined || db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'audit'").get() === undefined)
    return true;
  return db.prepare("SELECT 1 FROM audit WHERE seq = ? AND hash = ?").get(left.seq, left.hash) === undefined;
}

function statedHead(path: string): { readonly seq: number; readonly hash: string } | undefined {
  const read = readSmallFileSync(path, MAX_BYTES);
  if (!read.ok) return undefined;
  try {
    const { seq, hash }: { readonly seq?: unknown; readonly hash?: unknown } = JSON.parse(read.text) ?? {};
    return typeof seq === "number" && typeof hash === "string" ? { seq, hash } : undefined;
  } catch {
    // It was broken: `audit verify` says so.
    return undefined;
  }
}
