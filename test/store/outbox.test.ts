import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import type { OutboxMessage } from "../../src/store/approvals/outbox.ts";
import { ann, DAY, flow, MINUTE, no, requester } from "../support/approval-parts.ts";
import { rowsOf, START, testApprovals } from "../support/approval-service.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";
import { forge } from "../support/forging.ts";

const NOW = START + MINUTE;

function setUp(notify: readonly string[] = ["hook"]) {
  const test = testApprovals({ flows: [flow({ notify })] });
  const { outbox } = test.store;
  return { ...test, outbox, take: (now = NOW, limit = 100) => outbox.claimDue(now, limit, MINUTE) };
}

const kinds = (messages: readonly OutboxMessage[]) =>
  messages.map(({ notice, notifier }) => `${notifier} ${notice.kind}`);

it("a message says where to look and what is safe, under a key that stays the same", async () => {
  const { opened, take } = setUp();
  const request = await opened();
  expect(await take()).toEqual([
    {
      id: 1,
      dedupeKey: `${request.id}:approval.requested:0:hook`,
      notifier: "hook",
      attempts: 1,
      createdAt: START,
      notice: {
        kind: "approval.requested",
        requestId: request.id,
        state: "pending",
        flow: "finance",
        stage: 0,
        stages: 1,
        approvers: { roles: ["finance-lead"], users: [] },
        method: "tools/call",
        upstream: "expenses",
        tool: "create_expense",
        requester: "rita@acme.com",
        policies: ["large-expenses"],
        createdAt: START,
        pendingUntil: START + DAY,
        executeUntil: undefined,
        at: START,
      },
    },
  ]);
});

it("what is taken is nobody else's for the time of the lease, and then due again with one more attempt", async () => {
  const { opened, take, another } = setUp();
  await opened();
  const other = another().store.outbox;
  const taken = await Promise.all([take(), other.claimDue(NOW, 10, MINUTE), take()]);
  expect(taken.flat()).toHaveLength(1);
  expect(await take(NOW + MINUTE - 1)).toEqual([]);
  expect(await other.claimDue(NOW + MINUTE, 10, MINUTE)).toMatchObject([{ attempts: 2 }]);
});

it("messages of one request come to one notifier in order, and no notifier waits for another", async () => {
  const { approvals, opened, take, outbox } = setUp(["hook", "mail"]);
  const request = await opened();
  await approvals.cancel(request.id, requester);
  expect(kinds(await take())).toEqual(["hook approval.requested", "mail approval.requested"]);
  await outbox.done(1, NOW);
  expect(kinds(await take())).toEqual(["hook approval.withdrawn"]);
  // The mail server fails; its later message waits for the earlier one to be sent or given up.
  await outbox.failed(2, "refused", NOW, NOW + 2 * MINUTE);
  expect(await take(NOW + MINUTE - 1)).toEqual([]);
  expect(kinds(await take(NOW + 2 * MINUTE))).toEqual(["hook approval.withdrawn", "mail approval.requested"]);
  await outbox.failed(2, "refused", NOW, undefined);
  expect(kinds(await take(NOW + 2 * MINUTE))).toEqual(["mail approval.withdrawn"]);
});

it("messages of other requests do not wait", async () => {
  const { opened, take } = setUp();
  await opened({ arguments: { n: 1 } });
  expect(await take()).toHaveLength(1);
  await opened({ arguments: { n: 2 } });
  expect(await take()).toHaveLength(1);
});

it("what was given up is shown with why, and can be tried again", async () => {
  const { opened, take, outbox } = setUp(["hook", "mail"]);
  const request = await opened();
  await take();
  await outbox.done(1, NOW);
  await outbox.failed(2, `550 ${"x".repeat(10_000)}`, NOW, undefined);
  expect(await outbox.nextDue()).toBeUndefined();
  expect(await outbox.counts()).toEqual([{ notifier: "mail", waiting: 0, dead: 1 }]);
  const dead = await outbox.list({ state: "dead", limit: 10 });
  expect(dead.entries).toMatchObject([{ id: 2, notifier: "mail", state: "dead", endedAt: NOW, attempts: 1 }]);
  expect(dead.entries[0]?.lastError).toHaveLength(500);
  expect(await outbox.retry(2, NOW)).toBe(true);
  expect(await outbox.retry(2, NOW)).toBe(false);
  expect(await outbox.retry(1, NOW)).toBe(false);
  expect(await take()).toMatchObject([{ id: 2, attempts: 2, notice: { requestId: request.id } }]);
  await outbox.done(2, NOW);
  expect((await outbox.list({ limit: 10 })).entries.map((entry) => entry.state)).toEqual(["done", "done"]);
});

