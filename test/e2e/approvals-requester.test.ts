import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { asks, CALLERS_AUTH, decide, inState } from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";

const POLICIES = {
  "p.yaml": `policies:
  - id: money
    target: { tools: [bank/pay] }
    then: { request_approval: { flow: money, message: Pays. } }
  - id: staff
    target: { tools: [bank/pay] }
    when: "!('employee' in user.roles)"
    then: { deny: { message: Only for staff. } }
`,
};

const ARGS = '{"to":"Zoë","amount":1}';

let upstream: PayingUpstream;
let gateway: TestGateway;

function config(bank: object, auth: object = CALLERS_AUTH): object {
  return {
    auth,
    server: { hold: "0s" },
    approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
    upstreams: { bank },
  };
}

beforeEach(async () => {
  upstream = await startPayingUpstream();
  gateway = await startTestGateway(config({ url: upstream.url }), POLICIES);
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

describe("a server that is exchanged under its name while a call waits", () => {
  it("is not sent what was approved for the other one", async () => {
    const other = await startPayingUpstream();
    try {
      const id = await asks(gateway, "ann", ARGS);
      gateway.reconfigure(config({ url: other.url }));
      await decide(gateway, id);
      await inState(gateway, id, "invalidated");
      expect(await gateway.running.wired.approvals.history(id)).toContainEqual(
        expect.objectContaining({ to: "invalidated", reason: expect.stringContaining("is another one now") }),
      );
      expect([...upstream.paid, ...other.paid]).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it("is not sent it either when that happens at the last moment", async () => {
    const other = await startPayingUpstream();
    try {
      const id = await asks(gateway, "ann", ARGS);
      gateway.running.wired.approvals.onTransition(({ event }) => {
        if (event.act === "claim") gateway.reconfigure(config({ url: other.url }));
      });
      await decide(gateway, id);
      await inState(gateway, id, "failed");
      expect([...upstream.paid, ...other.paid]).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it("is another one with other headers", async () => {
    const id = await asks(gateway, "ann", ARGS);
    gateway.reconfigure(config({ url: upstream.url, headers: { "X-Tenant": "live" } }));
    await decide(gateway, id);
    await inState(gateway, id, "invalidated");
    expect(upstream.paid).toEqual([]);
  });

  it("is the same one with a fresh credential or other times", async () => {
    const token = join(gateway.dir, "token");
    const bank = { url: upstream.url, headers: { Authorization: `Bearer \${file:./token}` } };
    writeFileSync(token, "first");
    gateway.reconfigure(config(bank));
    await gateway.restart();
    const id = await asks(gateway, "ann", ARGS);
    writeFileSync(token, "second");
    gateway.reconfigure(config({ ...bank, timeout: "9s" }));
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    expect(upstream.paid).toHaveLength(1);
  });
});

describe("a requester who is not there when their call is run", () => {
  const keys = (change: (key: { readonly name: string }) => readonly object[]): object => ({
    api_keys: CALLERS_AUTH.api_keys.flatMap(change),
  });

  it.each([
    [
      "whose key is gone",
      keys((key) => (key.name === "ann" ? [] : [key])),
      "The requester's credential is no longer accepted here.",
    ],
    [
      "whose key is another user's now",
      keys((key) => [key.name === "ann" ? { ...key, user: "sam" } : key]),
      "The requester's credential is no longer accepted here.",
    ],
    [
      "whose key has lost a role",
      keys((key) => [key.name === "ann" ? { ...key, roles: [] } : key]),
      "The requester no longer has access to the tool.",
    ],
  ])("%s runs nothing", async (_what, auth, reason) => {
    const id = await asks(gateway, "ann", ARGS);
    gateway.reconfigure(config({ url: upstream.url }, auth));
    await gateway.restart();
    await decide(gateway, id);
    await inState(gateway, id, "invalidated");
    const history = await gateway.running.wired.approvals.history(id);
    expect(history).toContainEqual(expect.objectContaining({ to: "invalidated", reason }));
    expect(upstream.paid).toEqual([]);
  });

  it("whose key only has other characters now has it run", async () => {
    const id = await asks(gateway, "ann", ARGS);
    const other = keys((key) => [key.name === "ann" ? { ...key, hash: `sha256:${"a".repeat(64)}` } : key]);
    gateway.reconfigure(config({ url: upstream.url }, other));
    await gateway.restart();
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    expect(upstream.paid).toHaveLength(1);
  });
});
