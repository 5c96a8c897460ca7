import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { connectSdk1 } from "../support/clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  asksWithState,
  CALLERS_AUTH,
  type Caller,
  callWithText,
  comesBack,
  credentialOf,
  decide,
  inState,
  resultOf,
  TASKS,
  textOf,
} from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";

const POLICIES = `policies:
  - { id: money, target: { tools: [bank/pay] }, then: { request_approval: { flow: money } } }
`;
const ARGS = '{"to":"Zoë","amount":1}';

describe("an agent that comes back for a request whose tool is gone", () => {
  let bank: PayingUpstream;
  let other: PayingUpstream;
  let gateway: TestGateway;
  const withUpstreams = (upstreams: object) => ({
    ...{ auth: CALLERS_AUTH, server: { hold: "0s" }, upstreams },
    approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
  });

  beforeEach(async () => {
    [bank, other] = [await startPayingUpstream(), await startPayingUpstream()];
    const config = withUpstreams({ bank: { url: bank.url }, other: { url: other.url } });
    gateway = await startTestGateway(config, { "p.yaml": POLICIES });
  });
  afterEach(async () => {
    for (const each of [gateway, bank, other]) await each.close();
  });

  /** The request that a call opened. */
  async function only(): Promise<ApprovalRequest> {
    const { items } = await gateway.running.wired.approvals.list({ limit: 10 });
    expect(items).toHaveLength(1);
    return items[0] as ApprovalRequest;
  }
  /** What a client is told that is not held: one of 2025-11-25. */
  const ask = async (by: Caller = "ann", args = ARGS): Promise<string> => {
    const client = await connectSdk1(gateway.mcp, credentialOf(by));
    try {
      return (await client.call("bank__pay", JSON.parse(args))).text;
    } catch (err) {
      return String(err);
    } finally {
      await client.close();
    }
  };
  const rows = async (approval: string) =>
    (await gateway.running.wired.store.audit.list({ approval, kind: "opened", limit: 10 })).entries;

  it.each<[string, () => void | Promise<void>, string]>([
    [
      "with its server",
      () => gateway.reconfigure(withUpstreams({ other: { url: other.url } })),
      "The server of the tool is no longer offered",
    ],
    [
      "from its server's list",
      () =>
        gateway.reconfigure(
          withUpstreams({ bank: { url: bank.url, tools: { deny: ["pay"] } }, other: { url: other.url } }),
        ),
      "The tool is no longer there",
    ],
  ])("%s hears so once it is approved, and until then that it waits", async (_, goes, why) => {
    expect(await ask()).toContain("needs the approval of people");
    const { id } = await only();
    await goes();
    expect(await ask()).toContain(id);
    await decide(gateway, id);
    const told = await ask();
    expect(told).toContain("the call was approved, but what was asked for can no longer be run");
    expect(told).toContain(why);
    expect(told).toContain(id);
    await inState(gateway, id, "invalidated");
    expect(bank.paid).toEqual([]);
    // Once it has been told, the tool is as unknown as any.
    expect(await ask()).toContain("Unknown tool");
    const known = ["approval_pending", "approval_joined", "approval_joined"];
    await expect.poll(async () => (await rows(id)).map(({ outcome }) => outcome)).toEqual(known);
  });

  it("hears how it ended by the state with which it comes back, too", async () => {
    const state = await asksWithState(gateway, "ann", ARGS);
    const { id } = await only();
    gateway.reconfigure(withUpstreams({ other: { url: other.url } }));
    await decide(gateway, id);
    expect(textOf(resultOf(await comesBack(gateway, "ann", ARGS, state)))).toContain("no longer offered");
  });

  it("gets the result of what was run before", async () => {
    resultOf(await callWithText(gateway, "ann", ARGS, { meta: TASKS }));
    const { id } = await only();
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    gateway.reconfigure(withUpstreams({ other: { url: other.url } }));
    expect(await ask()).toContain("paid 1");
  });

  it.each([
    ["somebody else", "sam", ARGS],
    ["another client of theirs", "ann-too", ARGS],
    ["who has asked for something else", "ann", '{"to":"Zoë","amount":2}'],
  ] as const)("is nobody but who asked, not %s", async (_, by, args) => {
    await ask();
    gateway.reconfigure(withUpstreams({ other: { url: other.url } }));
    expect(await ask(by, args)).toContain("Unknown tool");
  });
});
