import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Approvals } from "../../src/approvals/approvals.ts";
import { createApprovals } from "../../src/approvals/create-approvals.ts";
import { createAudit } from "../../src/audit/create-audit.ts";
import { createSeal } from "../../src/core/seal.ts";
import { recordApprovals } from "../../src/gateway/approvals/record.ts";
import { openStore } from "../../src/store/open-store.ts";
import { serviceDeps } from "../support/approval-service.ts";
import { keepingLog } from "../support/audit.ts";
import { auditHash, digest, SECRET } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";
import { undoRowSeals } from "../support/forging.ts";
import {
  attack,
  copyRecord,
  type RecordFiles,
  recordFiles,
  rehash,
  runGateway,
  verdictOn,
} from "../support/record-world.ts";

/*
 * Somebody has the database and not the secret. What they do to it, and what `audit verify` finds: without an anchor, and
 * with one. All triggers are put back afterwards, so that nothing is found by their absence.
 */

const OTHER_SECRET = Buffer.alloc(32, 8);

let home: string;
let good: RecordFiles;
let older: RecordFiles;
let foreign: RecordFiles;
let sibling: RecordFiles;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "portcullis-record-"));
  const place = (name: string): RecordFiles => {
    mkdirSync(join(home, name));
    return recordFiles(join(home, name));
  };
  good = place("good");
  await runGateway(good, SECRET, 0);
  mkdirSync(join(home, "older"));
  older = copyRecord(good, join(home, "older"));
  await runGateway(good, SECRET, 1);
  foreign = place("foreign");
  await runGateway(foreign, OTHER_SECRET, 0);
  await runGateway(foreign, OTHER_SECRET, 1);
  sibling = place("sibling");
  await runGateway(sibling, SECRET, 0);
  await runGateway(sibling, SECRET, 2);
}, 60_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

let copies = 0;
function copy(): RecordFiles {
  const dir = join(home, `copy-${++copies}`);
  mkdirSync(dir);
  return copyRecord(good, dir);
}

async function codes(files: RecordFiles, anchor: boolean, secret: Uint8Array | undefined = SECRET) {
  const { findings, unproven } = await verdictOn(files, { secret, anchor });
  return { found: findings.map(({ code }) => code), unproven: unproven.map(({ code }) => code) };
}

const run = (sql: string) => (db: Database.Database) => void db.exec(sql);

/** Nothing in other tables tells of more than the first `rows` rows any more. */
function forgetAfter(db: Database.Database, rows: number): void {
  db.exec(`DELETE FROM audit WHERE seq > ${rows}`);
  db.exec("DELETE FROM activity_counts; DELETE FROM activity_hours; UPDATE activity_state SET counted = 0");
  for (const table of [
    "approval_requests",
    "approval_events",
    "approval_decisions",
    "approval_sealed",
    "approval_approvers",
    "outbox",
  ]) {
    const id = table === "approval_requests" ? "id" : "request_id";
    db.exec(`DELETE FROM ${table} WHERE ${id} NOT IN (SELECT approval FROM audit WHERE approval IS NOT NULL)`);
  }
}

function intoFrom(other: () => RecordFiles, where: string, columns = "*") {
  return (db: Database.Database) => {
    db.prepare("ATTACH ? AS other").run(other().database);
    db.exec(`DELETE FROM audit WHERE ${where}; INSERT INTO audit SELECT ${columns} FROM other.audit WHERE ${where}`);
    db.exec("DETACH other");
  };
}

/** Lets whoever has the file write its schema by hand. */
function bySchema(db: Database.Database, write: () => void): void {
  db.unsafeMode(true);
  db.pragma("writable_schema = ON");
  write();
  db.pragma("writable_schema = RESET");
  db.unsafeMode(false);
}

