import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ApprovalOperations } from "../../src/operations/approvals/approvals.ts";
import { createApprovalOperations } from "../../src/operations/approvals/create-approval-operations.ts";
import { APPROVALS_CONFIG, askFor, principalOf } from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const POLICIES = `policies:
  - id: large-expenses
    description: Above the limit, finance signs off.
    when: args.amount > 500
    then: { request_approval: { flow: finance } }
`;

let gateway: TestGateway;
let approvals: ApprovalOperations;

beforeAll(async () => {
  gateway = await startTestGateway(APPROVALS_CONFIG, { "expenses.yaml": POLICIES });
  const { wired } = gateway.running;
  approvals = createApprovalOperations({
    ...{ approvals: wired.approvals, definitions: wired.store.definitions },
    policies: () => wired.policies.current(),
  });
});
afterAll(() => gateway.close());

const list = (...definitions: readonly JsonObject[]) =>
  gateway.running.wired.store.definitions.replace(
    "expenses",
    definitions.map((definition) => ({ name: "create_expense", digest: digestOf(definition), definition })),
    Date.now(),
  );

describe("what a request is about", () => {
  const before = { name: "create_expense", description: "Pays." };
  const after = { name: "create_expense", description: "Pays somebody else." };

  it.each<[what: string, listed: readonly JsonObject[], tool: string]>([
    ["the tool as its server lists it", [before], "same"],
    ["a tool that its server describes otherwise now", [after], "changed"],
    ["a tool that is no more", [], "gone"],
  ])("%s", async (_, listed, tool) => {
    await list(before);
    const request = await askFor(gateway, { arguments: { case: tool }, definitionDigest: digestOf(before) });
    await list(...listed);
    expect(await approvals.subject(request)).toMatchObject({ definition: before, tool });
  });

  it("the policies that asked, as they are now, and whether any policy is another one", async () => {
    const { digest } = gateway.running.wired.policies.current();
    const same = await askFor(gateway, { arguments: { nr: 1 }, policySet: digest });
    const older = await askFor(gateway, { arguments: { nr: 2 } });
    expect(await approvals.subject(same)).toMatchObject({
      policies: [{ id: "large-expenses", looksAt: [["amount"]] }],
      policiesChanged: false,
    });
    expect((await approvals.subject(older)).policiesChanged).toBe(true);
  });

  it("nothing of a definition that nobody has seen", async () => {
    const request = await askFor(gateway, { arguments: { nr: 3 } });
    expect((await approvals.subject(request)).definition).toBeUndefined();
  });
});

it("an operator without a part in a request can neither decide nor resolve it, nor learn that it is there", async () => {
  const request = await askFor(gateway, { arguments: { nr: 4 } });
  const eve = { principal: { ...principalOf("eve"), roles: ["employee"] }, admin: false, lacks: undefined };
  const voice = { decision: "approve", reason: undefined, channel: "console", ip: undefined } as const;
  const { id, version, argumentsDigest } = request;
  const refusals = [
    await approvals.decide(eve, { ...voice, id, version, argumentsDigest }),
    await approvals.cancel(eve, id),
    await approvals.resolve(eve, id, "failed", "Because."),
  ];
  expect(refusals.map((acted) => (acted.ok ? "done" : acted.code))).toEqual(refusals.map(() => "APPROVAL_UNKNOWN"));
  expect(await approvals.find(eve, id)).toBeUndefined();
  expect(approvals.message(eve, request)).toBeUndefined();
  expect(await approvals.arguments(eve, request)).toBeUndefined();
});
