import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { asks, CALLERS_AUTH, decide, inState, status, textOf } from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";

const POLICIES = `policies:
  - { id: money, target: { tools: [bank/pay] }, then: { request_approval: { flow: money } } }
`;

const CONFIG = {
  auth: CALLERS_AUTH,
  server: { hold: "0s" },
  approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
};

const ARGS = '{"to":"Zoë","amount":1}';

/*
 * The gateway reads lists every five minutes, and these servers never say that theirs have changed.
 */
describe("right before an approved call is run, its server is asked once more what the tool is", () => {
  let upstream: PayingUpstream;
  let gateway: TestGateway;

  beforeEach(async () => {
    upstream = await startPayingUpstream();
    const config = { ...CONFIG, upstreams: { bank: { url: upstream.url, timeout: "500ms" } } };
    gateway = await startTestGateway(config, { "p.yaml": POLICIES });
  });

  afterEach(async () => {
    await gateway.close();
    await upstream.close();
  });

  it.each<[string, (server: PayingUpstream) => void]>([
    ["what it says that it does", (server) => server.describe("Pays twice.")],
    ["what it says that it is", (server) => server.annotate({ readOnlyHint: true })],
  ])("and it is not run where the server has changed %s", async (_what, change) => {
    const id = await asks(gateway, "ann", ARGS);
    change(upstream);
    await decide(gateway, id);
    await inState(gateway, id, "invalidated");
    expect(textOf(await status(gateway, "ann", id))).toContain("The definition of the tool has changed");
    expect(upstream.paid).toEqual([]);
  });

  it("and it is run where nothing has changed, after one more list", async () => {
    const id = await asks(gateway, "ann", ARGS);
    const before = upstream.listed();
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    expect(upstream.listed()).toBe(before + 1);
    expect(upstream.paid).toHaveLength(1);
  });

  it.each(["silent", "refused"] as const)("and it stays approved where the server does not say (%s)", async (how) => {
    const id = await asks(gateway, "ann", ARGS);
    upstream.hideTools(how);
    await decide(gateway, id);
    const told = textOf(await status(gateway, "ann", id));
    expect(told).toContain("bank");
    await inState(gateway, id, "approved");
    expect(upstream.paid).toEqual([]);
  });
});
