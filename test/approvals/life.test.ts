import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { ApprovalClaim, ApprovalTransition } from "../../src/approvals/approvals.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import { createSeal } from "../../src/core/seal.ts";
import {
  ann,
  ask,
  bob,
  carl,
  DAY,
  flow,
  HOUR,
  MINUTE,
  no,
  person,
  requester,
  stage,
  yes,
} from "../support/approval-parts.ts";
import { done, rowsOf, START, testApprovals } from "../support/approval-service.ts";
import { eventually } from "../support/eventually.ts";

const result = (text: string) => ({ kind: "succeeded" as const, result: Buffer.from(text), isError: false });

describe("a decision", () => {
  it("is on record with who, why, when and where, and so is every step", async () => {
    const { approvals, opened, path } = testApprovals();
    const request = await opened();
    const vote = no(request, { ...ann, acr: "mfa" }, { reason: "  Too much. ", channel: "console", ip: "10.0.0.7" });
    const rejected = done(await approvals.decide(vote));
    expect(rejected).toMatchObject({
      state: "rejected",
      decidedAt: START,
      decisions: [
        {
          stage: 0,
          approver: { issuer: ann.issuer, subject: "ann", name: "ann", email: "ann@acme.com" },
          decision: "reject",
          reason: "Too much.",
          at: START,
          channel: "console",
        },
      ],
    });
    expect(await approvals.get(request.id)).toEqual(rejected);
    expect(rowsOf(path, "SELECT acr, ip, arguments_digest FROM approval_decisions")).toEqual([
      { acr: "mfa", ip: "10.0.0.7", arguments_digest: request.argumentsDigest },
    ]);
    expect(await approvals.history(request.id)).toMatchObject([
      { seq: 1, act: "request", from: undefined, to: "pending", actor: { subject: "rita" } },
      { seq: 2, act: "reject", from: "pending", to: "rejected", actor: { subject: "ann" }, reason: "Too much." },
    ]);
  });

  it("of two people at once counts once; the other one hears that somebody was faster", async () => {
    const { approvals, opened, another } = testApprovals();
    const request = await opened();
    const [one, other] = await Promise.all([
      approvals.decide(yes(request, ann)),
      another().approvals.decide(no(request, bob)),
    ]);
    expect([one.ok, other.ok].filter(Boolean)).toHaveLength(1);
    expect([one, other].find((acted) => !acted.ok)).toMatchObject({ code: "APPROVAL_CLOSED" });
    expect((await approvals.get(request.id))?.decisions).toHaveLength(1);
  });

  it("of two people at once where both are needed is given again by the slower one", async () => {
    const { approvals, opened } = testApprovals({ flows: [flow({ stages: [stage("finance-lead", 2)] })] });
    const request = await opened();
    const acted = await Promise.all([ann, bob].map((who) => approvals.decide(yes(request, who))));
    expect(acted).toMatchObject([{ ok: true }, { ok: false, code: "APPROVAL_CONFLICT" }]);
    const now = await approvals.get(request.id);
    if (now === undefined) throw new Error("It is gone.");
    expect(now).toMatchObject({ state: "pending", version: 2, stages: [{ given: 1, required: 2 }] });
    expect(await approvals.decide(yes(now, bob))).toMatchObject({ request: { state: "approved" } });
  });

  it.each([
    ["that is longer than anybody reads", "x".repeat(2_001), "PARAMS_INVALID"],
    ["of blanks", "  \n ", "APPROVAL_REASON_REQUIRED"],
  ])("with a reason %s is refused", async (_what, reason, code) => {
    const { approvals, opened } = testApprovals();
    expect(await approvals.decide(no(await opened(), ann, { reason }))).toMatchObject({ ok: false, code });
  });

  it("on a request that does not exist is refused, and so is every other act", async () => {
    const { approvals, opened } = testApprovals();
    const unknown = { ...(await opened()), id: "apr_nobody" };
    const acts = [
      approvals.decide(yes(unknown, ann)),
      approvals.cancel(unknown.id, requester),
      approvals.invalidate(unknown.id, "x"),
      approvals.resolve(unknown.id, ann, "failed", "x"),
    ];
    for (const acted of await Promise.all(acts)) expect(acted).toEqual({ ok: false, code: "APPROVAL_UNKNOWN" });
    expect(await approvals.get(unknown.id)).toBeUndefined();
    expect(await approvals.claim(unknown.id, 1)).toBeUndefined();
    expect(await approvals.waitForChange(unknown.id, 1, MINUTE)).toBeUndefined();
    expect(await approvals.history(unknown.id)).toEqual([]);
    expect(await approvals.result(unknown.id)).toBeUndefined();
  });
});

