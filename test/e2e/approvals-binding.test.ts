import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  asks,
  CALLERS_AUTH,
  type Caller,
  callWithText,
  decide,
  inState,
  status,
  textOf,
} from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";

const ASK = "target: { tools: [bank/pay] }\n    then: { request_approval: { flow: money, message: Pays. } }";
const policy = (more = ""): string => `policies:\n  - id: money\n    ${ASK}\n${more}`;

const CONFIG = {
  auth: CALLERS_AUTH,
  server: { hold: "0s" },
  approval_flows: {
    money: { stages: [{ approvers: { roles: ["finance-lead"] } }] },
    other: { stages: [{ approvers: { roles: ["finance-lead"] } }] },
  },
};

const APPROVED_BY_CFO = { stages: [{ approvers: { roles: ["cfo"] } }] };

const ARGS = '{"to":"Zoë","amount":1}';

let upstream: PayingUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startPayingUpstream();
  gateway = await startTestGateway(
    { ...CONFIG, upstreams: { bank: { url: upstream.url } } },
    { "p.yaml": policy() },
    { timing: { catalog: { refreshMs: 50 } } },
  );
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

describe("an approval is bound to the exact call", () => {
  it.each<[string, Caller, string, "joins" | "asks anew"]>([
    ["the same again", "ann", ARGS, "joins"],
    ["other order of keys", "ann", '{"amount":1,"to":"Zoë"}', "joins"],
    ["other white space", "ann", '{ "to": "Zoë",\n "amount": 1 }', "joins"],
    ["1.0 for 1", "ann", '{"to":"Zoë","amount":1.0}', "joins"],
    ["10e-1 for 1", "ann", '{"to":"Zoë","amount":10e-1}', "joins"],
    ["an escaped character", "ann", '{"to":"Zo\\u00eb","amount":1}', "joins"],
    ["the other unicode form", "ann", '{"to":"Zoe\\u0308","amount":1}', "asks anew"],
    ["one byte more", "ann", '{"to":"Zoë ","amount":1}', "asks anew"],
    ["a text for a number", "ann", '{"to":"Zoë","amount":"1"}', "asks anew"],
    ["another number", "ann", '{"to":"Zoë","amount":1.0000001}', "asks anew"],
    ["a key more", "ann", '{"to":"Zoë","amount":1,"note":null}', "asks anew"],
    ["another user", "sam", ARGS, "asks anew"],
    ["another client of the same user", "ann-too", ARGS, "asks anew"],
  ])("%s", async (_what, by, args, expected) => {
    const first = await asks(gateway, "ann", ARGS);
    const second = await asks(gateway, by, args);
    expect(second === first ? "joins" : "asks anew").toBe(expected);
    await decide(gateway, first);
    await inState(gateway, first, "succeeded");
    // What ran is what was asked for first, and nothing else has run.
    expect(upstream.paid).toMatchObject([
      { name: "pay", arguments: { to: "Zoë", amount: 1 }, _meta: { "portcullis/request": first } },
    ]);
    if (second !== first) expect(await inState(gateway, second, "pending")).toMatchObject({ decisions: [] });
  });

  it("tells nobody else of it", async () => {
    const id = await asks(gateway, "ann", ARGS);
    for (const by of ["sam", "ann-too"] as const) {
      const answer = await callWithText(gateway, by, JSON.stringify({ id }), { tool: "portcullis_approval_status" });
      expect(answer.json).toMatchObject({ error: { code: -32602 } });
    }
  });
});

describe("an approved call whose world has changed is not run", () => {
  it("when the tool says something else of itself", async () => {
    const id = await asks(gateway, "ann", ARGS);
    const { definitionDigest } = await inState(gateway, id, "pending");
    upstream.describe("Pays twice.");
    await eventually(async () => {
      const other = await asks(gateway, "ann", '{"to":"nobody"}');
      return (await inState(gateway, other, "pending")).definitionDigest === definitionDigest ? undefined : other;
    });
    await decide(gateway, id);
    await inState(gateway, id, "invalidated");
    const told = await status(gateway, "ann", id);
    expect(textOf(told)).toContain("The definition of the tool has changed");
    expect(told).toMatchObject({ isError: true, _meta: { "portcullis/approval": { id, state: "invalidated" } } });
    expect(upstream.paid).toEqual([]);
  });

  it.each([
    [
      "denies it now",
      `  - id: never\n    target: { tools: [bank/pay] }\n    when: args.amount == 1.0\n    then: { deny: { message: No. } }\n`,
      "The policy never refuses the call now.",
    ],
    [
      "hides the tool now",
      `  - id: never\n    target: { tools: [bank/pay] }\n    then: { hide: {} }\n`,
      "The requester no longer has access to the tool.",
    ],
    [
      "asks for one more approval",
      `  - id: more\n    target: { tools: [bank/pay] }\n    then: { request_approval: { flow: other, message: More. } }\n`,
      "The policy more now asks for an approval that this request does not bring.",
    ],
  ])("when a policy %s", async (_what, more, reason) => {
    const id = await asks(gateway, "ann", ARGS);
    const before = gateway.running.wired.policies.current().digest;
    gateway.writePolicy("p.yaml", policy(more));
    await eventually(async () => (gateway.running.wired.policies.current().digest === before ? undefined : true));
    await decide(gateway, id);
    await inState(gateway, id, "invalidated");
    expect((await gateway.running.wired.approvals.history(id)).at(-1)).toMatchObject({ act: "invalidate", reason });
    expect(upstream.paid).toEqual([]);
  });

  it("when its server is no longer there", async () => {
    const id = await asks(gateway, "ann", ARGS);
    gateway.reconfigure({ ...CONFIG, upstreams: { shop: { url: upstream.url } } });
    await decide(gateway, id);
    await inState(gateway, id, "invalidated");
    expect(upstream.paid).toEqual([]);
  });

  it("when its flow has other approvers", async () => {
    const id = await asks(gateway, "ann", ARGS);
    const config = { ...CONFIG, approval_flows: { ...CONFIG.approval_flows, money: APPROVED_BY_CFO } };
    gateway.reconfigure({ ...config, upstreams: { bank: { url: upstream.url } } });
    await gateway.restart();
    await inState(gateway, id, "invalidated");
    expect(textOf(await status(gateway, "ann", id))).toContain("The approval flow money has changed.");
    // The same call is asked for anew, of those who may approve it now.
    const again = await asks(gateway, "ann", ARGS);
    expect((await inState(gateway, again, "pending")).stages).toMatchObject([{ approvers: { roles: ["cfo"] } }]);
    expect(upstream.paid).toEqual([]);
  });

  it("but is run when policies no longer ask", async () => {
    const id = await asks(gateway, "ann", ARGS);
    const before = gateway.running.wired.policies.current().digest;
    gateway.writePolicy("p.yaml", "policies: []\n");
    await eventually(async () => (gateway.running.wired.policies.current().digest === before ? undefined : true));
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    expect(upstream.paid).toHaveLength(1);
  });
});
