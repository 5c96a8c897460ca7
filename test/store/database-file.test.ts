import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { verifyChain } from "../../src/audit/verify/verify-chain.ts";
import { EMPTY_ROW } from "../../src/store/audit/audit-row.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";

const row = { ...EMPTY_ROW, at: 1_790_000_000_000, callId: "call_1", kind: "opened" } as const;

/** A store with some rows, a copy of it from before, and what it logs. */
async function written() {
  const { path, log, store } = await opened();
  const older = copyOf(path);
  await store.audit.append([row, row]);
  return { path, log, store, older };
}

/** A store with a row. Nothing in this process has opened and closed its file, for by that it would lose its locks. */
async function opened() {
  const path = join(temporaryDir(), "portcullis.db");
  const log = keepingLog();
  // So that the tables are in the database, and not in its log.
  await openTestStore(path).close();
  const store = openTestStore(path, { log, fileEveryMs: 20 });
  await store.audit.append([row]);
  return { path, log, store };
}

function copyOf(path: string): { readonly putBack: () => void } {
  const texts = ["", "-wal", "-shm"].map((end) => [`${path}${end}`, readFileSync(`${path}${end}`)] as const);
  return {
    putBack: () => {
      for (const [file, bytes] of texts) {
        rmSync(file);
        writeFileSync(file, bytes);
      }
    },
  };
}

/** Writes over a file without making it shorter at any moment. */
function overwrite(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
}

/** The first page as it was in the edition of before. */
function olderHead(path: string): Buffer {
  const page = readFileSync(path).subarray(0, 4096);
  page.writeInt32BE(page.readInt32BE(60) - 1, 60);
  return page;
}

/** Has another program work with the file, which opens and closes it as SQLite's own does. */
function elsewhere(path: string, statement: string): void {
  const program = `const Database = require("better-sqlite3");
    const db = new Database(process.argv[1]);
    db.prepare(process.argv[2]).all();
    db.close();`;
  // What is no query has no rows.
  const work = /^(?:SELECT|PRAGMA)/.test(statement)
    ? program
    : program.replace("prepare(process.argv[2]).all()", "exec(process.argv[2])");
  run(work, path, statement);
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(process.execPath, ["-e", program, ...args], { stdio: "pipe" });
}

type Written = Awaited<ReturnType<typeof written>>;

