import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { type AuditLimits, createAudit } from "../../src/audit/create-audit.ts";
import type { ArgumentsMode } from "../../src/audit/encode-row.ts";
import { verifyChain } from "../../src/audit/verify/verify-chain.ts";
import { createSeal } from "../../src/core/seal.ts";
import type { AuditRow, StoredAuditRow } from "../../src/store/audit/audit-row.ts";
import type { AuditReader } from "../../src/store/audit/audit-rows.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { auditHash, digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
const CLOSING = { at: 1_790_000_000_100, outcome: "ok", durationMs: 1.23456 } as const;

function setUp(options: { limits?: Partial<AuditLimits>; lockWaitMs?: number; arguments?: ArgumentsMode } = {}) {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openTestStore(path, { lockWaitMs: options.lockWaitMs ?? 0 });
  const batches: number[] = [];
  const log = keepingLog();
  let now = 1_000;
  const rows = {
    append: (batch: readonly AuditRow[]) => {
      batches.push(batch.length);
      return store.audit.append(batch);
    },
  };
  const audit = createAudit({
    rows,
    now: () => now,
    log,
    arguments: options.arguments ?? "redacted",
    seal,
    digest,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const tick = (ms: number) => {
    now += ms;
  };
  return { path, store, audit, batches, log, tick };
}

/** Holds the write lock of the database, as a backup or a shell with an open transaction would. */
function lock(path: string): () => void {
  const other = new Database(path);
  other.exec("BEGIN IMMEDIATE");
  return () => {
    other.exec("ROLLBACK");
    other.close();
  };
}

async function rowsOf(reader: AuditReader): Promise<StoredAuditRow[]> {
  const rows: StoredAuditRow[] = [];
  for await (const page of reader.pages(1)) rows.push(...page);
  return rows;
}

describe("a call", () => {
  it("is on record, for every reader, when its opening is acknowledged", async () => {
    const { path, audit } = setUp();
    const decision = {
      effect: "deny",
      policy: "large-expenses",
      message: "You asked for 12000.",
      set: "f".repeat(64),
      matched: [{ policy: "large-expenses", effect: "deny", because: "condition" }],
    } as const;
    expect(await audit.open(opening("call_1", { decision, traceId: "4bf9", session: "s-1" }))).toBe(true);
    const other = new Database(path, { readonly: true });
    expect(other.prepare("SELECT * FROM audit").all()).toEqual([
      {
        seq: 1,
        at: 1_790_000_000_000,
        call_id: "call_1",
        kind: "opened",
        actor: "u-1",
        actor_issuer: "https://idp.example",
        actor_email: "ann@acme.com",
        client: "claude-code/2.0",
        client_id: "agent",
        client_ip: "127.0.0.1",
        endpoint: "",
        session: "s-1",
        upstream: "expenses",
        tool: "create_expense",
        decision: "deny",
        policies: '[{"policy":"large-expenses","effect":"deny","because":"condition"}]',
        policy_set: "f".repeat(64),
        arguments_digest: digest('{"amount":12,"currency":"EUR"}'),
        arguments_redacted: '{"amount":12,"currency":"EUR"}',
        arguments_sealed: null,
        arguments_full: null,
        outcome: null,
        duration_ms: null,
        trace_id: "4bf9",
        definition_digest: "d".repeat(64),
        facts: '{"kind":"person","name":"Ann","roles":["employee"],"user_agent":"claude/2"}',
        approval: null,
        challenge: null,
        method: null,
        subject_kind: null,
        subject: null,
        prev_hash: "0".repeat(64),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        scheme: 2,
      },
    ]);
    other.close();
  });

  it("is closed by a row of its own, which the list shows as one with its opening", async () => {
    const { store, audit } = setUp();
    await audit.open(opening("call_1"));
    await audit.open(opening("call_2"));
    audit.close({ callId: "call_1", ...CLOSING });
    await audit.flush();
    expect((await store.audit.list({ limit: 10 })).entries).toMatchObject([
      { seq: 1, callId: "call_1", tool: "create_expense", outcome: "ok", durationMs: 1.235 },
      { seq: 2, callId: "call_2", outcome: null, durationMs: null },
    ]);
  });

  it("has the policies that saw its result in its closing row, if there are any", async () => {
    const { store, audit } = setUp();
    const policies = [
      { policy: "mask-cards", effect: "redact", because: "condition" },
      { policy: "mask-names", effect: "redact", because: "condition", mode: "shadow" },
    ] as const;
    for (const id of ["call_1", "call_2"]) await audit.open(opening(id));
    audit.close({ callId: "call_1", ...CLOSING, policies });
    audit.close({ callId: "call_2", ...CLOSING, policies: [] });
    await audit.flush();
    const closed = (await rowsOf(store.audit)).filter((row) => row.kind === "closed");
    expect(closed.map((row) => row.policies)).toEqual([JSON.stringify(policies), null]);
    expect((await store.audit.list({ limit: 10 })).entries).toMatchObject([
      { policies: "[]", resultPolicies: JSON.stringify(policies), outcome: "ok", durationMs: 1.235 },
      { policies: "[]", resultPolicies: null, outcome: "ok", durationMs: 1.235 },
    ]);
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({ ok: true, rows: 4 });
  });

  it("that asked for approval stands with what was decided and with its run", async () => {
    const { store, audit } = setUp();
    const approval = "apr_1";
    const about = { about: "approval", id: approval } as const;
    const act = { ...about, at: 3, upstream: "expenses", subject: "create_expense", policies: ["large-expenses"] };
    const actor = { issuer: "https://idp.example", subject: "u-2", email: "bob@acme.com" };
    await audit.open(opening("call_1"));
    audit.close({ callId: "call_1", ...CLOSING, outcome: "approval_pending", approval });
    await audit.open(opening("call_2"));
    audit.record({ ...act, actor, outcome: "approve" });
    await audit.open(opening("call_3", { approval }));
    audit.close({ callId: "call_3", ...CLOSING });
    audit.record({ ...act, actor: undefined, outcome: "succeeded" });
    await audit.flush();
    const { entries } = await store.audit.list({ limit: 10, approval });
    expect(entries).toMatchObject([
      { callId: "call_1", kind: "opened", outcome: "approval_pending", approval },
      { callId: approval, kind: "decided", actor: "u-2", actorEmail: "bob@acme.com", outcome: "approve", approval },
      { callId: "call_3", kind: "opened", outcome: "ok", approval },
      { callId: approval, kind: "decided", actor: null, tool: "create_expense", outcome: "succeeded", approval },
    ]);
    expect((await store.audit.list({ limit: 10, policy: "large-expenses" })).entries).toHaveLength(2);
    // The run is no call that a client made.
    expect(await store.audit.countCalls(1)).toBe(2);
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({ ok: true, rows: 7 });
    await store.close();
  });

  it("stands among what administrators did, of which each has a row of its own", async () => {
    const { store, audit } = setUp();
    const actor = { issuer: "https://idp.example", subject: "u-9", email: undefined };
    await audit.open(opening("call_1"));
    audit.record({ about: "admin", id: "s1", at: 3, actor, session: "s1", outcome: "session_ended" });
    audit.record({ about: "admin", id: "crm", at: 4, actor, upstream: "crm", outcome: "upstream_removed" });
    await audit.flush();
    const { entries } = await store.audit.list({ limit: 10 });
    expect(entries).toMatchObject([
      { callId: "call_1", kind: "opened" },
      { callId: "s1", kind: "admin", actor: "u-9", upstream: null, tool: null, outcome: "session_ended" },
      { callId: "crm", kind: "admin", actor: "u-9", upstream: "crm", decision: null, outcome: "upstream_removed" },
    ]);
    expect((await rowsOf(store.audit)).map(({ session }) => session)).toEqual([null, "s1", null]);
    expect(await store.audit.countCalls(1)).toBe(1);
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({ ok: true, rows: 3 });
  });

  it("has the policies that counted and then those that did not in its row", async () => {
    const { store, audit } = setUp();
    const matched = [{ policy: "a", effect: "allow", because: "condition" }] as const;
    const unapplied = [
      { policy: "b", effect: "deny", because: "condition", mode: "shadow" },
      { policy: "c", effect: "allow", because: "error", error: "no such key: amount" },
    ] as const;
    await audit.open(opening("call_1", { decision: { effect: "allow", matched, unapplied, set: "" } }));
    expect((await rowsOf(store.audit))[0]?.policies).toBe(JSON.stringify([...matched, ...unapplied]));
  });

  it("shares its transaction with all calls of its event-loop turn", async () => {
    const { audit, batches } = setUp();
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => audit.open(opening(`call_${index}`))));
    expect(answers).toEqual(Array.from({ length: 40 }, () => true));
    expect(batches).toEqual([40]);
  });
});

