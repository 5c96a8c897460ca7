import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ApprovalOperations, CallStanding } from "../../src/operations/approvals/approvals.ts";
import { createApprovalOperations } from "../../src/operations/approvals/create-approval-operations.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
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
let listedOthers: ReadonlyMap<string, JsonObject> = new Map();
let server: "ready" | "down" | undefined = "ready";

beforeAll(async () => {
  gateway = await startTestGateway(APPROVALS_CONFIG, { "expenses.yaml": POLICIES });
  const { wired } = gateway.running;
  approvals = createApprovalOperations({
    ...{ approvals: wired.approvals, definitions: wired.store.definitions },
    policies: () => wired.policies.current(),
    definitionOf: (kind, _upstream, name) => listedOthers.get(`${kind} ${name}`),
    upstreams: { get: () => server && ({ status: () => ({ state: server }) } as Upstream) },
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

  it.each<[what: string, listed: readonly JsonObject[], state: typeof server, standing: CallStanding]>([
    ["the tool as its server lists it", [before], "ready", "as_asked"],
    ["a tool that its server describes otherwise now", [after], "ready", "tool_changed"],
    ["a tool that is no more", [], "ready", "tool_gone"],
    ["a tool whose server is down", [before], "down", "server_down"],
    ["a tool that is no more, of a server that is down, too", [], "down", "tool_gone"],
    ["a tool whose server is no longer configured", [before], undefined, "server_gone"],
  ])("%s", async (what, listed, state, standing) => {
    await list(before);
    const request = await askFor(gateway, { arguments: { case: what }, definitionDigest: digestOf(before) });
    await list(...listed);
    server = state;
    expect(await approvals.subject(request)).toMatchObject({ definition: before, standing });
    expect(await approvals.standing(request)).toBe(standing);
    server = "ready";
  });

  const summary = { name: "summary", description: "Sums up." };
  const changed = { name: "summary", description: "Sums up otherwise." };
  it.each<[what: string, method: "prompts/get" | "resources/read", listed: JsonObject | undefined, CallStanding]>([
    ["a prompt as its server lists it", "prompts/get", summary, "as_asked"],
    ["a prompt that is described otherwise now", "prompts/get", changed, "tool_changed"],
    ["a prompt that is no more", "prompts/get", undefined, "tool_gone"],
    ["a resource as its server lists it", "resources/read", summary, "as_asked"],
    ["a resource that is described otherwise now", "resources/read", changed, "tool_changed"],
    ["a resource that is not listed, which may be there", "resources/read", undefined, "as_asked"],
  ])("%s, whatever a tool of its name is", async (what, method, listed, standing) => {
    await list({ name: "create_expense", description: "A tool of this name." });
    const kind = method === "prompts/get" ? "prompt" : "resource";
    listedOthers = new Map(listed && [[`${kind} create_expense`, listed]]);
    const request = await askFor(gateway, { arguments: { case: what }, method, definitionDigest: digestOf(summary) });
    const definition = listed === summary ? summary : undefined;
    expect(await approvals.subject(request)).toMatchObject({ definition, standing });
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
