import { describe, expect, it } from "vitest";
import { RequestTable } from "../../src/console/approvals/request-table.tsx";
import { meaningOf, OBSTACLES, obstacleOf } from "../../src/console/approvals/words.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import type { CallStanding } from "../../src/operations/approvals/approvals.ts";

const STANDINGS = Object.keys(OBSTACLES) as readonly Exclude<CallStanding, "as_asked">[];

describe.each(STANDINGS)("a request whose call would not run: %s", (standing) => {
  it("says so while it is open, and nothing of it afterwards", () => {
    expect(obstacleOf({ state: "pending", method: "tools/call" }, standing)).toBe(OBSTACLES[standing]);
    expect(obstacleOf({ state: "approved", method: "tools/call" }, standing)).toBe(OBSTACLES[standing]);
    expect(obstacleOf({ state: "succeeded", method: "tools/call" }, standing)).toBeUndefined();
  });

  it("does not say that it may run where it is approved", () => {
    const { means, runs } = meaningOf("approved", standing);
    expect(means).not.toBe(meaningOf("approved", "as_asked").means);
    expect(runs).toBe(standing === "server_down");
  });

  it("is marked in a list", () => {
    const request = {
      id: "apr_1",
      method: "tools/call",
      upstream: "bank",
      tool: "pay",
      state: "pending",
      stage: 0,
      stages: [],
    };
    const row = {
      request: {
        ...request,
        createdAt: 0,
        pendingUntil: 1,
        requester: { issuer: "i", subject: "ann" },
      } as unknown as ApprovalRequest,
      ...{ message: undefined, decidable: true, misfits: false, standing },
    };
    expect(String(<RequestTable caption="Requests" rows={[row]} now={0} />)).toContain(OBSTACLES[standing].badge);
  });
});
