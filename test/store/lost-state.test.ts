import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { headFileOf } from "../../src/store/database/left-row.ts";
import { openStore, openStoreReader } from "../../src/store/open-store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { keepingLog, temporaryDir } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";
import { randomAudit } from "../support/random-audit.ts";

/*
 * A database of an older version is brought up to date by a start. One that lost what was written last looks the same by its tables,
 * and each start writes into it: who is told to start a gateway then covers what there was to find.
 */

/** A database with ten rows, as its gateway left it, of which the last stands in its head. */
async function left(): Promise<string> {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openStore({ url: `file:${path}`, log: keepingLog(), auditHash });
  const head = await store.audit.append(randomAudit({ seed: 1, count: 10, from: 0, to: 1_000 }));
  // As it is beside a gateway that was killed.
  for (const end of ["", "-wal"]) copyFileSync(`${path}${end}`, `${path}.kept${end}`);
  await store.close();
  for (const end of ["-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  for (const end of ["", "-wal"]) copyFileSync(`${path}.kept${end}`, `${path}${end}`);
  writeFileSync(headFileOf(path), `${JSON.stringify({ v: 1, ...head })}\n`);
  return path;
}

/** Takes the newest migration back, as far as a reader can tell. */
function olderVersion(path: string): void {
  const db = new Database(path);
  db.exec("DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)");
  db.close();
}

function cutRows(path: string): void {
  const db = new Database(path);
  db.exec("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq > 5");
  db.close();
}

function faultOf(path: string): StoreError {
  try {
    openStoreReader({ url: `file:${path}` }).close();
  } catch (err) {
    if (err instanceof StoreError) return err;
    throw err;
  }
  throw new Error("It was opened.");
}

const noHead = (path: string): void => rmSync(headFileOf(path));
const brokenHead = (path: string): void => writeFileSync(headFileOf(path), "{");
const cutLog = (path: string): void => truncateSync(`${path}-wal`, 0);
const noLog = (path: string): void => rmSync(`${path}-wal`);
const emptied = (path: string): void => truncateSync(path, 0);
const removed = (path: string): void => rmSync(path);

describe("a reader of a database", () => {
  it.each<[what: string, code: string, changes: readonly ((path: string) => void)[]]>([
    ["of an older version", "STORE_SCHEMA_OLDER", [olderVersion]],
    ["of an older version that kept no head", "STORE_SCHEMA_OLDER", [olderVersion, noHead]],
    ["whose head is broken", "STORE_SCHEMA_OLDER", [olderVersion, brokenHead]],
    ["that holds nothing, and no gateway left", "STORE_SCHEMA_OLDER", [cutLog, emptied, noHead]],
    ["whose log was cut", "STORE_LOST", [cutLog, emptied]],
    ["whose log was taken away", "STORE_LOST", [noLog, emptied]],
    ["that has the tables of before, without the row that was left", "STORE_LOST", [cutRows, olderVersion]],
    ["that was removed", "STORE_LOST", [noLog, removed]],
    ["that was never there", "STORE_MISSING", [noLog, removed, noHead]],
  ])(
    "%s tells which it is, and advises nothing that would write into one that lost something",
    async (_, code, changes) => {
      const path = await left();
      for (const change of changes) change(path);
      const { code: found, message } = faultOf(path);
      expect(found).toBe(code);
      if (code === "STORE_LOST") {
        expect(message).toMatch(
          /Start no gateway on it: keep all files as they are, read the gateway's log, and restore a copy\./,
        );
        expect(message).not.toMatch(/up to date|start one/i);
      }
      // Where nothing tells, both are said.
      if (code === "STORE_SCHEMA_OLDER") expect(message).toMatch(/If no gateway of this version .* start none/s);
    },
  );

  it("tells nothing of a head that a whole database is behind", async () => {
    const path = await left();
    expect(readFileSync(headFileOf(path), "utf8")).toContain('"seq":10');
    expect(() => openStoreReader({ url: `file:${path}` }).close()).not.toThrow();
  });
});