/** Builds an index of a table anew in another way, and has the schema say what it said before. */
function forgeIndex(name: string, otherwise: (sql: string) => string, ofTable = false) {
  return (db: Database.Database) => {
    const column = ofTable ? "tbl_name" : "name";
    const found = db
      .prepare<[string], { name: string; sql: string }>(
        `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND ${column} = ? LIMIT 1`,
      )
      .get(name);
    if (found === undefined) throw new Error(`There is no index ${name}.`);
    db.exec(`DROP INDEX ${found.name}`);
    db.exec(otherwise(found.sql));
    bySchema(db, () => db.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = ?").run(found.sql, found.name));
  };
}

/** The index finds two calls under each other's names, for its pages are those of another table's. */
function otherPages(db: Database.Database): void {
  db.exec("CREATE TABLE other AS SELECT * FROM audit");
  db.exec("UPDATE other SET call_id = 'call_0_9' WHERE call_id = 'call_0_1'");
  db.exec("UPDATE other SET call_id = 'call_0_1' WHERE call_id = 'call_0_2'");
  db.exec("CREATE INDEX other_call_id ON other (call_id)");
  const pages = db.prepare<[string], { rootpage: number }>("SELECT rootpage FROM sqlite_schema WHERE name = ?");
  const [mine, theirs] = [pages.get("audit_call_id"), pages.get("other_call_id")];
  bySchema(db, () => {
    const write = db.prepare("UPDATE sqlite_schema SET rootpage = ? WHERE name = ?");
    write.run(theirs?.rootpage, "audit_call_id");
    write.run(mine?.rootpage, "other_call_id");
  });
}

function quietTrigger(db: Database.Database): void {
  const sql = "CREATE TRIGGER sqlite_quiet AFTER INSERT ON audit BEGIN SELECT 1; END";
  bySchema(db, () =>
    db.prepare("INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_quiet', 'audit', 0, ?)").run(sql),
  );
}

describe("the record of a gateway that nobody touched", () => {
  it("is good and proven with its anchor", async () => {
    expect(await codes(good, true)).toEqual({ found: [], unproven: [] });
    const { chain } = await verdictOn(good, { secret: SECRET, anchor: true });
    // Start, eight calls with their ends, a vote, stop; twice.
    expect(chain).toMatchObject({ ok: true, rows: 38, keyedFrom: { seq: 1 }, checkpoints: { count: 4 } });
  });

  it("is good without, and it is said what that does not prove", async () => {
    expect(await codes(good, false)).toEqual({ found: [], unproven: ["anchor"] });
  });

  it("is linked, and no more can be said where the secret is not at hand", async () => {
    expect((await verdictOn(good, { secret: undefined, anchor: false })).findings).toEqual([]);
    const { found } = await codes(good, false, OTHER_SECRET);
    expect(new Set(found)).toEqual(new Set(["content", "since", "approvals", "forged", "sealed"]));
  });

  it("says so itself where the secret is not at hand", async () => {
    const { unproven } = await verdictOn(good, { secret: undefined, anchor: false });
    expect(unproven.map(({ code }) => code)).toEqual(["secret", "anchor"]);
  });
});

describe("what is found without an anchor, too", () => {
  it.each<[string, (db: Database.Database) => void, string]>([
    ["the last row and more cut off", run("DELETE FROM audit WHERE seq > 30"), "tables"],
    ["all but the first row cut off", run("DELETE FROM audit WHERE seq > 1"), "tables"],
    ["all rows deleted", run("DELETE FROM audit"), "empty"],
    ["all rows deleted, and whatever tells of them", (db) => forgetAfter(db, 0), "empty"],
    ["the first rows cut off", run("DELETE FROM audit WHERE seq < 5"), "missing"],
    [
      "the first rows cut off, the rest numbered and hashed anew",
      (db) => {
        db.exec("DELETE FROM audit WHERE seq < 5");
        rehash(db, 1, 2);
      },
      "content",
    ],
    [
      "the checkpoints deleted",
      (db) => {
        db.exec("DELETE FROM audit WHERE kind = 'checkpoint'");
        rehash(db, 1, 2);
      },
      "content",
    ],
    ["all rows made old ones", (db) => rehash(db, 1, null), "unkeyed"],
    ["the first rows made old ones", (db) => rehash(db, 1, null, 7), "link"],
    ["the last rows made old ones", (db) => rehash(db, 20, null), "unkeyed"],
    ["one row made an old one", (db) => rehash(db, 20, null, 20), "unkeyed"],
    [
      "the newer rows cut off and the rest made old ones",
      (db) => {
        forgetAfter(db, 9);
        rehash(db, 1, null);
      },
      "unkeyed",
    ],
    [
      "a row put in between",
      (db) => {
        db.exec("UPDATE audit SET seq = -seq WHERE seq >= 10; UPDATE audit SET seq = 1 - seq WHERE seq < 0");
        db.exec(
          "INSERT INTO audit (seq, at, call_id, kind, prev_hash, hash, scheme) VALUES (10, 1, 'x', 'opened', '', '', 2)",
        );
        rehash(db, 10, 2);
      },
      "content",
    ],
    [
      "two rows exchanged",
      (db) => {
        db.exec("UPDATE audit SET seq = 99 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5");
        db.exec("UPDATE audit SET seq = 5 WHERE seq = 99");
        rehash(db, 4, 2);
      },
      "content",
    ],
    ["rows of another gateway", intoFrom(() => foreign, "seq > 20"), "link"],
    ["all rows of another gateway", intoFrom(() => foreign, "seq > 0"), "content"],
    ["all rows of another gateway with the same secret", intoFrom(() => sibling, "seq > 0"), "tables"],
    ["an approval taken out", run("DELETE FROM approval_requests WHERE rowid = 1"), "tables"],
    ["the approvals taken out", run("DELETE FROM approval_requests; DELETE FROM approval_events"), "tables"],
    ["a vote taken out", run("DELETE FROM approval_decisions WHERE rowid = 1"), "tables"],
    ["a vote of somebody else", run("UPDATE approval_decisions SET approver_sub = 'eve'"), "tables"],
    ["a vote of somebody else, with its history", run("UPDATE approval_events SET actor_sub = 'eve'"), "acts"],
    [
      "a vote put in",
      run(
        "INSERT INTO approval_events SELECT request_id, 9, act, 'pending', 'rejected', 'i', 'eve', null, null, null, at FROM approval_events WHERE act = 'approve' LIMIT 1",
      ),
      "acts",
    ],
    ["another state", run("UPDATE approval_requests SET state = 'rejected'"), "tables"],
    ["other arguments approved", run("UPDATE approval_requests SET arguments_digest = 'other'"), "tables"],
    ["another tool approved", run("UPDATE approval_requests SET tool = 'other'"), "tables"],
    ["another requester", run("UPDATE approval_requests SET sub = 'other'"), "tables"],
    ["a trigger dropped", (db) => db.exec("CREATE TRIGGER quiet AFTER INSERT ON audit BEGIN SELECT 1; END"), "schema"],
  ])("%s", async (_what, change, code) => {
    const files = copy();
    attack(files, change);
    expect((await codes(files, false)).found).toContain(code);
    expect((await codes(files, true)).found.length).toBeGreaterThan(0);
  });

  it.each<[string, (db: Database.Database) => void, string]>([
    [
      "an index without one call",
      forgeIndex("audit_call_id", (sql) => `${sql} WHERE call_id <> 'call_0_1'`),
      "integrity",
    ],
    ["an index without any row", forgeIndex("audit_approval", (sql) => `${sql} AND 0`), "integrity"],
    ["an index in another order", forgeIndex("audit_call_id", (sql) => sql.replace(")", " DESC)")), "integrity"],
    [
      "an index over something else",
      forgeIndex("audit_call_id", (sql) => sql.replace("`call_id`", "`actor`")),
      "integrity",
    ],
    ["the pages of an index over other rows", otherPages, "integrity"],
    [
      "an index of approvals without rows",
      forgeIndex("approval_requests", (sql) => `${sql.replace(/ WHERE .*/, "")} WHERE 0`, true),
      "integrity",
    ],
    ["an hour that searches leave out", run("UPDATE activity_hours SET first_seq = last_seq + 1"), "tables"],
    [
      "an hour of which nothing is known",
      run("DELETE FROM activity_hours WHERE rowid = (SELECT min(at) FROM activity_hours)"),
      "tables",
    ],
    ["a trigger under a name of SQLite's own", quietTrigger, "schema"],
  ])("%s: what is looked up is not what was verified", async (_what, change, code) => {
    const files = copy();
    attack(files, change);
    expect((await codes(files, true)).found).toContain(code);
  });

  it.each(["audit_no_update", "audit_no_delete", "audit_only_next", "audit_keyed", "approval_decisions_no_update"])(
    "%s is gone",
    async (name) => {
      const files = copy();
      const db = new Database(files.database);
      db.exec(`DROP TRIGGER ${name}`);
      db.close();
      expect((await codes(files, true)).found).toEqual(["schema"]);
    },
  );

  it("any column of any row, hashed anew from there on", async () => {
    const files = copy();
    const read = new Database(files.database, { readonly: true });
    const columns = read
      .prepare<[], { name: string }>("SELECT name FROM pragma_table_info('audit')")
      .all()
      .map(({ name }) => name)
      .filter((name) => !["seq", "prev_hash", "hash", "scheme"].includes(name));
    read.close();
    expect(columns).toHaveLength(30);
    for (const [index, column] of columns.entries()) {
      // Every row in its turn.
      const seq = 1 + ((index * 7) % 38);
      const changed = copyRecord(good, join(home, "copy-1"));
      attack(changed, (db) => {
        db.prepare(`UPDATE audit SET ${column} = coalesce(${column} || '9', '9') WHERE seq = ?`).run(seq);
        rehash(db, seq, 2);
      });
      expect((await verdictOn(changed, { secret: SECRET, anchor: false })).findings[0]).toMatchObject({
        code: "content",
        seq,
      });
    }
  }, 60_000);
});

describe("what only an anchor shows, and is said to be unproven without one", () => {
  it.each<[string, (files: RecordFiles) => void]>([
    ["the last row cut off", (files) => attack(files, run("DELETE FROM audit WHERE seq = 38"))],
    ["the last rows cut off, and whatever tells of them", (files) => attack(files, (db) => forgetAfter(db, 19))],
    ["half of the last run cut off", (files) => attack(files, (db) => forgetAfter(db, 25))],
    ["an older copy of the whole file", (files) => writeFileSync(files.database, readFileSync(older.database))],
    [
      "the whole file of another gateway with the same secret",
      (files) => writeFileSync(files.database, readFileSync(sibling.database)),
    ],
  ])("%s", async (_what, change) => {
    const files = copy();
    change(files);
    expect(await codes(files, false)).toEqual({ found: [], unproven: ["anchor"] });
    expect((await codes(files, true)).found).toContain("anchor");
  });

  it("a record that went on after it had been cut, with the gateway's own hand", async () => {
    const files = copy();
    attack(files, (db) => forgetAfter(db, 25));
    await runGateway(files, SECRET, 3);
    expect((await codes(files, true)).found).toContain("anchor");
  });
});

describe("a record that is changed while no gateway runs, and on which one goes on then", () => {
  it.each<[string, (db: Database.Database) => void, "since" | "rows"]>([
    ["nothing but old rows, written anew", (db) => rehash(db, 1, null), "rows"],
    ["the same, without a word of the key", (db) => oldOnly(db, "DELETE FROM audit_keyed_since"), "since"],
    ["old rows, with the sign of a fresh record", (db) => oldOnly(db, FRESH), "since"],
    ["all rows deleted", (db) => forgetAfter(db, 0), "rows"],
    [
      "all rows deleted, and every word of them",
      (db) => {
        forgetAfter(db, 0);
        db.exec("DELETE FROM audit_keyed_since");
      },
      "since",
    ],
    ["the first rows cut off", run("DELETE FROM audit WHERE seq < 5"), "rows"],
    ["the last row changed", run("UPDATE audit SET at = at + 1 WHERE seq = 38"), "rows"],
    [
      "a row put in at the end",
      run(
        "INSERT INTO audit (seq, at, call_id, kind, prev_hash, hash, scheme) VALUES (39, 1, 'x', 'opened', '', '', 2)",
      ),
      "rows",
    ],
    ["only the word of the key taken away", run("DELETE FROM audit_keyed_since"), "since"],
    ["another word of the key", run("UPDATE audit_keyed_since SET seq = seq + 1"), "since"],
  ])("%s: it is found before and for ever after", async (_what, change, fault) => {
    const files = copy();
    attack(files, change);
    expect((await codes(files, false)).found.length).toBeGreaterThan(0);
    const log = keepingLog();
    await runGateway(files, SECRET, 3, { log });
    expect(log.lines.filter(({ level }) => level === "error")).toMatchObject([{ fields: { found: fault } }]);
    await runGateway(files, SECRET, 4, { log });
    // Once said, it is said: the next start finds what the last one left.
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    const { found } = await codes(files, false);
    expect(found.some((code) => ["found", "content", "missing", "link"].includes(code))).toBe(true);
    expect((await codes(files, true)).found.length).toBeGreaterThan(0);
  });

  it("is said to be one that has another secret, where it has", async () => {
    const files = copy();
    const log = keepingLog();
    await runGateway(files, OTHER_SECRET, 3, { log });
    // Requests that wait are not sealed by this one, either; whether they are looked at in time is another matter.
    expect(log.lines.find(({ level }) => level === "error")).toMatchObject({ fields: { found: "since" } });
  });

  it("that is an older copy shows only against an anchor, and so does one from before there was a key", async () => {
    const files = copy();
    attack(files, (db) => {
      rehash(db, 1, null);
      db.exec("DROP TABLE audit_keyed_since; ALTER TABLE approval_requests DROP COLUMN mac");
      db.exec("ALTER TABLE approval_requests DROP COLUMN history");
      undoRowSeals(db);
      db.exec("DELETE FROM __drizzle_migrations WHERE created_at > 1796007470365");
    });
    const log = keepingLog();
    await runGateway(files, SECRET, 3, { log });
    const { findings, unproven } = await verdictOn(files, { secret: SECRET, anchor: false });
    expect(findings).toEqual([]);
    expect(unproven).toMatchObject([
      { code: "unsealed", message: expect.stringMatching(/^2 requests/) },
      { code: "unkeyed", message: expect.stringContaining("Rows 1 to 38 are not keyed") },
      { code: "anchor" },
    ]);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: "warn", fields: { rows: 38 }, message: expect.stringContaining("not keyed") }),
    );
    expect((await codes(files, true)).found).toContain("anchor");
  });
});

