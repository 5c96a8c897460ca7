import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { getTableColumns } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../src/audit/verify/verify-record.ts";
import { exportLine } from "../../src/commands/audit/format.ts";
import { audit } from "../../src/store/audit/schema.ts";
import { MAX_ARGUMENTS_BYTES, MAX_TEXT_BYTES } from "../../src/store/database/stored-texts.ts";
import { openStore, openStoreReader, type Store, type StoreReader } from "../../src/store/open-store.ts";
import { keepingLog } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";
import { watchBroughtOver } from "../support/brought-over.ts";
import { randomAudit } from "../support/random-audit.ts";

/*
 * Somebody writes a text into one column of one row of the record that is deeper, wider or longer than any that the gateway
 * writes. Whatever a running gateway reads of it, all other rows are there, and the text is not brought over.
 */

const ROWS = 60;
const FROM = 1_790_000_000_000;
const TEXTS = [
  ["deep", `{"a":${"[".repeat(600_000)}${"]".repeat(600_000)}}`],
  ["wide", `{${Array.from({ length: 120_000 }, (_, index) => `"k${index}":0`).join(",")}}`],
  ["long", `{"a":"${"a".repeat(2_000_000)}"}`],
] as const;
const COLUMNS = Object.entries(getTableColumns(audit)).filter(([, { dataType }]) => dataType === "string");
/** A long text there is shown as what it is, beside all that the row says. */
const JSON_COLUMNS = ["policies", "argumentsRedacted", "facts"];
/** What lists have no need for. */
const NOT_LISTED = ["argumentsSealed", "argumentsFull", "prevHash", "hash"];

let home: string;
let url: string;
let store: Store;
let db: Database.Database;
let seq: number;
let brought: ReturnType<typeof watchBroughtOver>;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "portcullis-long-"));
  const path = join(home, "portcullis.db");
  // What is kept of arguments may be as long as a request, and so may a row as it is.
  brought = watchBroughtOver((sql) =>
    /select CASE.*"arguments_sealed"|select "seq"/.test(sql) ? MAX_ARGUMENTS_BYTES : MAX_TEXT_BYTES,
  );
  url = `file:${path}`;
  store = openStore({ url, log: keepingLog(), auditHash });
  await store.audit.append(randomAudit({ seed: 3, count: ROWS, from: FROM, to: FROM + 3_600_000 }));
  db = new Database(path);
  for (const name of ["audit_no_update"]) db.exec(`DROP TRIGGER ${name}`);
  seq = db.prepare<[], { seq: number }>(OF_A_CALL).get()?.seq ?? 0;
});

const OF_A_CALL = "SELECT seq FROM audit WHERE kind = 'opened' AND decision IS NOT NULL AND approval IS NULL LIMIT 1";

afterAll(async () => {
  brought.stop();
  await store.close();
  db.close();
  rmSync(home, { recursive: true, force: true });
});

async function collected<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** Everything that is read of the record while a gateway runs, and by `policy replay`. */
async function readAll(): Promise<Readonly<Record<string, readonly object[]>>> {
  const ids = { calls: [], approvals: [], challenges: [], limit: 100 };
  const calls = db
    .prepare<[], { id: string }>("SELECT call_id AS id FROM audit WHERE octet_length(call_id) < 100")
    .all();
  return {
    list: (await store.audit.list({ limit: 100 })).entries,
    found: (await store.audit.list({ limit: 100, policy: "p" })).entries,
    shadow: (await store.audit.list({ limit: 100, shadow: true })).entries,
    since: (await store.audit.list({ limit: 100, since: FROM, until: FROM + 7_200_000 })).entries,
    entries: await collected(store.audit.entries({ limit: 1 })),
    about: (await store.audit.about({ ...ids, calls: calls.map(({ id }) => id) })).entries,
    calls: await collected(store.audit.calls(1)),
    pages: await collected(store.audit.pages(1)),
    next: (await store.activity.next("x", 1, 100))?.rows ?? [],
    head: [{ head: await store.audit.head(), hash: await store.audit.hashAt(seq) }],
  };
}