it("a list comes in pages, the newest first, and by notifier, state and request", async () => {
  const { approvals, opened, outbox } = setUp(["hook", "mail"]);
  const request = await opened({ arguments: { n: 1 } });
  await opened({ arguments: { n: 2 } });
  await approvals.decide(no(request, ann));
  const first = await outbox.list({ notifier: "hook", limit: 2 });
  expect(first.entries.map((entry) => entry.id)).toEqual([5, 3]);
  const second = await outbox.list({ notifier: "hook", limit: 2, cursor: first.nextCursor ?? 0 });
  expect(second).toMatchObject({ entries: [{ id: 1 }], nextCursor: undefined });
  expect((await outbox.list({ requestId: request.id, limit: 10 })).entries).toHaveLength(4);
  expect((await outbox.list({ state: "waiting", limit: 10 })).entries).toHaveLength(6);
});

it("nothing is due before its time, and the next time is known", async () => {
  const { opened, take, outbox } = setUp();
  expect(await outbox.nextDue()).toBeUndefined();
  await opened();
  expect(await outbox.nextDue()).toBe(START);
  expect(await take(START - 1)).toEqual([]);
  await take(START);
  expect(await outbox.nextDue()).toBe(START + MINUTE);
});

it("what was sent or given up goes after a while, and what waits never does", async () => {
  const { opened, take, outbox, pass, path } = setUp(["hook", "mail", "slack"]);
  await opened();
  await take();
  await outbox.done(1, NOW);
  await outbox.failed(2, "x", NOW, undefined);
  await pass(30 * DAY);
  expect(rowsOf(path, "SELECT notifier FROM outbox WHERE kind = 'approval.requested'")).toHaveLength(3);
  await pass(2 * MINUTE + 3_600_000);
  expect(rowsOf(path, "SELECT notifier FROM outbox WHERE kind = 'approval.requested'")).toEqual([
    { notifier: "slack" },
  ]);
});

it("a flow without notifiers tells nobody", async () => {
  const { opened, path } = setUp([]);
  await opened();
  expect(rowsOf(path, "SELECT * FROM outbox")).toEqual([]);
});

it("a row that was damaged by hand is shown as unreadable", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const { outbox } = openTestStore(path);
  const db = new Database(path);
  const insert = db.prepare(
    "INSERT INTO outbox (kind, dedupe_key, request_id, notifier, payload, attempts, next_at, created_at) VALUES ('approval.requested', ?, 'r', 'n', ?, 0, 0, 0)",
  );
  insert.run("a", '{"state":"pending"}');
  db.close();
  expect((await outbox.list({ limit: 1 })).entries).toMatchObject([{ id: 1, notice: { tool: "unreadable" } }]);
});

it.each([
  ["another text", "UPDATE outbox SET payload = replace(payload, 'rita@acme.com', 'cfo@acme.com')"],
  ["another notifier", "UPDATE outbox SET notifier = 'other'"],
  ["another event", "UPDATE outbox SET kind = 'approval.approved'"],
  ["another request", "UPDATE outbox SET request_id = 'apr_other'"],
  ["another id", "UPDATE outbox SET dedupe_key = 'other'"],
  ["another time", "UPDATE outbox SET created_at = created_at + 1"],
  ["no message at all", "UPDATE outbox SET payload = 'nothing'"],
])("a message with %s that somebody wrote into the database is given up", async (_what, sql) => {
  const { opened, take, path, outbox } = setUp();
  await opened();
  forge(path, sql);
  expect(await take()).toEqual([]);
  expect(await outbox.retry(1, NOW)).toBe(true);
  expect(await take()).toEqual([]);
  expect(rowsOf(path, "SELECT last_error, dead_at FROM outbox")).toEqual([
    { last_error: expect.stringContaining("not as this gateway wrote it"), dead_at: NOW },
  ]);
});