const ways: readonly [string, (written: Written) => void][] = [
  ["replaced by an older copy", ({ older }) => older.putBack()],
  ["removed", ({ path }) => rmSync(path)],
  ["renamed", ({ path }) => renameSync(path, `${path}.old`)],
  ["cut to nothing", ({ path }) => truncateSync(path)],
  ["cut in the middle", ({ path }) => truncateSync(path, 8192)],
  ["overwritten in its place by an older copy", ({ path }) => overwrite(path, olderHead(path))],
  ["overwritten in its place by something else", ({ path }) => overwrite(path, Buffer.alloc(statSync(path).size))],
  ["overwritten by something shorter", ({ path }) => writeFileSync(path, "x".repeat(4096))],
  [
    "a folder",
    ({ path }) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
  ["without its log", ({ path }) => rmSync(`${path}-wal`)],
  [
    "with another log",
    ({ path }) => {
      renameSync(`${path}-wal`, `${path}-x`);
      copyFileSync(`${path}-x`, `${path}-wal`);
    },
  ],
  ["with a log cut to nothing", ({ path }) => truncateSync(`${path}-wal`)],
  ["with a log cut in the middle", ({ path }) => truncateSync(`${path}-wal`, 32 + 4120)],
];

describe("a database file that is not the one that this process opened", () => {
  it.each(ways)("%s: nothing is recorded as if it were, and an error says so once", async (_way, change) => {
    const made = await written();
    change(made);
    const { store, log } = made;
    await expect(store.audit.append([row])).rejects.toMatchObject({ code: "STORE_REPLACED" });
    await expect(store.rateLimits.use([{ counter: "c", limit: 9, windowMs: 1_000, cost: 1 }])).rejects.toMatchObject({
      code: "STORE_REPLACED",
    });
    await expect(store.audit.append([row])).rejects.toMatchObject({ code: "STORE_REPLACED" });
    expect(log.lines.filter(({ level }) => level === "error")).toMatchObject([{ fields: { path: made.path } }]);
  });

  it.each([...ways, ["without its index", ({ path }) => rmSync(`${path}-shm`)] as (typeof ways)[number]])(
    "%s: is noticed while nobody calls",
    async (_way, change) => {
      const made = await written();
      change(made);
      await expect.poll(() => made.log.lines.map(({ level }) => level)).toEqual(["error"]);
    },
  );

  it("is an older copy that another program writes over it, as long as it is", async () => {
    const { path, store, log } = await opened();
    elsewhere(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    run("require('fs').copyFileSync(...process.argv.slice(1))", path, `${path}-old`);
    const before = statSync(path).mtimeMs;
    const append = () => store.audit.append([row]);
    const changedAt = async () => {
      await append();
      return statSync(path).mtimeMs;
    };
    // A checkpoint comes after so many commits.
    await expect.poll(changedAt, { interval: 0 }).toBeGreaterThan(before);
    await append();
    run(
      "const fs = require('fs'); fs.writeSync(fs.openSync(process.argv[2], 'r+'), fs.readFileSync(process.argv[1]))",
      `${path}-old`,
      path,
    );
    await expect(append()).rejects.toMatchObject({ code: "STORE_REPLACED" });
    expect(log.lines).toMatchObject([{ level: "error" }]);
  });

  it("is gone on with once it is back, and the record says that it was away", async () => {
    const { path, store, log } = await written();
    renameSync(path, `${path}.old`);
    await expect(store.audit.append([row])).rejects.toMatchObject({ code: "STORE_REPLACED" });
    renameSync(`${path}.old`, path);
    await store.audit.append([row]);
    const reader = openStoreReader({ url: `file:${path}` });
    const chain = await verifyChain(reader.audit, { keys: [auditHash] });
    reader.close();
    // The refused row is there, too: it was written, but its writer could not know where.
    expect(chain).toMatchObject({ ok: true, rows: 6, checkpoints: { found: [{ seq: 5, fault: "away" }] } });
    expect(log.lines.map(({ level }) => level)).toEqual(["error", "warn"]);
  });
});

describe("what others may do with the file", () => {
  it("write, and end, in another process or connection", async () => {
    const { path, store, log } = await written();
    const other = openTestStore(path);
    await other.audit.append([row]);
    await other.close();
    await store.audit.append([row]);
    expect(log.lines).toEqual([]);
  });

  it.each([
    ["look into it", "SELECT count(*) FROM audit"],
    ["move the log into it", "PRAGMA wal_checkpoint(TRUNCATE)"],
    ["write it anew", "VACUUM"],
    [
      "write it anew, shorter",
      "CREATE TABLE more AS SELECT zeroblob(500000) AS x; DROP TABLE more; PRAGMA wal_checkpoint(TRUNCATE); VACUUM",
    ],
    ["copy it", "VACUUM INTO 'COPY'"],
  ])("open and close it in another program, and %s", async (_what, statement) => {
    const { path, store, log } = await opened();
    elsewhere(path, statement.replace("COPY", `${path}-copy`));
    await store.audit.append([row]);
    elsewhere(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    await store.audit.append([row]);
    expect(await store.audit.lastSeq()).toBe(3);
    expect(log.lines).toEqual([]);
  });

  it("make it shorter, and write it over by what it holds", async () => {
    const { path, store, log } = await opened();
    elsewhere(path, "CREATE TABLE more AS SELECT zeroblob(500000) AS x; PRAGMA wal_checkpoint(TRUNCATE)");
    await store.audit.append([row]);
    const before = statSync(path).size;
    elsewhere(path, "DROP TABLE more; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    await store.audit.append([row]);
    expect(statSync(path).size).toBeLessThan(before);
    overwrite(path, readFileSync(path));
    await store.audit.append([row]);
    expect(await store.audit.lastSeq()).toBe(4);
    expect(log.lines).toEqual([]);
  });

  it("move the log into the database and cut it then, as programs for backups do", async () => {
    const { path, store, log } = await written();
    for (let round = 0; round < 2; round++) {
      const other = new Database(path);
      expect(other.pragma("wal_checkpoint(TRUNCATE)")).toMatchObject([{ busy: 0 }]);
      await store.audit.append([row]);
      other.close();
    }
    await store.audit.append([row]);
    expect(log.lines).toEqual([]);
  });
});
