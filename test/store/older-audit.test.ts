import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { createAudit } from "../../src/audit/create-audit.ts";
import { verifyChain } from "../../src/audit/verify/verify-chain.ts";
import { createSeal } from "../../src/core/seal.ts";
import { openForWriting } from "../../src/store/database/open.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { auditHash, digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

/** The migrations of the first version, in a folder of their own. */
function firstMigrations(): string {
  const dir = temporaryDir();
  const journal = JSON.parse(readFileSync("migrations/meta/_journal.json", "utf8"));
  const entries = journal.entries.slice(0, 2);
  mkdirSync(join(dir, "meta"));
  writeFileSync(join(dir, "meta", "_journal.json"), JSON.stringify({ ...journal, entries }));
  for (const { tag } of entries) copyFileSync(`migrations/${tag}.sql`, join(dir, `${tag}.sql`));
  return dir;
}

/** A database as the first version wrote it: four calls, hashed by its rule, the columns `seq` to `trace_id`. */
function writtenByFirstVersion(): string {
  const path = join(temporaryDir(), "portcullis.db");
  const db = openForWriting({ kind: "file", path }, firstMigrations());
  const columns = db
    .prepare<[], { name: string }>("SELECT name FROM pragma_table_info('audit')")
    .all()
    .map(({ name }) => name);
  expect(columns).toHaveLength(26);
  expect(columns.slice(-3)).toEqual(["trace_id", "prev_hash", "hash"]);
  const insert = db.prepare(`INSERT INTO audit VALUES (${columns.map(() => "?").join()})`);
  let before = "0".repeat(64);
  for (let seq = 1; seq <= 4; seq++) {
    const given: Readonly<Record<string, unknown>> = {
      seq,
      at: 1_700_000_000_000 + seq,
      call_id: `old_${seq}`,
      kind: "opened",
      actor: "u-1",
      tool: "create_expense",
      decision: "allow",
      policies: "[]",
      trace_id: seq % 2 === 0 ? "4bf9" : null,
    };
    const values = columns.slice(0, 24).map((name) => given[name] ?? null);
    const hash = createHash("sha256")
      .update(`${before}\n${JSON.stringify(values)}`)
      .digest("hex");
    insert.run(...values, before, hash);
    before = hash;
  }
  db.close();
  return path;
}

function change(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(`DROP TRIGGER audit_no_update; ${sql}`);
  db.close();
}

describe("an audit that the first version wrote", () => {
  it("still fits its hashes, and goes on in the same chain", async () => {
    const store = openTestStore(writtenByFirstVersion());
    // By itself it may have been written by anybody: the first keyed row is what fixes it.
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({
      ok: false,
      reason: "unkeyed",
      rows: 4,
    });
    const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
    const audit = createAudit({
      rows: store.audit,
      now: Date.now,
      log: keepingLog(),
      arguments: "sealed",
      seal,
      digest,
    });
    await audit.open(opening("new_1"));
    audit.close({ callId: "new_1", at: 1, outcome: "ok", durationMs: 1 });
    await audit.flush();
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({
      ok: true,
      rows: 6,
      keyedFrom: { seq: 5 },
    });
  });

  it.each([
    ...["facts = '{}'", "definition_digest = 'd'", "facts = '', definition_digest = ''", "approval = 'apr_1'"],
    ...["method = 'prompts/get'", "subject_kind = 'prompt'", "subject = 'x'", "subject = '', method = ''"],
  ])("does not let anybody add %s later", async (values) => {
    const path = writtenByFirstVersion();
    const store = openTestStore(path);
    change(path, `UPDATE audit SET ${values} WHERE seq = 3`);
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({
      ok: false,
      seq: 3,
      reason: "content",
    });
  });
});
