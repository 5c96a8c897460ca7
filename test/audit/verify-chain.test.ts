import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAudit } from "../../src/audit/create-audit.ts";
import { type ChainVerdict, verifyChain } from "../../src/audit/verify/verify-chain.ts";
import type { CallOutcome } from "../../src/core/call-outcome.ts";
import { createSeal } from "../../src/core/seal.ts";
import { SUBJECT_KINDS } from "../../src/core/subject.ts";
import type { ChainHead } from "../../src/store/audit/audit-row.ts";
import { openStore } from "../../src/store/open-store.ts";
import { keepingLog, temporaryDir } from "../support/audit.ts";
import { auditHash, digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

const log = keepingLog();
const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");

async function record(path: string, ids: readonly string[], tool = "create_expense"): Promise<void> {
  const store = openStore({ url: `file:${path}`, log, auditHash });
  const audit = createAudit({ rows: store.audit, now: Date.now, log, arguments: "redacted", seal, digest });
  await Promise.all(ids.map((id) => audit.open(opening(id, { subject: tool }))));
  await store.close();
}

async function verify(path: string, head?: ChainHead): Promise<ChainVerdict> {
  const store = openStore({ url: `file:${path}`, log, auditHash });
  const verdict = await verifyChain(store.audit, { keys: [auditHash], heads: head === undefined ? [] : [head] });
  await store.close();
  return verdict;
}

function tamper(path: string, sql: string): void {
  const db = new Database(path);
  for (const trigger of ["audit_no_update", "audit_no_delete", "audit_only_next", "audit_keyed"])
    db.exec(`DROP TRIGGER ${trigger}`);
  db.exec(sql);
  db.close();
}

async function recorded(count: number): Promise<string> {
  const path = join(temporaryDir(), "portcullis.db");
  await record(
    path,
    Array.from({ length: count }, (_, index) => `call_${index + 1}`),
  );
  return path;
}

describe("the table refuses", () => {
  it.each([
    ["UPDATE audit SET tool = 'x' WHERE seq = 2", "never changed"],
    ["DELETE FROM audit WHERE seq = 3", "never deleted"],
    ["DELETE FROM audit", "never deleted"],
    ["INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1", "next number"],
    [
      "INSERT INTO audit (seq, at, call_id, kind, prev_hash, hash) VALUES (4, 1, 'x', 'opened', '', '')",
      "must be keyed",
    ],
    [
      "INSERT INTO audit (seq, at, call_id, kind, prev_hash, hash, scheme) VALUES (9, 1, 'x', 'opened', '', '', 2)",
      "next number",
    ],
    [
      "INSERT INTO audit (seq, at, call_id, kind, prev_hash, hash, scheme) VALUES (0, 1, 'x', 'opened', '', '', 2)",
      "next number",
    ],
  ])("%s", async (sql, reason) => {
    const path = await recorded(3);
    const db = new Database(path);
    // As in programs that leave it at SQLite's own default, where REPLACE deletes without asking triggers.
    db.pragma("recursive_triggers = OFF");
    expect(() => db.exec(sql)).toThrow(reason);
    db.close();
    expect(await verify(path)).toMatchObject({ ok: true, rows: 3 });
  });
});

describe("a chain that somebody changed, with the triggers gone, is found out", () => {
  const copy = "at, call_id, kind, prev_hash, hash) SELECT";
  it.each([
    ["a changed value", "UPDATE audit SET tool = 'other' WHERE seq = 3", 3, "content"],
    ["a value set to nothing", "UPDATE audit SET arguments_digest = NULL WHERE seq = 3", 3, "content"],
    ["a value of another type", "UPDATE audit SET actor = x'00' WHERE seq = 3", 3, "content"],
    ["values moved between columns", "UPDATE audit SET upstream = tool, tool = upstream WHERE seq = 3", 3, "content"],
    ["a fact set to nothing", "UPDATE audit SET facts = NULL WHERE seq = 3", 3, "content"],
    ["a definition set to nothing", "UPDATE audit SET definition_digest = NULL WHERE seq = 3", 3, "content"],
    ["both set to nothing", "UPDATE audit SET facts = NULL, definition_digest = NULL WHERE seq = 3", 3, "content"],
    [
      "a value moved behind an empty one",
      "UPDATE audit SET definition_digest = NULL, facts = definition_digest WHERE seq = 3",
      3,
      "content",
    ],
    ["a request added", "UPDATE audit SET approval = 'apr_1' WHERE seq = 3", 3, "content"],
    ["a changed time", "UPDATE audit SET at = at + 1 WHERE seq = 1", 1, "content"],
    ["a changed hash", "UPDATE audit SET hash = prev_hash WHERE seq = 3", 3, "content"],
    ["a changed link", "UPDATE audit SET prev_hash = hash WHERE seq = 3", 3, "link"],
    ["a row taken out", "DELETE FROM audit WHERE seq = 3", 4, "missing"],
    ["the first row taken out", "DELETE FROM audit WHERE seq = 1", 2, "missing"],
    [
      "a row taken out and the rest renumbered",
      "DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5",
      3,
      "link",
    ],
    [
      "two rows exchanged",
      "UPDATE audit SET seq = seq + 10 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 12",
      2,
      "link",
    ],
    [
      "a row smuggled in below",
      `INSERT INTO audit (seq, ${copy} -5, at, call_id, kind, prev_hash, hash FROM audit WHERE seq = 1`,
      -5,
      "order",
    ],
    [
      "a row made up at the end",
      `INSERT INTO audit (seq, ${copy} 6, at, call_id, kind, hash, hash FROM audit WHERE seq = 5`,
      6,
      "unkeyed",
    ],
    [
      "a row made up at the end as a keyed one",
      "INSERT INTO audit (seq, at, call_id, kind, prev_hash, hash, scheme) SELECT 6, at, call_id, kind, hash, hash, 2 FROM audit WHERE seq = 5",
      6,
      "content",
    ],
    ["a row of another scheme", "UPDATE audit SET scheme = 3 WHERE seq = 3", 3, "unkeyed"],
  ])("%s", async (_what, sql, seq, reason) => {
    const path = await recorded(5);
    tamper(path, sql);
    expect(await verify(path)).toMatchObject({ ok: false, seq, reason });
  });

  it("a chain cut off at its end, or written anew, by a hash that was noted before", async () => {
    const path = await recorded(5);
    const before = await verify(path);
    if (!before.ok) throw new Error(before.message);
    const anchor = { seq: before.lastSeq, hash: before.lastHash };
    await record(path, ["call_6"]);
    expect(await verify(path, anchor)).toMatchObject({ ok: true, rows: 6 });

    tamper(path, "DELETE FROM audit WHERE seq >= 5");
    expect(await verify(path)).toMatchObject({ ok: true, rows: 4 });
    expect(await verify(path, anchor)).toMatchObject({ ok: false, seq: 5, reason: "anchor" });

    await record(path, ["call_5"], "another_tool");
    expect(await verify(path)).toMatchObject({ ok: true, rows: 5 });
    expect(await verify(path, anchor)).toMatchObject({ ok: false, seq: 5, reason: "anchor" });
  });
});

describe("a chain that nobody changed is whole", () => {
  it("over many pages, and progress is told", async () => {
    const path = await recorded(1_200);
    const store = openStore({ url: `file:${path}`, log, auditHash });
    const progress: number[] = [];
    const verdict = await verifyChain(store.audit, { keys: [auditHash], onProgress: (rows) => progress.push(rows) });
    await store.close();
    expect(verdict).toMatchObject({ ok: true, rows: 1_200 });
    expect(progress).toEqual([500, 1_000, 1_200]);
  });

  it("whatever clients and upstreams put into names and arguments", async () => {
    const unit = fc.constantFrom(
      "a",
      "ü",
      "\u0000",
      "\ud800",
      "\udfff",
      "😀",
      "\\ud800",
      '"',
      "\n",
      "\u2028",
      "\ufeff",
    );
    const text = fc.string({ unit, maxLength: 8 });
    const calls = fc.array(
      fc.record({
        name: text,
        subject: text,
        subjectKind: fc.constantFrom(...SUBJECT_KINDS),
        session: text,
        value: text,
        durationMs: fc.double(),
      }),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    const store = openStore({ url: "file::memory:", log, auditHash });
    const audits = (["redacted", "full", "sealed"] as const).map((kept) =>
      createAudit({ rows: store.audit, now: Date.now, log, arguments: kept, seal, digest }),
    );
    await fc.assert(
      fc.asyncProperty(calls, async (made) => {
        for (const audit of audits) {
          for (const { name, subject, subjectKind, session, value, durationMs } of made) {
            const client = { name, version: value, ip: "::1", userAgent: value };
            const about = { method: value, subjectKind, subject, arguments: { [value]: [value] } };
            await audit.open(opening(name, { client, session, ...about }));
            // Whatever a later version may write there.
            audit.close({ callId: name, at: 1.5, outcome: value as CallOutcome, durationMs });
          }
          await audit.flush();
        }
        expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({ ok: true });
      }),
      { numRuns: 50 },
    );
    await store.close();
  });
});