const FRESH = `UPDATE audit_keyed_since SET begun = 0, seq = 0, hash = '${"0".repeat(64)}'`;

function oldOnly(db: Database.Database, sql: string): void {
  rehash(db, 1, null);
  db.exec(sql);
}

describe("an older copy of a request, seal and all", () => {
  it.each<["pending" | "approved", (files: RecordFiles) => Promise<void>]>([
    [
      "approved",
      (files) =>
        onApprovals(files, async (approvals, id, version) => {
          const claim = await approvals.claim(id, version);
          if (claim === undefined) throw new Error("Not claimed.");
          await approvals.finish(claim, { kind: "succeeded", isError: false, result: Buffer.from("{}") });
        }),
    ],
    [
      "approved",
      (files) => onApprovals(files, async (approvals, id) => void (await approvals.invalidate(id, "Over."))),
    ],
  ])("of when it was %s is found by what the audit tells", async (state, act) => {
    const files = copy();
    const before = recordFiles(mkdtempSync(join(home, "before-")));
    copyRecord(files, dirname(before.database));
    await act(files);
    expect((await codes(files, false)).found).toEqual([]);
    attack(files, (db) => {
      db.prepare("ATTACH ? AS other").run(before.database);
      for (const table of ["requests", "decisions", "events", "approvers", "sealed"]) {
        const name = `approval_${table}`;
        db.exec(`DELETE FROM ${name}; INSERT INTO ${name} SELECT * FROM other.${name}`);
      }
      db.exec("DETACH other");
      expect(db.prepare("SELECT DISTINCT state FROM approval_requests").all()).toEqual([{ state }]);
    });
    expect((await codes(files, false)).found).toContain("tables");
  });
});

