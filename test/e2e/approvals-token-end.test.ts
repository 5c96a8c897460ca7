import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { createActsUntil } from "../../src/identity/principal-now.ts";
import { principalOf } from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { CALLERS_AUTH, decide, inState, LINKS, resultOf, TASKS, textOf } from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";
import { modern, type RawAnswer, send } from "../support/raw-mcp.ts";

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

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long a token of these tests is good. */
const LIFE = 10 * MINUTE;

let issuer: TestIssuer;
let upstream: PayingUpstream;
let gateway: TestGateway;
let later: number;
const now = (): number => Date.now() + later;

async function start(auth: object = {}, flow: object = {}): Promise<void> {
  const jwt = [{ issuer: issuer.issuer, audience: "mcp" }];
  const money = { stages: [{ approvers: { roles: ["finance-lead"] } }], execute_ttl: "7d", ...flow };
  const config = {
    auth: { ...CALLERS_AUTH, jwt, ...auth },
    approval_flows: { money },
    upstreams: { bank: { url: upstream.url } },
  };
  gateway = await startTestGateway(config, POLICIES, { now });
}

beforeEach(async () => {
  later = 0;
  issuer = await startIssuer();
  upstream = await startPayingUpstream();
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
  await issuer.close();
});

/** Ann's token of this moment. */
function token(roles: readonly string[] = ["employee"]): Promise<string> {
  const iat = Math.floor(now() / 1000);
  // With an address, by which she is known to be somebody else than the approver, who comes with a key.
  const who = { sub: "ann", email: "ann@acme.com", email_verified: true };
  return issuer.mint({ ...who, aud: "mcp", client_id: "agent", roles, iat, exp: iat + LIFE / 1000 });
}

async function call(by: string, meta: JsonObject, tool = "bank__pay", args: JsonObject = {}): Promise<RawAnswer> {
  const given = tool === "bank__pay" ? { to: "Zoe", amount: 1 } : args;
  const request = modern("tools/call", { name: tool, arguments: given }, { meta });
  const headers = { ...request.headers, Authorization: `Bearer ${by}` };
  return send(Number(new URL(gateway.url).port), { ...request, headers });
}

/** Ann asks, and is gone: the request's id. */
async function asks(meta: JsonObject = TASKS): Promise<string> {
  await call(await token(), meta);
  const { approvals } = gateway.running.wired;
  const [request] = (await approvals.list({ limit: 1 })).items;
  if (request === undefined) throw new Error("Nothing was asked for.");
  return request.id;
}

async function stateOf(id: string): Promise<string | undefined> {
  return (await gateway.running.wired.approvals.get(id))?.state;
}

/** Looks at everything that could be run, and gives it its time. */
async function sweep(): Promise<void> {
  await gateway.running.wired.approvals.sweep();
  await new Promise((done) => setTimeout(done, 300));
}

describe("a call that is approved within an hour after its requester's token has ended", () => {
  it("is run by the gateway, by what the token said", async () => {
    await start();
    const id = await asks();
    later = LIFE + HOUR - MINUTE;
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    expect(upstream.paid).toHaveLength(1);
  });
});

describe("a call that is approved later than an hour after its requester's token has ended", () => {
  it.each<[string, JsonObject, object]>([
    ["as a task", TASKS, {}],
    ["of a flow that runs it on approval", LINKS, { execute: "on_approval" }],
  ])("waits for its requester, %s, also when it is looked for again and after a restart", async (_, meta, flow) => {
    await start({}, flow);
    const id = await asks(meta);
    later = LIFE + HOUR + MINUTE;
    await decide(gateway, id);
    await sweep();
    expect([await stateOf(id), upstream.paid]).toEqual(["approved", []]);
    await gateway.restart();
    await sweep();
    expect([await stateOf(id), upstream.paid]).toEqual(["approved", []]);
    await call(await token(), meta);
    await inState(gateway, id, "succeeded");
    expect(upstream.paid).toHaveLength(1);
  });

  it("waits also where its requester waited for it all the time", async () => {
    await start();
    const id = await asks(LINKS);
    const by = await token();
    const polling = call(by, {}, "portcullis_approval_status", { id, wait_seconds: 25 });
    await new Promise((done) => setTimeout(done, 300));
    later = LIFE + HOUR + MINUTE;
    await decide(gateway, id);
    expect(textOf(resultOf(await polling))).toContain("has not been run");
    expect([await stateOf(id), upstream.paid]).toEqual(["approved", []]);
    const again = await call(await token(), {}, "portcullis_approval_status", { id, wait_seconds: 5 });
    expect(resultOf(again)["isError"]).not.toBe(true);
    expect(upstream.paid).toHaveLength(1);
  });

  it("is decided by the roles that its requester has when they are back", async () => {
    await start();
    const id = await asks();
    later = LIFE + HOUR + MINUTE;
    await decide(gateway, id);
    // By now Ann is no employee any more.
    await call(await token([]), {}, "portcullis_approval_status", { id, wait_seconds: 1 });
    await inState(gateway, id, "invalidated");
    expect(upstream.paid).toEqual([]);
  });
});

it("the time is the operator's to say", async () => {
  await start({ run_after_token_ends: "5m" });
  const id = await asks();
  later = LIFE + 6 * MINUTE;
  await decide(gateway, id);
  await sweep();
  expect([await stateOf(id), upstream.paid]).toEqual(["approved", []]);
});

describe("until when something is done in the name of somebody who is gone", () => {
  const until = createActsUntil(HOUR);
  const ann = { ...principalOf("ann"), issuer: "https://idp.example" };

  it.each<[string, JsonObject, number]>([
    ["an hour after the end of their token", { exp: 1_800_000_000 }, 1_800_000_000_000 + HOUR],
    ["an hour after they came, where that is not known", {}, 5 + HOUR],
    ["the same where it is no time", { exp: 1_800_000_000_000 }, 5 + HOUR],
    ["the same where it is text", { exp: "1800000000" }, 5 + HOUR],
  ])("is %s", (_, claims, expected) => {
    expect(until({ ...ann, claims }, 5)).toBe(expected);
  });

  it.each(["portcullis:keys", "portcullis:anonymous", "portcullis:local"])(
    "has no end for %s: what they may stands in the configuration now",
    (name) => {
      expect(until({ ...ann, issuer: name, claims: { exp: 1 } }, 5)).toBe(Number.POSITIVE_INFINITY);
    },
  );
});
