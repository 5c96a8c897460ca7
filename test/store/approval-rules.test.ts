import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { ann, ask, bob, yes } from "../support/approval-parts.ts";
import { testApprovals } from "../support/approval-service.ts";

/** What the database says to a statement that goes around the gateway. */
function refusalOf(path: string, sql: string): string | undefined {
  const db = new Database(path);
  try {
    db.exec(sql);
    return undefined;
  } catch (err) {
    return err instanceof Error ? err.message : String(err);
  } finally {
    db.close();
  }
}

describe("the database itself refuses", () => {
  const steps = "an approval request cannot come to this state from where it is";
  const bound = "what an approval request is bound to never changes";
  const version = "a new state of an approval request is its next version";
  const set = (change: string) => `UPDATE approval_requests SET ${change}`;
  it.each([
    ["to run what nobody approved", set("state = 'executing', version = 2"), steps],
    ["to jump over the run", set("state = 'succeeded', version = 2"), steps],
    ["a state without a new version", set("state = 'approved'"), version],
    ["a version that jumps", set("version = 7"), version],
    ["a version that goes back", set("version = 0"), version],
    ["other arguments", set("arguments_digest = 'x'"), bound],
    ["another tool", set("tool = 'delete_all'"), bound],
    ["another method", set("method = 'prompts/get'"), bound],
    ["another requester", set("sub = 'eve'"), bound],
    ["another e-mail address of the requester", set("email = NULL"), bound],
    ["other approvers", set("flow_snapshot = '{}'"), bound],
    ["more time", set("pending_until = pending_until + 1"), bound],
    ["to forget a request", "DELETE FROM approval_requests", "approval requests are never deleted"],
    [
      "a request that begins as approved",
      "INSERT OR REPLACE INTO approval_requests SELECT * FROM approval_requests",
      "an approval request begins as pending, and as the only open one of its digest",
    ],
    ["another voice", "UPDATE approval_decisions SET decision = 'reject'", "decisions are never changed"],
    ["to forget a voice", "DELETE FROM approval_decisions", "decisions are never deleted"],
    [
      "a voice in place of another",
      "INSERT OR REPLACE INTO approval_decisions SELECT * FROM approval_decisions",
      "one person has one voice",
    ],
    ["another history", "UPDATE approval_events SET at = 0", "the history of approval requests is never changed"],
    ["to forget history", "DELETE FROM approval_events", "the history of approval requests is never deleted"],
    [
      "history in place of other history",
      "INSERT OR REPLACE INTO approval_events SELECT * FROM approval_events WHERE seq = 1",
      "an event of an approval request must have the next number",
    ],
    [
      "other approvers to find it by",
      "UPDATE approval_approvers SET value = 'x'",
      "approvers of a request are never changed",
    ],
  ])("%s", async (_what, sql, message) => {
    const { approvals, opened, path } = testApprovals({});
    const request = await opened();
    await approvals.decide(yes(request, ann, { reason: "first" }));
    const again = await opened({ arguments: { n: 2 } });
    await approvals.invalidate(again.id, "x");
    // Of both requests one is approved and one has ended; a third one is pending.
    await opened({ arguments: { n: 3 } });
    const third = sql.startsWith("UPDATE approval_requests") ? `${sql} WHERE state = 'pending'` : sql;
    expect(refusalOf(path, third)).toBe(message);
  });

  it("to open a second request of one call, and to bring an ended one back", async () => {
    const { approvals, opened, path } = testApprovals();
    const first = await opened();
    await approvals.invalidate(first.id, "x");
    await approvals.delivered(first.id);
    const second = await opened();
    expect(second.digest).toBe(first.digest);
    for (const state of ["pending", "approved", "executing", "rejected"]) {
      const sql = `UPDATE approval_requests SET state = '${state}', version = version + 1 WHERE id = '${first.id}'`;
      expect(refusalOf(path, sql)).toBe("an approval request cannot come to this state from where it is");
    }
  });
});

it("a request whose flow was damaged by hand decides nothing", async () => {
  const { approvals, opened, path } = testApprovals();
  const request = await opened();
  expect(refusalOf(path, "DROP TRIGGER approval_requests_bound")).toBeUndefined();
  for (const snapshot of [
    "{}",
    '{"flows":[],"stages":[],"executeTtlMs":1,"requesterMayApprove":true,"reason":"never"}',
  ]) {
    expect(refusalOf(path, `UPDATE approval_requests SET flow_snapshot = '${snapshot}'`)).toBeUndefined();
    expect(await approvals.decide(yes(request, ann))).toMatchObject({ ok: false, code: "APPROVAL_CLOSED" });
  }
});

it("a transition waits for another process's transaction instead of failing", async () => {
  const { approvals, opened, path } = testApprovals();
  const request = await opened();
  const other = new Database(path);
  other.exec("BEGIN IMMEDIATE");
  const decided = approvals.decide(yes(request, ann));
  const asked = approvals.request(ask({ arguments: { n: 2 } }));
  // Two turns of the event loop later they have met the lock.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  other.exec("COMMIT");
  other.close();
  expect(await decided).toMatchObject({ ok: true, request: { state: "approved" } });
  expect(await asked).toMatchObject({ kind: "opened" });
});

it("a transition that cannot be written has not happened, and neither has its notification", async () => {
  const { approvals, opened, path } = testApprovals();
  const request = await opened();
  const refuse = "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no room'); END";
  expect(refusalOf(path, refuse)).toBeUndefined();
  await expect(approvals.decide(yes(request, ann))).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect(await approvals.get(request.id)).toMatchObject({ state: "pending", version: 1, decisions: [] });
  expect(await approvals.history(request.id)).toHaveLength(1);
  expect(refusalOf(path, "DROP TRIGGER full")).toBeUndefined();
  expect(await approvals.decide(yes(request, bob))).toMatchObject({ request: { state: "approved" } });
});