describe("when the record cannot be written", () => {
  it("every opening of the batch is refused, and the log says so once", async () => {
    const { path, store, audit, log, tick } = setUp();
    const release = lock(path);
    expect(await Promise.all([audit.open(opening("call_1")), audit.open(opening("call_2"))])).toEqual([false, false]);
    expect(await audit.open(opening("call_3"))).toBe(false);
    expect(log.lines).toMatchObject([{ level: "error", fields: { refused: 2, err: { code: "STORE_LOCKED" } } }]);
    release();
    tick(700);
    expect(await audit.open(opening("call_4"))).toBe(true);
    expect(log.lines.at(-1)).toMatchObject({ level: "info", fields: { refused: 3, lost: 0, forMs: 700 } });
    expect((await rowsOf(store.audit)).map((row) => row.callId)).toEqual(["call_4"]);
  });

  it("a call waits for a lock that goes away in time", async () => {
    const { path, audit } = setUp({ lockWaitMs: 10_000 });
    const release = lock(path);
    const opened = audit.open(opening("call_1"));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    release();
    expect(await opened).toBe(true);
  });

  it("closings are kept and written with the next batch", async () => {
    const { path, store, audit } = setUp();
    await audit.open(opening("call_1"));
    const release = lock(path);
    audit.close({ callId: "call_1", ...CLOSING });
    expect(await audit.open(opening("call_2"))).toBe(false);
    release();
    expect(await audit.open(opening("call_3"))).toBe(true);
    expect((await rowsOf(store.audit)).map((row) => [row.callId, row.kind])).toEqual([
      ["call_1", "opened"],
      ["call_1", "closed"],
      ["call_3", "opened"],
    ]);
  });

  it("closings beyond the bound are counted, never dropped in silence", async () => {
    const { path, store, audit, log } = setUp({ limits: { maxClosings: 2 } });
    const release = lock(path);
    for (const id of ["a", "b", "c", "d"]) audit.close({ callId: id, ...CLOSING });
    await audit.flush();
    expect(log.lines).toMatchObject([
      { level: "error", fields: { lost: 2 } },
      { level: "error", fields: { closings: 2 } },
    ]);
    release();
    await audit.flush();
    expect((await rowsOf(store.audit)).map((row) => row.callId)).toEqual(["a", "b"]);
  });

  it("an opening beyond its principal's half of the queue is refused at once, whatever holds the queue up", async () => {
    const { store, audit } = setUp({ limits: { maxRows: 6 } });
    const answers = await Promise.all([1, 2, 3, 4, 5].map((index) => audit.open(opening(`call_${index}`))));
    expect(answers).toEqual([true, true, true, false, false]);
    expect(await store.audit.lastSeq()).toBe(3);
  });

  it("openings are written in transactions of a megabyte of arguments, so that none holds everybody up for long", async () => {
    const { audit, batches } = setUp({ arguments: "full" });
    const args = { text: "x".repeat(400_000) };
    await Promise.all(
      Array.from({ length: 5 }, (_, index) => audit.open(opening(`call_${index}`, { arguments: args }))),
    );
    expect(batches).toEqual([2, 2, 1]);
  });

  it("openings with much to keep are refused beyond the room for it", async () => {
    const { audit } = setUp({ limits: { maxChars: 100 } });
    const answers = await Promise.all([1, 2, 3].map((index) => audit.open(opening(`call_${index}`))));
    expect(answers).toEqual([true, true, false]);
  });
});
