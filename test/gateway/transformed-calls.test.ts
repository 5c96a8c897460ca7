import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectSdk1 } from "../support/clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  asks,
  asksWithState,
  CALLERS_AUTH,
  callWithText,
  comesBack,
  credentialOf,
  decide,
  inState,
  resultOf,
  textOf,
} from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";

const POLICIES = `policies:
  - id: cap
    target: { tools: [bank/pay] }
    when: args.amount > 100
    then: { transform: { arguments: { set: { amount: "100", "by.who": user.id }, remove: [debug] } } }
  - id: would
    target: { tools: [bank/pay] }
    mode: shadow
    then: { transform: { arguments: { set: { amount: "1" } } } }
  - id: odd
    target: { tools: [bank/pay] }
    when: has(args.odd)
    then: { transform: { arguments: { set: { odd: args.odd / 0 } } } }
  - id: large
    target: { tools: [bank/pay] }
    when: args.amount > 150
    then: { deny: {} }
  - id: money
    target: { tools: [bank/pay] }
    when: args.amount >= 50
    then: { request_approval: { flow: money } }
`;
const ARGS = '{"to":"Zoë","amount":200,"debug":true}';
const SENT = { to: "Zoë", amount: 100, by: { who: "ann" } };

describe("a call whose arguments policies write", () => {
  let bank: PayingUpstream;
  let gateway: TestGateway;

  beforeEach(async () => {
    bank = await startPayingUpstream();
    gateway = await startTestGateway(
      {
        ...{ auth: CALLERS_AUTH, server: { hold: "0s" }, upstreams: { bank: { url: bank.url } } },
        approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
      },
      { "p.yaml": POLICIES },
    );
  });
  afterEach(async () => {
    for (const each of [gateway, bank]) await each.close();
  });

  const rows = async () => {
    await gateway.running.wired.audit.flush();
    const { entries } = await gateway.running.wired.store.audit.list({ kind: "opened", limit: 10 });
    return entries;
  };
  const sent = () => bank.paid.map(({ arguments: args }) => args);

  it("is approved, recorded and made with what they wrote, and found again by whoever comes back", async () => {
    const state = await asksWithState(gateway, "ann", ARGS);
    const { items } = await gateway.running.wired.approvals.list({ limit: 10 });
    const [request] = items;
    if (request === undefined) throw new Error("Nothing was asked for.");
    expect(await gateway.running.wired.approvals.requestedCall(request.id)).toMatchObject({ arguments: SENT });
    await decide(gateway, request.id);
    expect(textOf(resultOf(await comesBack(gateway, "ann", ARGS, state)))).toContain("paid 1");
    await inState(gateway, request.id, "succeeded");
    expect(sent()).toEqual([SENT]);

    for (const { policies, argumentsRedacted } of await rows()) {
      expect(JSON.parse(argumentsRedacted ?? "")).toEqual(SENT);
      expect(policies).not.toContain('"large"');
    }
    // What people approved is not written again.
    const run = (await rows()).filter(({ policies }) => !policies?.includes('"cap"'));
    expect(run).toMatchObject([{ approval: request.id, policies: expect.stringContaining('"money"') }]);
    const asked = (await rows())[0];
    expect(JSON.parse(asked?.policies ?? "")).toEqual([
      { policy: "cap", effect: "transform", because: "condition" },
      { policy: "money", effect: "request_approval", because: "condition" },
      { policy: "would", effect: "transform", because: "condition", mode: "shadow" },
    ]);
    expect(JSON.parse(asked?.facts ?? "")).toMatchObject({ given: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(JSON.parse(asked?.facts ?? "")["given"]).not.toBe(asked?.argumentsDigest);
  });

  it("joins the request of a call that is the same once it is written", async () => {
    const id = await asks(gateway, "ann", ARGS);
    expect(await asks(gateway, "ann", '{"amount":900,"to":"Zoë","debug":"x"}')).toBe(id);
    expect(await asks(gateway, "ann", '{"amount":99,"to":"Zoë"}')).not.toBe(id);
  });

  it("goes as it came where a policy is in shadow, or does not match", async () => {
    resultOf(await callWithText(gateway, "ann", '{"to":"x","amount":1.50,"debug":false}'));
    expect(sent()).toEqual([{ to: "x", amount: 1.5, debug: false }]);
    expect((await rows()).at(0)?.facts).not.toContain('"given"');
  });

  it("is denied by a policy that cannot be evaluated", async () => {
    const client = await connectSdk1(gateway.mcp, credentialOf("ann"));
    const { text } = await client.call("bank__pay", { odd: 1, amount: 1 });
    await client.close();
    expect(text).toContain("odd cannot write what this call is to send");
    expect(sent()).toEqual([]);
    const [row] = await rows();
    expect(row).toMatchObject({ decision: "deny" });
    expect(row?.policies).toContain(
      '{"policy":"odd","effect":"transform","because":"error","error":"arguments.set.odd: ',
    );
  });
});
