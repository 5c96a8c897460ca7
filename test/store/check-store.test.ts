import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { checkStore } from "../../src/store/check-store.ts";
import { openStore } from "../../src/store/open-store.ts";
import { loadSecretKey } from "../../src/store/secret-key.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { temporaryDir } from "../support/audit.ts";
import { SILENT } from "../support/mcp-endpoint.ts";

const check = (path: string, secretKey?: string) => checkStore({ url: `file://${path}`, secretKey });
const codes = (path: string, secretKey?: string) => check(path, secretKey).map((error) => error.code);

/** What a start says of the same store, and does to it. */
async function start(path: string): Promise<string | undefined> {
  try {
    loadSecretKey({ configured: undefined, beside: path });
    await openStore({ url: `file://${path}`, log: SILENT }).close();
    return undefined;
  } catch (err) {
    if (err instanceof StoreError) return err.code;
    throw err;
  }
}

function databaseWith(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

describe("a store that a start would take", () => {
  it("may not be there yet, and is not made", () => {
    const dir = temporaryDir();
    expect(check(join(dir, "deep/er/portcullis.db"))).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("may be in use", () => {
    const path = join(temporaryDir(), "portcullis.db");
    loadSecretKey({ configured: undefined, beside: path });
    const store = openStore({ url: `file://${path}`, log: SILENT });
    expect(check(path)).toEqual([]);
    return store.close();
  });

  it("may be an empty file, or nowhere at all", () => {
    const path = join(temporaryDir(), "portcullis.db");
    writeFileSync(path, "");
    expect(check(path)).toEqual([]);
    expect(checkStore({ url: "file::memory:", secretKey: undefined })).toEqual([]);
  });
});

describe("a store that a start would refuse", () => {
  it.each<[string, (dir: string) => void]>([
    ["text", (dir) => writeFileSync(join(dir, "portcullis.db"), "not a database, whatever its name says".repeat(100))],
    ["a folder", (dir) => mkdirSync(join(dir, "portcullis.db"))],
    ["somebody else's database", (dir) => databaseWith(join(dir, "portcullis.db"), "CREATE TABLE theirs (id INTEGER)")],
    [
      "fine, but its key can be read by others",
      (dir) => {
        writeFileSync(join(dir, "portcullis.key"), `${"ab".repeat(32)}\n`);
        chmodSync(join(dir, "portcullis.key"), 0o644);
      },
    ],
    ["fine, but its key is none", (dir) => writeFileSync(join(dir, "portcullis.key"), "secret", { mode: 0o600 })],
  ])("is %s", async (_, make) => {
    const dir = temporaryDir();
    make(dir);
    const path = join(dir, "portcullis.db");
    const there = existsSync(path);
    const found = codes(path);
    expect(existsSync(path)).toBe(there);
    expect(found).toEqual([await start(path)]);
  });

  it("would have to be below a file", async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, "file"), "");
    expect(codes(join(dir, "file/data/portcullis.db"))).toContain("STORE_NOT_ACCESSIBLE");
    expect(await start(join(dir, "file/data/portcullis.db"))).toBeDefined();
  });

  it("is on another host, and its key is wrong: both are told, and the key is not", () => {
    const errors = checkStore({ url: "file://host/x.db", secretKey: "canary" });
    expect(errors.map((error) => error.code)).toEqual(["STORE_URL_INVALID", "SECRET_KEY_INVALID"]);
    expect(JSON.stringify(errors.map((error) => error.message))).not.toContain("canary");
  });
});
