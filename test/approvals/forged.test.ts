import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { createApprovals } from "../../src/approvals/create-approvals.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { AUDIT_CHAIN } from "../../src/store/audit/audit-row.ts";
import { ann, flow, stage, yes } from "../support/approval-parts.ts";
import { serviceDeps, type TestApprovals, testApprovals } from "../support/approval-service.ts";
import { openTestStore } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";
import { anotherValue, columnsOf, forge, undoRowSeals } from "../support/forging.ts";

/*
 * Somebody has the database and not the gateway's secret. Whatever they write into a request or a vote, nobody can approve
 * it then, and nothing runs because of it: it is over, and an identical call asks anew.
 */

/** Another value of each column; what has to stay readable does. */
function otherOf(column: string): string {
  if (column === "flow_snapshot") return `replace(flow_snapshot, 'finance-lead', 'eve')`;
  if (column === "traces" || column === "approver_traces") return `replace(${column}, '"vouched":', '"vouched": ')`;
  if (column === "policies") return `'["other"]'`;
  return anotherValue(column);
}

const errors = ({ log }: TestApprovals) => log.lines.filter(({ level }) => level === "error").length;

// Its key, its place in the machine and its version are what it is looked up and refused by.
const KEYS = ["id", "state", "version", "digest"];

describe("a request that somebody wrote into the database", () => {
  const two = flow({ stages: [stage("finance-lead", 2)] });

  it("cannot be approved, whichever column it is", async () => {
    const test = testApprovals({ flows: [two], limits: { openPerUser: 1_000 } });
    for (const column of columnsOf(test.path, "approval_requests").filter((name) => !KEYS.includes(name))) {
      const request = await test.opened({ arguments: { column } });
      const before = errors(test);
      forge(test.path, `UPDATE approval_requests SET ${column} = ${otherOf(column)} WHERE id = '${request.id}'`);
      const vote = await test.approvals.decide(yes(request, ann));
      expect({ column, vote }).toMatchObject({ column, vote: { ok: false } });
      expect({ column, errors: errors(test) }).toEqual({ column, errors: before + 1 });
      expect(await test.approvals.get(request.id)).toMatchObject({ state: "invalidated" });
    }
  });

  it("cannot be run, whichever column it is", async () => {
    const test = testApprovals({ limits: { openPerUser: 1_000 } });
    for (const column of columnsOf(test.path, "approval_requests").filter((name) => !KEYS.includes(name))) {
      const { id, version } = await test.approved({ arguments: { column } });
      forge(test.path, `UPDATE approval_requests SET ${column} = ${otherOf(column)} WHERE id = '${id}'`);
      expect({ column, claim: await test.approvals.claim(id, version) }).toEqual({ column, claim: undefined });
    }
  });

  it("cannot be run, whichever column of a vote it is, nor with a vote put in or taken out", async () => {
    const test = testApprovals({ limits: { openPerUser: 1_000 } });
    const columns = columnsOf(test.path, "approval_decisions");
    const ways = [
      ...columns.map((column) => [
        column,
        `UPDATE approval_decisions SET ${column} = ${otherOf(column)} WHERE request_id = `,
      ]),
      ["taken out", "DELETE FROM approval_decisions WHERE request_id = "],
      [
        "put in",
        `INSERT INTO approval_decisions (${columns.join()}) SELECT ${columns
          .map((name) => (name === "approver_sub" ? "'eve'" : name))
          .join()} FROM approval_decisions WHERE request_id = `,
      ],
    ];
    for (const [way, sql] of ways) {
      const { id, version } = await test.approved({ arguments: { way: `${way}` } });
      forge(test.path, `${sql}'${id}'`);
      expect({ way, claim: await test.approvals.claim(id, version) }).toEqual({ way, claim: undefined });
    }
  });

  it("cannot be one that was approved by nobody", async () => {
    const test = testApprovals();
    const { id } = await test.opened();
    forge(
      test.path,
      `UPDATE approval_requests SET state = 'approved', version = 2, execute_until = 9e15 WHERE id = '${id}'`,
    );
    expect(await test.approvals.claim(id, 2)).toBeUndefined();
  });

  it("is over when a gateway starts, and an identical call asks anew before that, too", async () => {
    const test = testApprovals();
    const { id } = await test.opened();
    forge(test.path, `UPDATE approval_requests SET flow_snapshot = ${otherOf("flow_snapshot")}`);
    const again = await test.opened();
    expect(again.id).not.toBe(id);
    forge(
      test.path,
      `UPDATE approval_requests SET flow_snapshot = ${otherOf("flow_snapshot")} WHERE id = '${again.id}'`,
    );
    const other = test.another();
    await other.approvals.sweep();
    expect(await other.approvals.get(again.id)).toMatchObject({ state: "invalidated" });
    expect(await other.approvals.history(again.id)).toContainEqual(
      expect.objectContaining({ act: "invalidate", reason: expect.stringContaining("not what the gateway wrote") }),
    );
  });

  it("opens nothing to whom it names now", async () => {
    const test = testApprovals();
    const claim = await test.claimed();
    const { id } = claim.request;
    await test.approvals.finish(claim, { kind: "succeeded", isError: false, result: Buffer.from("{}") });
    const open = async () => [await test.approvals.arguments(id), await test.approvals.result(id)];
    expect(await open()).not.toContain(undefined);
    expect((await test.approvals.get(id))?.message).not.toBe("");
    forge(test.path, "UPDATE approval_requests SET sub = 'eve'");
    expect(await open()).toEqual([undefined, undefined]);
    expect((await test.approvals.get(id))?.message).toBe("");
  });

  it("gives no call a result that is somebody else's", async () => {
    const test = testApprovals();
    const claim = await test.claimed();
    await test.approvals.finish(claim, { kind: "succeeded", isError: false, result: Buffer.from("{}") });
    const other = await test.opened({ arguments: { other: 1 } });
    await test.approvals.invalidate(other.id, "Over.");
    await test.approvals.delivered(other.id);
    forge(
      test.path,
      `UPDATE approval_requests SET digest = (SELECT digest FROM approval_requests WHERE id = '${other.id}'), created_at = created_at + 1
         WHERE id = '${claim.request.id}'`,
    );
    expect((await test.opened({ arguments: { other: 1 } })).id).not.toBe(claim.request.id);
  });
});