describe("an approved call", () => {
  it("is run once, with the arguments and by the person that were approved", async () => {
    const { approvals, approved } = testApprovals();
    const principal = { ...requester, claims: { department: "sales", level: 3 }, amr: ["pwd"], authTime: 5 };
    const args = { b: [1, { z: null, y: "ü" }], a: true };
    const request = await approved({
      principal,
      arguments: args,
      context: { endpoint: "finance", headers: { x: "1" } },
    });
    const claims = await Promise.all(Array.from({ length: 20 }, () => approvals.claim(request.id, request.version)));
    const won = claims.filter((claim) => claim !== undefined);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({
      request: { id: request.id, state: "executing", executionStartedAt: START },
      principal,
      context: { endpoint: "finance", headers: { x: "1" } },
      arguments: args,
    });
    expect(await approvals.request(ask({ principal, arguments: args }))).toMatchObject({
      kind: "joined",
      request: { state: "executing" },
    });
  });

  it("has a result that is given back to the byte, until it was delivered and purged", async () => {
    const { approvals, claimed, pass, path } = testApprovals();
    const claim = await claimed();
    const bytes = Buffer.from([0x7b, 0xff, 0xc3, 0xbc, 0x00, 0x22, 0x7d]);
    const ended = done(await approvals.finish(claim, { kind: "failed", result: bytes, isError: true }));
    expect(ended).toMatchObject({ state: "failed", hasResult: true, resultIsError: true, executionEndedAt: START });
    expect(Buffer.from((await approvals.result(ended.id)) ?? [])).toEqual(bytes);
    await approvals.delivered(ended.id);
    await approvals.delivered(ended.id);
    expect((await approvals.history(ended.id)).filter((event) => event.act === "deliver")).toHaveLength(1);
    await pass(7 * DAY);
    expect(await approvals.result(ended.id)).toBeUndefined();
    expect(await approvals.arguments(ended.id)).toBeUndefined();
    expect(await approvals.get(ended.id)).toMatchObject({ state: "failed", hasResult: false, message: "" });
    expect(rowsOf(path, "SELECT * FROM approval_sealed")).toEqual([]);
    expect(rowsOf(path, "SELECT due_at, message_sealed FROM approval_requests")).toEqual([
      { due_at: null, message_sealed: null },
    ]);
  });

  it("cannot be claimed with a version that is past, nor after its time", async () => {
    const { approvals, approved, clock } = testApprovals();
    const request = await approved();
    expect(await approvals.claim(request.id, request.version - 1)).toBeUndefined();
    clock.now += HOUR;
    expect(await approvals.claim(request.id, request.version)).toBeUndefined();
  });

  it("that runs is neither cancelled nor invalidated any more", async () => {
    const { approvals, claimed } = testApprovals();
    const { request } = await claimed();
    expect(await approvals.cancel(request.id, requester)).toMatchObject({ code: "APPROVAL_CLOSED" });
    expect(await approvals.invalidate(request.id, "x")).toMatchObject({ code: "APPROVAL_CLOSED" });
  });

  it("is claimed by the gateway where the call or the flow wants that, and told of at once", async () => {
    const { approvals, opened, approved } = testApprovals();
    // The scheduler may offer one again.
    const offered = new Set<string>();
    approvals.onRunnable((request) => offered.add(request.id));
    const theirs = await approved({ arguments: { n: 1 } });
    const ours = await approved({ arguments: { n: 2 }, run: "gateway" });
    expect([...offered]).toEqual([ours.id]);
    // A task joins a request that was opened by a call that nobody holds.
    expect(await approvals.request(ask({ arguments: { n: 1 }, run: "gateway" }))).toMatchObject({
      kind: "joined",
      request: { id: theirs.id, run: "gateway" },
    });
    expect([...offered]).toEqual([ours.id, theirs.id]);
    expect((await approvals.runnable(10)).map((request) => request.id)).toEqual([theirs.id, ours.id]);
    await opened({ arguments: { n: 3 }, run: "gateway" });
    for (const { id, version } of await approvals.runnable(10)) await approvals.claim(id, version);
    expect(await approvals.runnable(10)).toEqual([]);
  });

  it("is offered again after a restart, by what looks at the time", async () => {
    const before = testApprovals();
    const request = await before.approved({ run: "gateway" });
    await before.approvals.close();
    const after = before.another();
    const offered: string[] = [];
    after.approvals.onRunnable((one) => offered.push(one.id));
    await after.pass(0);
    expect(offered).toContain(request.id);
  });

  it("is not run under another key: it is invalidated, and the operator hears why", async () => {
    const { approvals, approved, another } = testApprovals();
    const request = await approved();
    const other = another({ seal: createSeal(Buffer.alloc(32, 8), "approvals") });
    expect(await other.approvals.claim(request.id, request.version)).toBeUndefined();
    expect(await approvals.get(request.id)).toMatchObject({ state: "invalidated" });
    expect(other.log.lines.filter((line) => line.level === "error")).toHaveLength(1);
    expect(await other.approvals.arguments(request.id)).toBeUndefined();
  });

  it("is not run with arguments that were put in its place", async () => {
    const { approvals, approved, path } = testApprovals();
    const cheap = await approved({ arguments: { amount: 1 } });
    const dear = await approved({ arguments: { amount: 1_000_000 } });
    const db = new Database(path);
    db.prepare(
      "UPDATE approval_sealed SET arguments_sealed = (SELECT arguments_sealed FROM approval_sealed WHERE request_id = ?) WHERE request_id = ?",
    ).run(dear.id, cheap.id);
    db.close();
    expect(await approvals.claim(cheap.id, cheap.version)).toBeUndefined();
    expect(await approvals.get(cheap.id)).toMatchObject({ state: "invalidated" });
  });
});