/** Has something done to the newest request, with what the audit says of it. */
async function onApprovals(
  files: RecordFiles,
  act: (approvals: Approvals, id: string, version: number) => Promise<void>,
): Promise<void> {
  const log = keepingLog();
  const store = openStore({ url: `file:${files.database}`, log, auditHash });
  const seal = createSeal(SECRET, "audit-arguments");
  const now = () => 1_790_000_000_000 + 3_600_000 + 60_000;
  const record = createAudit({ rows: store.audit, now, log, arguments: "redacted", seal, digest });
  const approvals = createApprovals(serviceDeps(store, { log, now }));
  recordApprovals(approvals, record);
  const [request] = (await approvals.list({ limit: 1 })).items;
  if (request === undefined) throw new Error("There is no request.");
  await act(approvals, request.id, request.version);
  await approvals.close();
  await record.flush();
  await store.close();
}

describe("a record that is cut while the gateway runs", () => {
  it("says so itself when it goes on, whatever became of other tables", async () => {
    const files = recordFiles(mkdtempSync(join(home, "running-")));
    const { log, store, calls } = await openCalls(files);
    await calls(["call_1", "call_2", "call_3"]);
    attack(files, run("DELETE FROM audit WHERE seq > 1"));
    await calls(["call_4"]);
    attack(files, run("DELETE FROM audit WHERE seq > 1"));
    await calls(["call_5"]);
    await store.close();
    expect(log.lines.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { seq: 3 } },
      { fields: { seq: 3 } },
    ]);
    expect((await codes(files, false)).found).toEqual(["lost"]);
  });

  it("by nobody, is no such record: another process may go on, too", async () => {
    const files = recordFiles(mkdtempSync(join(home, "running-")));
    const first = await openCalls(files);
    const second = await openCalls(files);
    await first.calls(["call_1"]);
    await second.calls(["call_2", "call_3"]);
    await first.calls(["call_4"]);
    await second.calls(["call_5"]);
    await first.store.close();
    await second.store.close();
    expect(await codes(files, false)).toEqual({ found: [], unproven: ["anchor"] });
  });
});

