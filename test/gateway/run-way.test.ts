import { describe, expect, it } from "vitest";
import type { Allowed } from "../../src/core/decision.ts";
import type { ApprovedRun, RunWayDeps } from "../../src/gateway/approvals/run-way.ts";
import { createRunWay } from "../../src/gateway/approvals/run-way.ts";
import type { RecordedRequest } from "../../src/gateway/steps/execute.ts";
import { createRateLimitGuard } from "../../src/gateway/steps/rate-limit-guard.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";

const LIMIT = { policy: "p", counter: "p", limit: 1, windowMs: 3_600_000, cost: 1, message: "Used up." };

/** A run of an approved call that has drawn the whole of a budget, and what it has come to. */
function world(claim: RunWayDeps["approvals"]["claim"]) {
  const log = keepingLog();
  const { rateLimits } = openTestStore(`${temporaryDir()}/portcullis.db`);
  const budgets = createRateLimitGuard({ rateLimits, log, hash: (text) => text });
  const decision: Allowed = { effect: "allow", matched: [], set: "0", inspectsResult: true, limits: [LIMIT] };
  const unused = (): never => {
    throw new Error("It is not asked.");
  };
  const deps = {
    approvals: { claim, finish: unused, invalidate: unused },
    ...{ signIns: { checkRun: unused }, upstreams: { get: unused }, digests: { call: unused }, budgets, log },
  } as unknown as RunWayDeps;
  const host = { listeners: { wishes: () => ({}), notify() {} }, stopped: () => false, keep: unused };
  const run = { request: { id: "apr_1", version: 1 }, context: { sight: 1 }, origin: { principal: {} } };
  const way = createRunWay(deps, host as never)(run as unknown as ApprovedRun);
  const ends: string[] = [];
  const decided = { decision, misfit: undefined, signIn: undefined, subject: { kind: "tool" } };
  const recorded = { ...decided, close: (outcome: string) => ends.push(outcome) } as unknown as RecordedRequest;
  const draw = () => budgets.draw(decision, [LIMIT]);
  return { way, recorded, ends, decision, draw };
}

type World = ReturnType<typeof world>;

const LOST = async () => undefined;
const UNAVAILABLE = async () => {
  throw new Error("The store is gone.");
};

describe("a run of an approved call that drew on a budget and is not carried out", () => {
  it.each<[what: string, make: () => World, end: (world: World) => unknown]>([
    [
      "because another process claimed it",
      () => world(LOST),
      ({ way, recorded }) => way.carryOut(recorded, async () => ({}) as never),
    ],
    [
      "because it could not be claimed",
      () => world(UNAVAILABLE),
      ({ way, recorded }) => way.carryOut(recorded, async () => ({}) as never),
    ],
  ])("has cost nothing: %s", async (_, make, end) => {
    const made = make();
    expect(await made.draw()).toBe(made.decision);
    await Promise.resolve(end(made)).catch(() => {});
    expect(await made.draw(), "there is room again").toBe(made.decision);
    expect(await made.draw(), "and no more").toMatchObject({ effect: "rate_limit" });
  });
});