describe("time", () => {
  it("ends what nobody decides, and tells of it once", async () => {
    const { approvals, opened, pass, path } = testApprovals();
    const request = await opened();
    await pass(DAY - 1);
    expect(await approvals.get(request.id)).toMatchObject({ state: "pending" });
    await pass(1);
    expect(await approvals.get(request.id)).toMatchObject({ state: "expired", decidedAt: START + DAY });
    await pass(0);
    expect(rowsOf(path, `SELECT kind, created_at - ${START} AS after FROM outbox ORDER BY id`)).toEqual([
      { kind: "approval.requested", after: 0 },
      { kind: "approval.escalated", after: DAY - 1 },
      { kind: "approval.reminder", after: DAY - 1 },
      { kind: "approval.expired", after: DAY },
    ]);
  });

  it("counts at once, whether the scheduler was there or not", async () => {
    const { approvals, opened, clock } = testApprovals();
    const request = await opened();
    clock.now += DAY;
    expect(await approvals.decide(yes(request, ann))).toMatchObject({ code: "APPROVAL_CLOSED" });
    expect(approvals.mayDecide(request, ann)).toMatchObject({ code: "APPROVAL_CLOSED" });
  });

  it("widens the circle of a stage, counted from its own begin", async () => {
    const escalate = { afterMs: 2 * HOUR, to: { roles: ["board"], users: [] } };
    const flows = [flow({ stages: [stage("finance-lead"), { ...stage("cfo"), escalate }] })];
    const { approvals, opened, pass, path } = testApprovals({ flows });
    const request = await opened();
    await pass(3 * HOUR);
    const next = done(await approvals.decide(yes(request, ann)));
    expect(next.stages[1]).toMatchObject({ escalated: false, escalatesAt: START + 5 * HOUR });
    const member = person("mia", { roles: ["board"] });
    expect(approvals.mayDecide(next, member)).toMatchObject({ ok: false });
    await pass(2 * HOUR);
    const late = await approvals.get(request.id);
    if (late === undefined) throw new Error("It is gone.");
    expect(late.version).toBe(next.version);
    expect(late.stages[1]).toMatchObject({ escalated: true, approvers: { roles: ["cfo", "board"] } });
    expect(rowsOf(path, "SELECT payload FROM outbox WHERE kind = 'approval.escalated'")).toHaveLength(1);
    expect(await approvals.decide(yes(late, member))).toMatchObject({ request: { state: "approved" } });
  });

  it("ends an approval that nobody spends", async () => {
    const { approvals, approved, pass } = testApprovals();
    const request = await approved();
    await pass(HOUR);
    expect(await approvals.get(request.id)).toMatchObject({ state: "expired" });
    expect(await approvals.claim(request.id, request.version)).toBeUndefined();
  });

  it("that passes while the process sleeps ends a run's lease, but not its truth", async () => {
    const { approvals, claimed, another, clock } = testApprovals();
    const claim = await claimed();
    const other = another();
    clock.now += 31_000;
    await other.approvals.sweep();
    const { id } = claim.request;
    expect(await approvals.get(id)).toMatchObject({ state: "indeterminate" });
    expect(await other.approvals.request(ask())).toMatchObject({ kind: "joined", request: { state: "indeterminate" } });
    expect(await approvals.finish(claim, result('{"ok":1}'))).toMatchObject({ request: { state: "succeeded" } });
    expect((await approvals.history(id)).map((event) => event.act)).toEqual([
      "request",
      "approve",
      "claim",
      "lose",
      "succeed",
    ]);
  });

  it("loses a run whose end could not be written down, also while other runs of its process go on", async () => {
    const { approvals, claimed, store, path, pass } = testApprovals({ timing: { leaseMs: 30 } });
    const first = await claimed();
    const second = await claimed({ arguments: { amount: 2 } });
    const db = new Database(path);
    db.exec(`CREATE TRIGGER broken BEFORE UPDATE ON approval_requests WHEN NEW.state = 'succeeded'
      BEGIN SELECT RAISE(ABORT, 'broken'); END`);
    await expect(approvals.finish(first, result("{}"))).rejects.toMatchObject({ code: "STORE_FAILED" });
    db.exec("DROP TRIGGER broken");
    db.close();
    const leaseOf = async ({ request }: ApprovalClaim) => (await store.approvals.find(request.id))?.record.leaseUntil;
    const [lost, before] = [await leaseOf(first), await leaseOf(second)];
    await pass(20);
    await eventually(async () => ((await leaseOf(second)) === before ? undefined : true));
    expect(await leaseOf(first)).toBe(lost);
    await pass(10);
    expect(await approvals.get(first.request.id)).toMatchObject({ state: "indeterminate" });
    expect(await approvals.get(second.request.id)).toMatchObject({ state: "executing" });
    await approvals.finish(second, result("{}"));
  });

  it("does not lose the end of a run while another program keeps the store locked", async () => {
    const { approvals, claimed, path } = testApprovals();
    const claim = await claimed();
    const lock = new Database(path);
    lock.exec("BEGIN IMMEDIATE");
    const finishing = approvals.finish(claim, result('{"ok":1}'));
    // Longer than any single work on the store waits.
    await expect(approvals.decide(yes(claim.request, ann))).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await new Promise((resolve) => setImmediate(resolve));
    lock.exec("ROLLBACK");
    lock.close();
    expect(await finishing).toMatchObject({ request: { state: "succeeded", hasResult: true } });
  });

  it("offers a lost run again only of a tool that may run twice, and its late end counts no more", async () => {
    const { approvals, claimed, pass } = testApprovals();
    const claim = await claimed({ idempotent: true, run: "gateway" });
    const offered: string[] = [];
    approvals.onRunnable((request) => offered.push(request.id));
    await pass(31_000);
    const { id } = claim.request;
    const again = await approvals.get(id);
    expect(again).toMatchObject({ state: "approved" });
    expect(offered).toContain(id);
    const second = await approvals.claim(id, again?.version ?? 0);
    expect(second?.executionId).not.toBe(claim.executionId);
    expect(await approvals.finish(claim, result("{}"))).toMatchObject({ ok: false, code: "APPROVAL_CONFLICT" });
  });

  it("does nothing to what is indeterminate: an administrator has to say what became of it", async () => {
    const { approvals, claimed, pass } = testApprovals();
    const { request } = await claimed();
    await pass(31_000);
    await pass(100 * DAY);
    expect(await approvals.get(request.id)).toMatchObject({ state: "indeterminate" });
    expect(await approvals.arguments(request.id)).toEqual({ amount: 1200, currency: "EUR" });
    const admin = person("root");
    expect(await approvals.resolve(request.id, admin, "failed", " ")).toMatchObject({
      code: "APPROVAL_REASON_REQUIRED",
    });
    const resolved = done(await approvals.resolve(request.id, admin, "failed", "Not in the ledger."));
    expect(resolved).toMatchObject({ state: "failed", hasResult: false, resultIsError: true });
    expect(await approvals.request(ask())).toMatchObject({ kind: "ended", request: { state: "failed" } });
  });
});

