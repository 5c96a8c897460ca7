import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DAY, requester } from "../support/approval-parts.ts";
import { approvalsOn, rowsOf, type TestApprovals, WORKER_LEASE_MS } from "../support/approval-service.ts";
import { temporaryDir } from "../support/audit.ts";
import { eventually } from "../support/eventually.ts";
import { type ScriptRun, startScript } from "../support/script.ts";

/** The service here, on the clock that other processes have. */
function setUp(startedAt = Date.now()): TestApprovals & { readonly go: string } {
  const dir = temporaryDir();
  return { ...approvalsOn(join(dir, "portcullis.db"), { now: startedAt }), go: join(dir, "go") };
}

/** Starts processes and lets them begin together once all of them have seen what there is. */
async function race(
  test: { path: string; go: string },
  workers: readonly (readonly string[])[],
  at = 0,
): Promise<ScriptRun[]> {
  const runs = workers.map((args) => startScript("approval-worker", [test.path, test.go, ...args]));
  await Promise.all(runs.map((run) => run.untilLines(1)));
  await eventually(async () => (Date.now() >= at ? true : undefined));
  writeFileSync(test.go, "");
  return runs;
}

async function steps(runs: readonly ScriptRun[]): Promise<readonly string[]> {
  for (const run of runs) expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
  return runs.flatMap((run) => run.lines.filter((line) => line !== "ready"));
}

describe("processes on one file", () => {
  it("claim each approved call once, however many try", async () => {
    const test = setUp();
    const ids: string[] = [];
    for (let n = 0; n < 15; n++) ids.push((await test.approved({ arguments: { n }, principal: rita(n) })).id);
    const runs = await race(test, Array(4).fill(["claim"]));
    // A process that is done gives up its leases: a slower one may take what it claimed for lost.
    const claims = (await steps(runs)).filter((step) => step.startsWith("claim "));
    expect([...claims].sort()).toEqual(ids.map((id) => `claim ${id}`).sort());
    expect(rowsOf(test.path, "SELECT runs, count(*) AS n FROM approval_requests GROUP BY runs")).toEqual([
      { runs: 1, n: 15 },
    ]);
  });

  it("hear one voice where two people decide at the same instant", async () => {
    const test = setUp();
    for (let n = 0; n < 15; n++) await test.opened({ arguments: { n }, principal: rita(n) });
    const runs = await race(test, [
      ["approve", "ann"],
      ["reject", "bob"],
    ]);
    const said = await steps(runs);
    expect(said).toHaveLength(15);
    const decided = rowsOf(
      test.path,
      `SELECT r.state, d.decision FROM approval_requests r JOIN approval_decisions d ON d.request_id = r.id`,
    );
    expect(decided).toHaveLength(15);
    for (const { state, decision } of decided) expect(state).toBe(decision === "approve" ? "approved" : "rejected");
    expect(rowsOf(test.path, "SELECT kind FROM outbox WHERE kind = 'approval.decided'")).toHaveLength(15);
  });

  it("approve nothing that time has ended, and end nothing that was approved in time", async () => {
    const test = setUp();
    await test.approvals.close();
    const middle = Date.now() + 4_000;
    for (let n = 0; n < 40; n++) {
      // They end one after the other, a few ms apart, around the moment at which everybody begins.
      test.clock.now = middle - DAY + (n - 10) * 4;
      await test.opened({ arguments: { n }, principal: rita(n) });
    }
    await steps(await race(test, [["approve", "ann"], ["sweep"], ["sweep"]], middle));
    test.clock.now = Date.now();
    await test.approvals.sweep();
    const ended = rowsOf(
      test.path,
      `SELECT state, decided_at < pending_until AS in_time, (SELECT count(*) FROM approval_decisions WHERE request_id = id) AS voices
       FROM approval_requests`,
    );
    const approved = { state: "approved", in_time: 1, voices: 1 };
    const expired = { state: "expired", in_time: 0, voices: 0 };
    for (const row of ended) expect([approved, expired]).toContainEqual(row);
    expect(ended).toContainEqual(expired);
  });

  it("tell once of what time does, however many look at it", async () => {
    // All of these are over by now, and were never reminded of.
    const test = setUp(Date.now() - 2 * DAY);
    await test.approvals.close();
    const ids: string[] = [];
    for (let n = 0; n < 15; n++) ids.push((await test.opened({ arguments: { n }, principal: rita(n) })).id);
    const runs = await race(test, Array(3).fill(["sweep"]));
    await steps(runs);
    const told = rowsOf(test.path, "SELECT kind, count(*) AS n FROM outbox GROUP BY kind ORDER BY kind");
    expect(told).toEqual([
      { kind: "approval.expired", n: 15 },
      { kind: "approval.requested", n: 15 },
    ]);
    expect(rowsOf(test.path, "SELECT * FROM approval_events WHERE act = 'expire'")).toHaveLength(15);
  });

  it("never take a run for lost while its process lives, and never run it again when it was killed", async () => {
    const test = setUp();
    const { id } = await test.approved();
    const [runner] = await race(test, [["hold"]]);
    if (runner === undefined) throw new Error("It did not start.");
    await runner.untilLines(2);
    // The other process looks again and again, for several leases.
    const until = Date.now() + 4 * WORKER_LEASE_MS;
    const held = await eventually(async () => {
      test.clock.now = Date.now();
      await test.approvals.sweep();
      const request = await test.approvals.get(id);
      return request?.state !== "executing" || Date.now() > until ? request : undefined;
    });
    expect(held).toMatchObject({ state: "executing" });
    runner.kill();
    expect(await runner.ended).toMatchObject({ signal: "SIGKILL" });
    const lost = await eventually(async () => {
      test.clock.now = Date.now();
      await test.approvals.sweep();
      const request = await test.approvals.get(id);
      return request?.state === "executing" ? undefined : request;
    });
    expect(lost).toMatchObject({ state: "indeterminate" });
    expect(await test.approvals.claim(id, lost.version)).toBeUndefined();
    expect(await test.approvals.runnable(10)).toEqual([]);
    expect(rowsOf(test.path, "SELECT kind FROM outbox WHERE kind = 'approval.indeterminate'")).toHaveLength(1);
  });
});

/** Requests of many people, because one may have only so many. */
function rita(n: number) {
  return { ...requester, subject: `rita-${n}`, email: `rita-${n}@acme.com` };
}