describe("a request of before there were seals", () => {
  it("is over with the next start: it could have been written by anybody", async () => {
    const test = testApprovals();
    const { id, version } = await test.approved();
    const db = new Database(test.path);
    db.exec("ALTER TABLE approval_requests DROP COLUMN mac; ALTER TABLE approval_requests DROP COLUMN history");
    undoRowSeals(db);
    db.exec("DELETE FROM __drizzle_migrations WHERE rowid = (SELECT max(rowid) FROM __drizzle_migrations)");
    db.close();
    const next = test.another();
    expect(await next.approvals.claim(id, version)).toBeUndefined();
    expect(await next.approvals.get(id)).toMatchObject({ state: "invalidated" });
    expect(errors(next)).toBe(0);
  });
});

describe("a request that waits when the gateway's secret is replaced", () => {
  it("is over, by no fault of anybody, and verifies as it was and as it is", async () => {
    const test = testApprovals({ limits: { openPerUser: 1_000 } });
    const asked = [await test.opened({ arguments: { n: 1 } }), await test.approved({ arguments: { n: 2 } })];
    const ended = await test.claimed({ arguments: { n: 3 } });
    await test.approvals.finish(ended, { kind: "succeeded", isError: false, result: Buffer.from("{}") });
    const next = createKeyedHash(Buffer.alloc(32, 8), AUDIT_CHAIN);
    const store = openTestStore(test.path, { auditHash: next, formerHashes: [auditHash] });
    const approvals = createApprovals(serviceDeps(store, { log: test.log, now: () => test.clock.now }));
    onTestFinished(() => approvals.close());
    for (const { id, version } of asked) {
      expect(await approvals.decide(yes({ ...ended.request, id, version }, ann))).toMatchObject({ ok: false });
      expect(await approvals.claim(id, version)).toBeUndefined();
      expect(await approvals.get(id)).toMatchObject({ state: "invalidated" });
    }
    await approvals.delivered(ended.request.id);
    expect(errors(test)).toBe(0);
    expect(await store.witness.approvals([next, auditHash])).toEqual({ wrong: [], old: 0 });
    expect((await store.witness.approvals([next])).wrong).toEqual([]);
  });
});

describe("a request that nobody changed", () => {
  it("keeps its seal through all that happens to it, with whatever is in its texts", async () => {
    const test = testApprovals();
    const odd = "\ud800 \u0000 é \u{1f600} \\ud800";
    const claim = await test.claimed({ clientName: odd, arguments: { text: odd } });
    const { id } = claim.request;
    await test.store.approvals.renewLeases("nobody", [claim.executionId], 1);
    await test.approvals.finish(claim, { kind: "succeeded", isError: false, result: Buffer.from(odd) });
    await test.approvals.delivered(id);
    await test.pass(365 * 86_400_000);
    expect((await test.store.approvals.find(id))?.doubt).toBeUndefined();
    expect(errors(test)).toBe(0);
  });
});