describe("a flow that changes", () => {
  it.each([
    ["who may approve", flow({ stages: [stage("cfo")] })],
    ["how many", flow({ stages: [stage("finance-lead", 2)] })],
    ["whether the requester may", flow({ requesterMayApprove: true })],
  ])("in %s makes open requests invalid at the next start", async (_what, changed) => {
    const { approvals, opened, approved, another } = testApprovals();
    const pending = await opened({ arguments: { n: 1 } });
    const waits = await approved({ arguments: { n: 2 } });
    await another({ flows: [changed] }).approvals.sweep();
    for (const { id } of [pending, waits]) {
      expect(await approvals.get(id)).toMatchObject({ state: "invalidated" });
      expect((await approvals.history(id)).at(-1)?.reason).toBe("The approval flow finance has changed.");
    }
  });

  it("in its times and notifiers changes nothing for them", async () => {
    const { approvals, opened, another } = testApprovals();
    const request = await opened();
    const changed = flow({ pendingTtlMs: HOUR, executeTtlMs: MINUTE, notify: [], description: "x" });
    await another({ flows: [changed] }).approvals.sweep();
    expect(await approvals.get(request.id)).toMatchObject({ state: "pending", pendingUntil: START + DAY });
  });

  it("is noticed at a decision and at a claim, too", async () => {
    const { opened, approved, another } = testApprovals();
    const later = another({ flows: [] });
    const request = await opened({ arguments: { n: 1 } });
    expect(await later.approvals.decide(yes(request, ann))).toMatchObject({ code: "APPROVAL_CLOSED" });
    const { id, version } = await approved({ arguments: { n: 2 } });
    expect(await later.approvals.claim(id, version)).toBeUndefined();
    expect(await later.approvals.get(id)).toMatchObject({ state: "invalidated" });
  });
});

