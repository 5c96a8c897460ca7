import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { APPROVALS_CONFIG, askFor, people } from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { send } from "../support/raw-mcp.ts";

const FIVE_MINUTES = 300_000;
const COUNT = 30;

let gateway: TestGateway;
let passed = 0;
const now = (): number => Date.now() + passed;

beforeAll(async () => {
  const flow = { stages: [{ approvers: { roles: ["finance-lead"] } }], pending_ttl: "5m" };
  const flows = { ...APPROVALS_CONFIG.approval_flows, short: flow };
  gateway = await startTestGateway({ ...APPROVALS_CONFIG, approval_flows: flows }, {}, { now });
}, 60_000);
afterAll(() => gateway?.close());

const approvals = () => gateway.running.wired.approvals;

/** Requests of many people, because one may have only so many. */
function ask(n: number, flow: string): Promise<ApprovalRequest> {
  return askFor(gateway, { flow, arguments: { n, flow }, principal: { subject: `rita-${n}` } });
}

async function decide(
  request: ApprovalRequest,
  by: "fin" | "flo",
  decision: "approve" | "reject",
): Promise<{ readonly status: number; readonly json: JsonObject }> {
  const reason = decision === "reject" ? { reason: "No." } : {};
  return send(Number(new URL(gateway.url).port), {
    path: `/api/v1/approvals/${request.id}/decision`,
    headers: { Authorization: people.bearer(by).authorization },
    body: { decision, version: request.version, arguments_digest: request.argumentsDigest, ...reason },
  });
}

describe("two people who decide the same request at once over HTTP", () => {
  it.each(["approve", "reject"] as const)("are heard once, where one approves and one would %s", async (other) => {
    for (let n = 0; n < COUNT; n += 1) {
      const request = await ask(n, "single");
      const [fin, flo] = await Promise.all([decide(request, "fin", "approve"), decide(request, "flo", other)]);
      expect([fin.status, flo.status].sort()).toEqual([200, 409]);
      const after = await approvals().get(request.id);
      expect(after?.decisions).toHaveLength(1);
      expect(after?.state).toBe(fin.status === 200 || other === "approve" ? "approved" : "rejected");
      // The one who was too late reads how it stands.
      const late = fin.status === 409 ? fin : flo;
      expect(late.json["current"]).toMatchObject({ state: after?.state, version: 2 });
      // An identical call joins what is approved.
      await approvals().invalidate(request.id, "The next round begins.");
      await approvals().delivered(request.id);
    }
  });

  it("are both heard where both are needed, the second one once they have looked again", async () => {
    const request = await ask(0, "pair");
    const answers = await Promise.all([decide(request, "fin", "approve"), decide(request, "flo", "approve")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const late = answers[0].status === 409 ? "fin" : "flo";
    const seen = await approvals().get(request.id);
    expect(seen).toMatchObject({ state: "pending", version: 2 });
    if (seen === undefined) return;
    expect(await decide(seen, late, "approve")).toMatchObject({ status: 200, json: { state: "approved" } });
  });
});

describe("an approval at the moment at which its request expires", () => {
  it("counts if it came in time, and never otherwise", async () => {
    const requests: ApprovalRequest[] = [];
    for (let n = 0; n < COUNT; n += 1) {
      // Far enough apart that a busy machine does not let all of them pass before the first is decided.
      passed += 500;
      requests.push(await ask(n, "short"));
    }
    // Now is when the middle one ends.
    const middle = requests[COUNT / 2]?.pendingUntil ?? 0;
    expect(middle - now()).toBeLessThanOrEqual(FIVE_MINUTES);
    passed += middle - now();
    const decided = Promise.all(requests.map((request) => decide(request, "fin", "approve")));
    const [answers] = await Promise.all([decided, approvals().sweep(), approvals().sweep()]);
    passed += 1_000;
    await approvals().sweep();
    const states: string[] = [];
    for (const [index, answer] of answers.entries()) {
      const request = await approvals().get(requests[index]?.id ?? "");
      const inTime = answer.status === 200;
      expect(answer.status).toBe(inTime ? 200 : 409);
      expect(request).toMatchObject({ state: inTime ? "approved" : "expired" });
      expect(request?.decisions).toHaveLength(inTime ? 1 : 0);
      expect((request?.decidedAt ?? 0) < (request?.pendingUntil ?? 0)).toBe(inTime);
      states.push(request?.state ?? "");
    }
    expect(new Set(states)).toEqual(new Set(["approved", "expired"]));
  });
});
