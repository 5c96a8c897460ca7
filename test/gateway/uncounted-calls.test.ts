import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { Allowed, Decision } from "../../src/core/decision.ts";
import type { Round, UpstreamFault } from "../../src/core/round.ts";
import type { Subject } from "../../src/gateway/requests/subject.ts";
import {
  createExecute,
  type ExecuteDeps,
  type ExecutionStrategy,
  type Outgoing,
} from "../../src/gateway/steps/execute.ts";
import type { Origin } from "../../src/gateway/steps/origin.ts";
import { createRateLimitGuard } from "../../src/gateway/steps/rate-limit-guard.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { person } from "../support/mcp-endpoint.ts";

const LIMIT = { policy: "p", counter: "p", limit: 1, windowMs: 3_600_000, cost: 1, message: "Used up." };
const RESULT = { kind: "result", result: {} } as unknown as Round;
const fault = (code: UpstreamFault["code"], executed: UpstreamFault["executed"]): Round => ({
  kind: "fault",
  fault: { code, upstream: "up", detail: "", executed },
});

interface Happening {
  readonly round?: Round;
  readonly unrecorded?: boolean;
  readonly spent?: boolean;
  readonly way?: Partial<ExecutionStrategy<string>>;
}

/** Lets calls happen that all draw on one budget with room for one, and answers how each ended. */
function world() {
  const log = keepingLog();
  const { rateLimits } = openTestStore(`${temporaryDir()}/portcullis.db`);
  const budgets = createRateLimitGuard({ rateLimits, log, hash: (text) => text });
  return async ({ round = RESULT, unrecorded = false, spent = false, way }: Happening = {}): Promise<string> => {
    const allowed: Allowed = { effect: "allow", matched: [], set: "0", limits: [LIMIT] };
    const decision = spent
      ? ({ ...allowed, effect: "step_up", stepUp: {}, approvals: [] } as unknown as Allowed)
      : allowed;
    const execute = createExecute({
      ...{ budgets, log, now: () => 0, policies: () => ({}), hash: () => "", longRedactions: {} },
      answers: { of: () => ({ decision, refusal: undefined }) },
      audit: { open: async () => !unrecorded, close() {} },
      signIns: { spend: async () => !spent },
      outOfBand: { peerFor: (peer: unknown) => peer },
      scope: () => undefined,
    } as unknown as ExecuteDeps);
    const origin = { id: "call_1", principal: person("ann"), client: {}, scope: { endpoint: "" } } as unknown as Origin;
    const subject = { kind: "tool", method: "tools/call", upstream: "up", name: "t", paramHeaders: [], arguments: {} };
    const outgoing = {
      ...{ params: {}, state: undefined, approval: undefined, peer: {}, listener: {} },
      upstreams: { get: () => ({ session: () => ({ request: async () => round }) }) },
    } as unknown as Outgoing;
    return execute<string>(origin, subject as unknown as Subject, {
      approval: undefined,
      cancellation: new Cancellation(),
      goesOnWith: () => true,
      signIn: async () => (spent ? { kind: "made", by: "elevation", spend: "e", challenge: undefined } : undefined),
      charges: () => decision,
      unable: (code) => code,
      beforeRecord: () => undefined,
      afterRecord: async ({ decision: counted }: { readonly decision: Decision }) =>
        counted.effect === "rate_limit" ? "refused" : undefined,
      spentBefore: () => "spent",
      carryOut: async (_, forward) => (await forward(outgoing)).kind,
      ...way,
    });
  };
}

describe("a call that drew on a budget", () => {
  it.each<[what: string, happening: Happening, end: string]>([
    ["its server is down", { round: fault("UPSTREAM_UNAVAILABLE", "no") }, "fault"],
    ["its server is busy", { round: fault("UPSTREAM_BUSY", "no") }, "fault"],
    ["its session was not open in time", { round: fault("UPSTREAM_TIMEOUT", "no") }, "fault"],
    ["the server refused the gateway's credential", { round: fault("UPSTREAM_REFUSED", "no") }, "fault"],
    ["it could not be recorded", { unrecorded: true }, "AUDIT_UNAVAILABLE"],
    ["another call spent its sign-in", { spent: true }, "spent"],
    ["it was stopped before its record", { way: { beforeRecord: async () => "stopped" } }, "stopped"],
  ])("has cost nothing where %s", async (_, happening, end) => {
    const call = world();
    expect(await call(happening)).toBe(end);
    expect(await call(), "there is room again").toBe("result");
    expect(await call(), "and no more").toBe("refused");
  });

  it.each<[what: string, round: Round]>([
    ["it was carried out", RESULT],
    ["its server refused it", { kind: "error", error: { code: 1, message: "no" } }],
    ["nobody knows whether it was carried out", fault("UPSTREAM_CLOSED", "unknown")],
    ["its client gave it up", fault("CALL_CANCELLED", "no")],
    ["its session was ended", fault("SESSION_ENDED", "no")],
  ])("has cost where %s", async (_, round) => {
    const call = world();
    await call({ round });
    expect(await call()).toBe("refused");
  });
});