function longTexts(read: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(read).flatMap(([name, value]) => {
    if (typeof value === "string") return value.length > MAX_TEXT_BYTES ? [name] : [];
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return [];
    return longTexts(value as Readonly<Record<string, unknown>>).map((path) => `${name}.${path}`);
  });
}

it.each(COLUMNS)("reads all other rows and no such text, deep, wide or long, in %s", async (name, { name: column }) => {
  const before = await readAll();
  const was = db.prepare<[number], object>("SELECT * FROM audit WHERE seq = ?").get(seq);
  for (const [what, text] of TEXTS) {
    db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`).run(text, seq);
    const read = await readAll();
    // Arguments may be as long as a request: `policy replay` reads them.
    const long = longTexts(read).filter(
      (path) => !/^calls\.\d+\.arguments(?:Sealed|Full)$/.test(path) && !/^pages/.test(path),
    );
    expect(long, what).toEqual([]);
    expect(brought.take(), what).toEqual([]);
    for (const [reader, rows] of Object.entries(before)) {
      expect(read[reader]?.length, `${what}: ${reader}`).toBeGreaterThanOrEqual(rows.length - 1);
    }
    const shown = read["list"]?.find((entry) => "seq" in entry && entry.seq === seq);
    if (JSON_COLUMNS.includes(name)) expect(shown).toMatchObject({ kind: "opened", [name]: '"unreadable"' });
    else if (!NOT_LISTED.includes(name) && name !== "kind") expect(shown).toMatchObject({ outcome: "unreadable" });
    db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`).run(
      Object.entries(was ?? {}).find(([key]) => key === column)?.[1],
      seq,
    );
  }
});

/** Whoever reads a database, by what they read it with. */
const READERS: Readonly<Record<string, (reader: StoreReader) => Promise<unknown>>> = {
  "audit list, the API and the console": ({ audit: rows }) => rows.list({ limit: 100 }),
  "an export of the API": ({ audit: rows }) => collected(rows.entries({ limit: 1 })),
  "audit export": async ({ audit: rows }) =>
    (await collected(rows.pages(1))).map((row) => expect(exportLine(row)).toContain(`"seq":${row.seq},`)),
  "audit verify": async (reader) =>
    expect((await verifyRecord(reader, { keys: [auditHash], now: FROM })).chain).toMatchObject({ ok: false, seq: 1 }),
  "audit verify without the secret": (reader) => verifyRecord(reader, { keys: [], now: FROM }),
  "policy replay": ({ audit: rows }) => collected(rows.calls(1)),
  "a start": async () => {
    const next = openStore({ url, log: keepingLog(), auditHash });
    await next.audit.append(randomAudit({ seed: 4, count: 1, from: FROM, to: FROM }));
    await next.close();
  },
};

describe("of rows that are longer than any of the gateway's", () => {
  beforeAll(() => {
    const longer = `hex(zeroblob(${MAX_ARGUMENTS_BYTES * 0.7}))`;
    // The first and the last.
    db.exec(
      `UPDATE audit SET arguments_full = ${longer}, hash = hex(zeroblob(${MAX_TEXT_BYTES})) WHERE seq IN (1, ${ROWS})`,
    );
  });

  it.each(Object.entries(READERS))("brings nothing that is longer over for %s", async (_, read) => {
    const reader = openStoreReader({ url });
    await read(reader);
    reader.close();
    expect(brought.take()).toEqual([]);
  });

  it("says in an export where it left something out", async () => {
    const [row] = await collected(store.audit.pages(1));
    if (row === undefined) throw new Error("There is no row.");
    const line: unknown = JSON.parse(exportLine(row));
    expect(line).toMatchObject({ seq: 1, kind: "opened", arguments_full: "unreadable", hash: "unreadable" });
  });
});