async function openCalls(files: RecordFiles) {
  const log = keepingLog();
  const store = openStore({ url: `file:${files.database}`, log, auditHash });
  const seal = createSeal(SECRET, "audit-arguments");
  const audit = createAudit({ rows: store.audit, now: Date.now, log, arguments: "redacted", seal, digest });
  const calls = (ids: readonly string[]) => Promise.all(ids.map((id) => audit.open(opening(id))));
  return { log, store, calls };
}

describe("an anchor", () => {
  it("with lines of somebody else is found out", async () => {
    const files = copy();
    const lines = readFileSync(files.anchor, "utf8").trimEnd().split("\n");
    const forged = JSON.stringify({ ...JSON.parse(lines[0] ?? ""), rows: 3 });
    const other = readFileSync(foreign.anchor, "utf8").split("\n")[0] ?? "";
    writeFileSync(files.anchor, [...lines, forged, other, "nonsense", ""].join("\n"));
    expect((await codes(files, true)).found).toEqual(["anchor_file", "anchor_file", "anchor_file"]);
  });

  it.each<[string, (lines: readonly string[]) => readonly string[], readonly string[]]>([
    ["all lines", (lines) => lines, []],
    ["all but the last line", (lines) => lines.slice(0, 3), ["anchor_stale", "anchor_gap"]],
    ["only the first line", (lines) => lines.slice(0, 1), ["anchor_stale", "anchor_gap"]],
    ["no line of the second start", (lines) => [...lines.slice(0, 2), ...lines.slice(3)], ["anchor_gap"]],
    ["only the last line, as one that was set up late", (lines) => lines.slice(3), []],
  ])("with %s: what it does not prove is said, at any time", async (_what, keep, unproven) => {
    const files = copy();
    const lines = readFileSync(files.anchor, "utf8").trimEnd().split("\n");
    writeFileSync(files.anchor, `${keep(lines).join("\n")}\n`);
    expect(await codes(files, true)).toEqual({ found: [], unproven });
  });

  it("proves nothing of what a gateway wrote after a checkpoint and before it crashed", async () => {
    const files = recordFiles(mkdtempSync(join(home, "crash-")));
    await runGateway(files, SECRET, 0, { crash: true });
    expect(await codes(files, true)).toEqual({ found: [], unproven: ["anchor_stale"] });
    // All that came after the start is cut: what is left ends with a row that is anchored.
    attack(files, (db) => forgetAfter(db, 1));
    const { findings, unproven } = await verdictOn(files, { secret: SECRET, anchor: true });
    expect(findings).toEqual([]);
    expect(unproven).toMatchObject([{ code: "anchor_stale", message: expect.stringContaining("After row 1,") }]);
    await runGateway(files, SECRET, 1);
    expect((await verdictOn(files, { secret: SECRET, anchor: true })).unproven).toMatchObject([
      { code: "crash", message: expect.stringContaining("before row 2:") },
    ]);
  });

  it("that is empty is no anchor", async () => {
    const files = copy();
    writeFileSync(files.anchor, "");
    expect(await codes(files, true)).toEqual({ found: [], unproven: ["anchor"] });
  });
});
