import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { openStore, openStoreReader } from "../../src/store/open-store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";
import { startScript } from "../support/script.ts";

const log = keepingLog();
const pipe = (path: string) => execFileSync("mkfifo", [path]);

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function faultOf(act: () => unknown): StoreError {
  try {
    act();
  } catch (err) {
    if (err instanceof StoreError) return err;
    throw err;
  }
  throw new Error("It did not fail.");
}

describe("a new store", () => {
  it("makes its directory and its files for their owner only", async () => {
    const dir = join(temporaryDir(), "a", "b");
    const path = join(dir, "portcullis.db");
    const store = openTestStore(path);
    await store.sessions.remove("nobody");
    expect([dir, path, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual(["700", "600", "600", "600"]);
  });

  it("lives in memory where nothing shall be kept", async () => {
    const store = openStore({ url: "file::memory:", log });
    expect(await store.audit.lastSeq()).toBe(0);
    await store.close();
  });

  it("is made once by processes that start at the same time", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    const runs = [1, 2, 3].map((n) => startScript("audit-writer", [path, `p${n}`, "1"]));
    for (const run of runs) expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await openTestStore(path).audit.lastSeq()).toBe(6);
    const journal = JSON.parse(readFileSync("migrations/meta/_journal.json", "utf8"));
    const db = new Database(path, { readonly: true });
    expect(db.prepare("SELECT count(*) AS applied FROM __drizzle_migrations").get()).toEqual({
      applied: journal.entries.length,
    });
    db.close();
  });
});

describe("a store that cannot be used is refused with a reason", () => {
  const cases: readonly [string, string, (path: string) => void][] = [
    ["a text file", "STORE_NOT_A_DATABASE", (path) => writeFileSync(path, "dear diary\n".repeat(100))],
    ["a directory", "STORE_NOT_A_DATABASE", (path) => mkdirSync(path)],
    ["a pipe", "STORE_NOT_A_DATABASE", pipe],
    ["a link to a device", "STORE_NOT_A_DATABASE", (path) => symlinkSync("/dev/zero", path)],
    ["a pipe in the place of its log", "STORE_NOT_A_DATABASE", (path) => pipe(`${path}-wal`)],
    ["a folder in the place of its index", "STORE_NOT_A_DATABASE", (path) => mkdirSync(`${path}-shm`)],
    ["a link to itself", "STORE_FAILED", (path) => symlinkSync(path, path)],
    ["a database of another program", "STORE_FOREIGN", (path) => withDatabase(path, "CREATE TABLE songs (name text)")],
    [
      "a database of a newer version",
      "STORE_SCHEMA_NEWER",
      (path) => {
        withDatabase(path, "CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text, created_at numeric)");
        withDatabase(path, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)");
      },
    ],
  ];
  it.each(cases)("%s: %s", (_what, code, prepare) => {
    const path = join(temporaryDir(), "portcullis.db");
    prepare(path);
    const fault = faultOf(() => openStore({ url: `file:${path}`, log }));
    expect(fault.code).toBe(code);
    expect(fault.message).toContain(path);
    if (code === "STORE_NOT_A_DATABASE")
      expect(faultOf(() => openStoreReader({ url: `file:${path}` })).code).toBe(code);
  });

  it("a path below a file: STORE_NOT_ACCESSIBLE", () => {
    const file = join(temporaryDir(), "file");
    writeFileSync(file, "");
    expect(faultOf(() => openStore({ url: `file:${file}/portcullis.db`, log })).code).toBe("STORE_NOT_ACCESSIBLE");
  });

  function withDatabase(path: string, sql: string): void {
    const db = new Database(path);
    db.exec(sql);
    db.close();
  }
});

describe("a reader", () => {
  it("makes no store where there is none", () => {
    const path = join(temporaryDir(), "portcullis.db");
    expect(faultOf(() => openStoreReader({ url: `file:${path}` })).code).toBe("STORE_MISSING");
    expect(() => statSync(path)).toThrow("ENOENT");
  });

  it("does not migrate a store of an older version", () => {
    const path = join(temporaryDir(), "portcullis.db");
    writeFileSync(path, "");
    expect(faultOf(() => openStoreReader({ url: `file:${path}` })).code).toBe("STORE_SCHEMA_OLDER");
  });

  it.each(["audit", "approval_requests", "Sessions"])(
    "is refused, as by a gateway, where a view stands in the place of its table %s: that may be without an end",
    async (table) => {
      const path = join(temporaryDir(), "portcullis.db");
      await openStore({ url: `file:${path}`, log: keepingLog(), auditHash }).close();
      const db = new Database(path);
      db.exec("CREATE VIEW somebodys AS SELECT 1");
      expect(() => openStoreReader({ url: `file:${path}` }).close()).not.toThrow();
      db.exec(`ALTER TABLE ${table} RENAME TO away; CREATE VIEW ${table} AS
        WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT away.* FROM away, r`);
      db.close();
      expect(faultOf(() => openStoreReader({ url: `file:${path}` })).code).toBe("STORE_SCHEMA_CHANGED");
      expect(faultOf(() => openStore({ url: `file:${path}`, log: keepingLog(), auditHash })).code).toBe(
        "STORE_SCHEMA_CHANGED",
      );
    },
  );

  it("reads beside a gateway that has the store open", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    openTestStore(path);
    const reader = openStoreReader({ url: `file:${path}` });
    expect(await reader.audit.lastSeq()).toBe(0);
    reader.close();
  });
});