describe("those who wait for a change", () => {
  it("are woken by it at once, with what it has become", async () => {
    const { approvals, opened } = testApprovals();
    const request = await opened();
    const waiting = Array.from({ length: 50 }, () => approvals.waitForChange(request.id, 1, DAY));
    await approvals.decide(yes(request, ann));
    for (const seen of await Promise.all(waiting)) expect(seen).toMatchObject({ state: "approved", version: 2 });
    expect(await approvals.waitForChange(request.id, 1, DAY)).toMatchObject({ version: 2 });
  });

  it("are woken by another process's change", async () => {
    const { approvals, opened, another } = testApprovals({ timing: { pollMs: 5 } });
    const request = await opened();
    const waiting = approvals.waitForChange(request.id, 1, DAY);
    await another().approvals.decide(yes(request, ann));
    expect(await waiting).toMatchObject({ state: "approved" });
  });

  it("are answered after their time, when cancelled, and at the end, with what there is", async () => {
    const { approvals, opened } = testApprovals();
    const { id } = await opened();
    expect(await approvals.waitForChange(id, 1, 1)).toMatchObject({ state: "pending" });
    const cancellation = new Cancellation();
    const cancelled = approvals.waitForChange(id, 1, DAY, cancellation);
    cancellation.cancel("gone");
    expect(await cancelled).toMatchObject({ state: "pending" });
    expect(await approvals.waitForChange(id, 1, DAY, cancellation)).toMatchObject({ state: "pending" });
    const last = approvals.waitForChange(id, 1, DAY);
    await approvals.close();
    expect(await last).toMatchObject({ state: "pending" });
  });

  it("are answered at once where there are too many", async () => {
    const { approvals, opened } = testApprovals({ limits: { waiters: 1 } });
    const { id } = await opened();
    const first = approvals.waitForChange(id, 1, DAY);
    expect(await approvals.waitForChange(id, 1, DAY)).toMatchObject({ state: "pending" });
    await approvals.close();
    await first;
  });
});

