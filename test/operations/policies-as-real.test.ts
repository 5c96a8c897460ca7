import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { principalOf } from "../../src/identity/api-keys.ts";
import { startBank } from "../support/bank-upstream.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { callLegacy } from "../support/raw-answers.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { createUsers } from "../support/users.ts";

const users = createUsers({ ann: ["employee"], sam: ["employee", "support"], eve: ["guest"] });

const POLICIES = `policies:
  - { id: large, target: { tools: ["bank/pay"] }, when: args.amount > 100, then: { deny: { message: "Not {{ args.amount }}." } } }
  - { id: signed, target: { tools: ["bank/pay"], roles: [employee] }, when: args.amount > 50, then: { step_up: { acr: [mfa] } } }
  - { id: asked, target: { tools: ["bank/pay"] }, when: args.amount > 10, then: { request_approval: { flow: finance } } }
  - { id: few, target: { tools: ["bank/pay"] }, then: { rate_limit: { limit: 100, per: 1h, cost: args.amount } } }
  - { id: trial, mode: shadow, target: { tools: ["bank/*"] }, when: has(args.note), then: { deny: {} } }
  - { id: unseen, target: { tools: ["bank/open"] }, when: '!("support" in user.roles)', then: { hide: {} } }
  - { id: support, target: { roles: [support] }, then: { allow: {} } }
  - { id: employees, target: { tools: ["bank/pay", "bank/open"], roles: [employee] }, when: args.amount < 1000, then: { allow: {} } }
`;

let bank: RawUpstream;
const gateways = new Map<"allow" | "deny", TestGateway>();
beforeAll(async () => {
  bank = await startBank();
  for (const fallback of ["allow", "deny"] as const) {
    const config = {
      auth: users.auth,
      server: { hold: "0s" },
      upstreams: { bank: { url: bank.url } },
      policies: { default: fallback },
      approval_flows: { finance: { stages: [{ approvers: { roles: ["cfo"] } }] } },
    };
    gateways.set(fallback, await startTestGateway(config, { "p.yaml": POLICIES }));
  }
}, 60_000);
afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.close();
  await bank?.close();
});

const CALLS: readonly (readonly [user: "ann" | "sam" | "eve", tool: string, args: JsonObject])[] = [
  ["ann", "pay", { amount: 5 }],
  ["ann", "pay", { amount: 11 }],
  ["ann", "pay", { amount: 51, note: "x" }],
  ["ann", "pay", { amount: 101 }],
  ["ann", "pay", {}],
  ["ann", "pay", { amount: "5" }],
  ["ann", "open", { amount: 1 }],
  ["ann", "either", {}],
  ["sam", "open", { note: "x" }],
  ["sam", "pay", { amount: 5 }],
  ["eve", "pay", { amount: 5 }],
  ["eve", "pay", { amount: 20 }],
  ["eve", "refers", {}],
];

describe.each(["allow", "deny"] as const)("with policies.default: %s", (fallback) => {
  it.each(CALLS)("what is tried as %s, %s %j, is decided as it is when it is called", async (user, tool, args) => {
    const gateway = gateways.get(fallback);
    if (gateway === undefined) throw new Error("no gateway");
    const { wired } = gateway.running;
    const key = users.auth.api_keys.find(({ user: name }) => name === user);
    if (key === undefined) throw new Error("no key");
    const { issuer, subject, roles, clientId } = principalOf({ ...key, email: undefined, groups: [] });

    const tried = await wired.policyOperations.evaluate(
      { principal: principalOf({ ...key, email: undefined, groups: [] }), admin: true, lacks: undefined },
      {
        tool: `bank/${tool}`,
        args,
        user: { issuer, id: subject, roles: [...roles] },
        client: clientId === undefined ? {} : { id: clientId },
      },
    );
    if (!tried.ok) throw new Error(tried.code);
    const { decision } = tried;

    const before = await wired.store.audit.lastSeq();
    await callLegacy(gateway.url, users.key(user), { name: `bank__${tool}`, arguments: args });
    const { entries } = await wired.activity.search({ limit: 10, after: before });
    const made = entries.find((entry) => entry.tool === tool);
    expect(made).toMatchObject({
      decision: decision.effect,
      policySet: decision.set,
    });
    const matched: unknown = JSON.parse(made?.policies ?? "[]");
    const expected = [...decision.matched, ...(decision.unapplied ?? [])];
    expect(matched).toEqual(expect.arrayContaining(expected.map(({ policy }) => expect.objectContaining({ policy }))));
    expect(matched).toHaveLength(expected.length);
  });
});
