import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { CallDigests } from "../../src/approvals/call-digest.ts";
import { createCallDigests } from "../../src/approvals/call-digest.ts";
import { sha256 } from "../../src/core/digest.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { Slices } from "../../src/core/slices.ts";
import {
  ann,
  ask,
  bob,
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
import { SECRET } from "../support/audit-key.ts";

const digests = createCallDigests(SECRET);

describe("a call that needs approval", () => {
  it("opens a request that says everything about it but its arguments in clear", async () => {
    const { approvals } = testApprovals();
    const asked = await approvals.request(ask({ arguments: { amount: 1200, password: "hunter2" } }));
    expect(asked).toMatchObject({ ok: true, kind: "opened" });
    const request = done(asked);
    expect(request).toMatchObject({
      id: expect.stringMatching(/^apr_[\w-]{22}$/),
      state: "pending",
      version: 1,
      upstream: "expenses",
      tool: "create_expense",
      requester: { issuer: "https://idp.example", subject: "rita", email: "rita@acme.com", clientName: "claude-code" },
      flows: ["finance"],
      stage: 0,
      policies: ["large-expenses"],
      message: "Expenses above 1000 need finance.",
      argumentsRedacted: '{"amount":1200,"password":"[redacted]"}',
      createdAt: START,
      pendingUntil: START + 24 * HOUR,
      decisions: [],
      stages: [{ flow: "finance", required: 1, given: 0, escalated: false, escalatesAt: START + 2 * HOUR }],
    });
    expect(await approvals.get(request.id)).toEqual(request);
    expect(await approvals.find(ask({ arguments: { amount: 1200, password: "hunter2" } }))).toEqual(request);
    expect(await approvals.arguments(request.id)).toEqual({ amount: 1200, password: "hunter2" });
    expect(await approvals.history(request.id)).toMatchObject([{ seq: 1, act: "request", to: "pending" }]);
  });

  it("joins the open request of an identical call, however its keys are ordered", async () => {
    const { approvals } = testApprovals();
    const first = await approvals.request(ask({ arguments: { a: 1, b: { c: 2, d: 3 } } }));
    const again = await approvals.request(ask({ arguments: { b: { d: 3, c: 2 }, a: 1.0 } }));
    expect(again).toMatchObject({ ok: true, kind: "joined", request: { id: done(first).id, version: 1 } });
  });

  it("is one request where many identical calls come at once", async () => {
    const { approvals, path } = testApprovals();
    const asked = await Promise.all(Array.from({ length: 100 }, () => approvals.request(ask())));
    expect(new Set(asked.map((one) => done(one).id)).size).toBe(1);
    expect(asked.filter((one) => one.ok && one.kind === "opened")).toHaveLength(1);
    expect(rowsOf(path, "SELECT kind FROM outbox")).toEqual([{ kind: "approval.requested" }]);
  });

  it.each<[string, object]>([
    ["another user", { principal: person("rudi") }],
    ["the same user of another issuer", { principal: person("rita", { issuer: "https://other.example" }) }],
    ["another client", { principal: { ...requester, clientId: "other" } }],
    ["another upstream", { upstream: "bank" }],
    ["another tool", { tool: "delete_expense" }],
    ["another definition of the tool", { definitionDigest: "e".repeat(64) }],
    ["other arguments", { arguments: { amount: 1201, currency: "EUR" } }],
    ["a text for a number", { arguments: { amount: "1200", currency: "EUR" } }],
    ["one argument more", { arguments: { amount: 1200, currency: "EUR", note: null } }],
  ])("with %s is another request", async (_what, change) => {
    const { approvals, opened } = testApprovals();
    const first = await opened();
    expect(await approvals.request(ask(change))).toMatchObject({ ok: true, kind: "opened" });
    expect(await digests.call(ask(change))).not.toBe(first.digest);
  });

  it("is bound to its arguments to the letter: two forms of one character are two calls", async () => {
    const digest = (value: Json) => digests.call(ask({ arguments: { name: value } as JsonObject }));
    expect(await digest("caf\u00e9")).not.toBe(await digest("cafe\u0301"));
    expect(await digest(["a", "b"])).not.toBe(await digest(["b", "a"]));
    expect(await digest(1)).toBe(await digest(1.0));
  });

  it("is refused where one person has too many open, and nobody else is", async () => {
    const { approvals, opened } = testApprovals({ limits: { openPerUser: 3 } });
    for (let n = 0; n < 3; n++) await opened({ arguments: { n } });
    const fourth = ask({ arguments: { n: 4 } });
    expect(await approvals.request(fourth)).toMatchObject({ ok: false, code: "APPROVALS_TOO_MANY" });
    expect(await approvals.request(ask({ arguments: { n: 1 } }))).toMatchObject({ kind: "joined" });
    expect(await approvals.request({ ...fourth, principal: person("rudi") })).toMatchObject({ kind: "opened" });
    const page = await approvals.list({ requester, limit: 1 });
    await approvals.cancel(page.items[0]?.id ?? "", requester);
    expect(await approvals.request(fourth)).toMatchObject({ kind: "opened" });
  });

  it("is refused where their arguments are too long together, before anything is made of it", async () => {
    const read: JsonObject[] = [];
    const redact = (value: JsonObject) => {
      read.push(value);
      return value;
    };
    const { approvals, opened } = testApprovals({ limits: { openBytesPerUser: 10_000 }, redact });
    const long = (n: number) => ({ arguments: { n, text: "x".repeat(6_000) } });
    const first = await opened(long(1));
    await opened(long(2));
    expect(await approvals.request(ask({ arguments: { n: 3 } }))).toEqual({
      ok: false,
      code: "APPROVALS_TOO_MANY",
      detail: "Their arguments are too long together for another one.",
    });
    expect(read).toHaveLength(2);
    expect(await approvals.request(ask(long(1)))).toMatchObject({ kind: "joined" });
    expect(await approvals.request(ask({ ...long(1), principal: person("rudi") }))).toMatchObject({ kind: "opened" });
    await approvals.cancel(first.id, requester);
    expect(await approvals.request(ask(long(3)))).toMatchObject({ kind: "opened" });
  });

  it("is refused where one person asks and takes back again and again, for an hour", async () => {
    const { approvals, opened, clock } = testApprovals({ limits: { openPerUser: 3 } });
    for (let n = 0; n < 3; n++) await approvals.cancel((await opened()).id, requester);
    // Not that too many wait: taking back still more would be the wrong advice.
    const again = new Date(clock.now + HOUR).toISOString();
    const detail = `Ask again after ${again}.`;
    expect(await approvals.request(ask())).toEqual({ ok: false, code: "APPROVALS_TAKEN_BACK", detail });
    expect(await approvals.request(ask({ principal: person("rudi") }))).toMatchObject({ kind: "opened" });
    clock.now += HOUR + 1;
    expect(await approvals.request(ask())).toMatchObject({ kind: "opened" });
  });

  it("is refused where its flow is not configured", async () => {
    const { approvals } = testApprovals();
    const approvalsNeeded = [{ policy: "p", flow: "legal", message: "" }];
    expect(await approvals.request(ask({ approvals: approvalsNeeded }))).toEqual({ ok: false, code: "FLOW_UNKNOWN" });
  });
});

describe("a call that several policies want approved", () => {
  const legal = flow({
    name: "legal",
    stages: [stage("lawyer")],
    pendingTtlMs: HOUR,
    executeTtlMs: 10 * MINUTE,
    requesterMayApprove: true,
    reason: "always",
    execute: "on_approval",
    notify: ["mail", "hook"],
  });
  const both = [
    { policy: "large-expenses", flow: "finance", message: "Finance." },
    { policy: "contracts", flow: "legal", message: "Legal." },
    { policy: "other-contracts", flow: "legal", message: "Legal." },
  ];
  const lawyer = person("lea", { roles: ["lawyer"] });

  it("goes through the stages of all flows, and the strictest word counts", async () => {
    const { approvals, opened, path } = testApprovals({ flows: [flow(), legal] });
    const request = await opened({ approvals: both });
    expect(request).toMatchObject({
      flows: ["finance", "legal"],
      stages: [{ flow: "finance" }, { flow: "legal" }],
      policies: ["large-expenses", "contracts", "other-contracts"],
      message: "Finance.\nLegal.",
      pendingUntil: START + HOUR,
      reason: "always",
      requesterMayApprove: false,
      run: "gateway",
    });
    expect(await approvals.decide(yes(request, lawyer, { reason: "ok" }))).toMatchObject({
      code: "APPROVAL_NOT_ELIGIBLE",
    });
    expect(await approvals.decide(yes(request, ann))).toMatchObject({ code: "APPROVAL_REASON_REQUIRED" });
    const next = done(await approvals.decide(yes(request, ann, { reason: "ok" })));
    expect(next).toMatchObject({ state: "pending", stage: 1, version: 2 });
    const last = done(await approvals.decide(yes(next, lawyer, { reason: "ok" })));
    expect(last).toMatchObject({ state: "approved", executeUntil: START + 10 * MINUTE });
    expect(rowsOf(path, "SELECT kind, notifier FROM outbox ORDER BY id")).toEqual([
      { kind: "approval.requested", notifier: "hook" },
      { kind: "approval.requested", notifier: "mail" },
      { kind: "approval.requested", notifier: "hook" },
      { kind: "approval.decided", notifier: "hook" },
      { kind: "approval.decided", notifier: "mail" },
    ]);
  });
});

describe("a request that has ended", () => {
  it.each(["rejected", "expired", "invalidated", "succeeded", "failed"] as const)(
    "as %s is told once to the agent that asks again; after that the call is a new request",
    async (state) => {
      const { approvals, opened, approved, pass } = testApprovals();
      const ends = {
        async rejected() {
          await approvals.decide(no(await opened(), ann));
        },
        async expired() {
          await opened();
          await pass(DAY);
        },
        async invalidated() {
          await approvals.invalidate((await opened()).id, "The policy has changed.");
        },
        succeeded: () => run("succeeded"),
        failed: () => run("failed"),
      };
      async function run(kind: "succeeded" | "failed") {
        const { id, version } = await approved();
        const claim = await approvals.claim(id, version);
        if (claim === undefined) throw new Error("Not claimed.");
        await approvals.finish(claim, { kind, result: Buffer.from("{}"), isError: kind === "failed" });
      }
      await ends[state]();
      const told = await approvals.request(ask());
      expect(told).toMatchObject({ ok: true, kind: "ended", request: { state } });
      expect(await approvals.request(ask())).toMatchObject({ kind: "ended" });
      await approvals.delivered(done(told).id);
      expect(await approvals.request(ask())).toMatchObject({ kind: "opened" });
    },
  );

  it("as cancelled needs no telling: its requester ended it", async () => {
    const { approvals, opened } = testApprovals();
    await approvals.cancel((await opened()).id, requester);
    expect(await approvals.request(ask())).toMatchObject({ kind: "opened" });
  });

  it("is no answer for ever: after the retention the call is a new request", async () => {
    const { approvals, opened, pass } = testApprovals();
    await approvals.decide(no(await opened(), ann));
    await pass(7 * DAY + 1);
    expect(await approvals.request(ask())).toMatchObject({ kind: "opened" });
  });
});

describe("a list", () => {
  it("goes from the newest to the oldest in pages, without gaps", async () => {
    const { approvals, opened, pass } = testApprovals();
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) {
      ids.push((await opened({ arguments: { n } })).id);
      // Some at the same moment.
      if (n % 2 === 0) await pass(1);
    }
    const seen: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages++) {
      const page = await approvals.list({ limit: 2 }, cursor);
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    }
    expect([...seen].sort()).toEqual([...ids].sort());
    const times = await Promise.all(seen.map(async (id) => (await approvals.get(id))?.createdAt ?? 0));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it("shows approvers what they may decide now, and no longer what they have", async () => {
    const { approvals, opened, pass } = testApprovals();
    const carl = person("carl", { roles: ["cfo"] });
    const request = await opened();
    const own = await opened({ principal: ann });
    const mine = async (who: typeof ann) => {
      const page = await approvals.list({ decidableBy: who, limit: 10 });
      return page.items.map((item) => item.id).sort();
    };
    expect(await mine(ann)).toEqual([request.id]);
    expect(await mine(bob)).toEqual([request.id, own.id].sort());
    expect(await mine(carl)).toEqual([]);
    await pass(2 * HOUR);
    expect(await mine(carl)).toEqual([request.id, own.id].sort());
    await approvals.decide(yes(request, ann));
    expect(await mine(ann)).toEqual([]);
    expect(await mine(bob)).toEqual([own.id]);
  });

  it("finds approvers by role, by e-mail address in any case, and by exact subject", async () => {
    const users = ["Ann@ACME.com", "u-7"];
    const flows = [flow({ stages: [{ approvers: { roles: [], users }, required: 1, escalate: undefined }] })];
    const { approvals, opened } = testApprovals({ flows });
    const request = await opened();
    const cases: [boolean, typeof ann][] = [
      [true, person("x", { email: "ann@acme.com" })],
      [true, person("u-7", { email: undefined })],
      [false, person("U-7", { email: undefined })],
      [false, person("y")],
    ];
    for (const [may, who] of cases) {
      expect((await approvals.list({ decidableBy: who, limit: 10 })).items.length === 1).toBe(may);
      expect(approvals.mayDecide(request, who).ok).toBe(may);
    }
  });

  it("shows a requester their own, an approver those of their flows, whatever their state", async () => {
    const { approvals, opened } = testApprovals();
    const request = await opened();
    await approvals.decide(no(request, ann));
    const sees = async (who: typeof ann) => (await approvals.list({ visibleTo: who, limit: 10 })).items.length;
    expect([await sees(requester), await sees(bob), await sees(person("zoe"))]).toEqual([1, 1, 0]);
  });

  it.each<[string, object, number]>([
    ["state", { states: ["pending"] }, 1],
    ["two states", { states: ["pending", "cancelled"] }, 2],
    ["flow", { flow: "finance" }, 2],
    ["a part of a flow's name", { flow: "fin" }, 0],
    ["tool", { upstream: "expenses", tool: "create_expense" }, 2],
    ["another tool", { upstream: "expenses", tool: "x" }, 0],
    ["requester", { requester }, 2],
    ["another requester", { requester: person("zoe") }, 0],
  ])("filters by %s", async (_what, filter, count) => {
    const { approvals, opened } = testApprovals();
    await opened({ arguments: { n: 1 } });
    await approvals.cancel((await opened({ arguments: { n: 2 } })).id, requester);
    expect((await approvals.list({ ...filter, limit: 10 })).items).toHaveLength(count);
  });

  it("begins anew for a cursor that is none", async () => {
    const { approvals, opened } = testApprovals();
    await opened();
    for (const cursor of ["", "x", "1.apr_x", "' OR 1=1"]) {
      expect((await approvals.list({ limit: 10 }, cursor)).items).toHaveLength(1);
    }
  });
});

describe("digests are keyed", () => {
  it("so that nobody finds arguments by trying, and calls of one gateway are nobody else's", async () => {
    const pin = ask({ arguments: { pin: "0042" } });
    const canonical = JSON.stringify(pin.arguments);
    const others = createCallDigests(Buffer.alloc(32, 8));
    const { keyed, bare } = await digests.both(pin, new Slices());
    expect(await digests.call(pin)).toBe(keyed);
    expect(new Set([keyed, bare, await others.call(pin)]).size).toBe(3);
    expect(new Set([digests.arguments(canonical), sha256(canonical), others.arguments(canonical)]).size).toBe(3);
  });

  it("while a request of a version before, with bare ones, is still joined, decided and run", async () => {
    const ofBefore: CallDigests = {
      ...digests,
      async both(call, slices) {
        const { bare } = await digests.both(call, slices);
        return { keyed: bare, bare };
      },
      arguments: sha256,
    };
    const before = testApprovals({ digests: ofBefore });
    const old = await before.opened();
    const { approvals } = before.another({ digests });
    expect(await approvals.request(ask())).toMatchObject({ kind: "joined", request: { id: old.id } });
    expect(await approvals.find(ask())).toMatchObject({ id: old.id });
    expect(await approvals.request(ask({ run: "gateway" }))).toMatchObject({ kind: "joined", request: { id: old.id } });
    const { version } = done(await approvals.decide(yes(old, ann)));
    expect(await approvals.claim(old.id, version)).toMatchObject({ arguments: ask().arguments });
    expect(await approvals.request(ask())).toMatchObject({ kind: "joined", request: { state: "executing" } });
  });

  it("and one whose arguments are not those of its digest is not run", async () => {
    const { approvals, approved, path } = testApprovals();
    const request = await approved();
    const db = new Database(path);
    db.exec("DROP TRIGGER approval_requests_bound");
    db.prepare("UPDATE approval_requests SET arguments_digest = ?").run(sha256("{}"));
    db.close();
    expect(await approvals.claim(request.id, request.version)).toBeUndefined();
    expect(await approvals.get(request.id)).toMatchObject({ state: "invalidated" });
  });
});