it("listeners hear of every step after it is on disk, and one that fails keeps nobody from hearing", async () => {
  const { approvals, claimed, log, path } = testApprovals();
  const heard: ApprovalTransition[] = [];
  approvals.onTransition(() => {
    throw new Error("A listener's own fault.");
  });
  approvals.onTransition((transition) => {
    const [row] = rowsOf(path, "SELECT state FROM approval_requests");
    expect(row?.["state"]).toBe(transition.request.state);
    heard.push(transition);
  });
  const claim = await claimed();
  await approvals.finish(claim, { kind: "indeterminate", why: "The connection broke." });
  expect(heard.map(({ event }) => [event.act, event.to])).toEqual([
    ["request", "pending"],
    ["approve", "approved"],
    ["claim", "executing"],
    ["lose", "indeterminate"],
  ]);
  expect(heard.map(({ request }) => request.version)).toEqual([1, 2, 3, 4]);
  expect(log.lines.filter((line) => line.level === "error")).toHaveLength(4);
});

it("nothing of what was asked for is in the database in clear, nor in a notification", async () => {
  const secret = "canary-5d41402abc4b2a76b9719d911017c592";
  const { approvals, path, pass } = testApprovals();
  const asked = await approvals.request(
    ask({
      principal: { ...requester, claims: { note: secret } },
      arguments: { password: secret, nested: [{ api_key: secret }] },
      approvals: [{ policy: "p", flow: "finance", message: `Pay with ${secret}?` }],
      context: { headers: { cookie: secret } },
    }),
  );
  const request = done(await approvals.decide(yes(done(asked), ann)));
  expect(request.message).toContain(secret);
  const claim = await approvals.claim(request.id, request.version);
  if (claim === undefined) throw new Error("Not claimed.");
  await approvals.finish(claim, result(JSON.stringify({ text: secret })));
  await pass(0);
  const tables = rowsOf(path, "SELECT name FROM sqlite_schema WHERE type = 'table'").map((row) => String(row["name"]));
  const everything = tables.map((name) => JSON.stringify(rowsOf(path, `SELECT * FROM "${name}"`))).join("\n");
  expect(everything).toContain(request.id);
  expect(everything).not.toContain(secret);
});

it("carl is told of only by escalation", async () => {
  const { store, opened, pass } = testApprovals();
  await opened();
  const first = await store.outbox.claimDue(START, 10, MINUTE);
  expect(first).toMatchObject([{ notice: { kind: "approval.requested", approvers: { roles: ["finance-lead"] } } }]);
  for (const { id } of first) await store.outbox.done(id, START);
  await pass(2 * HOUR);
  expect(await store.outbox.claimDue(START + 2 * HOUR, 10, MINUTE)).toMatchObject([
    { notice: { kind: "approval.escalated", approvers: { roles: ["finance-lead", ...carl.roles] } } },
  ]);
});
