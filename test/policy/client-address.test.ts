import { describe, expect, it } from "vitest";
import { compilePolicies } from "../../src/policy/compile/compile.ts";

const NOBODY = { why: "nobody has named it", hint: "Name it." };

function compile(policy: string, noClientAddress?: typeof NOBODY) {
  const text = `policies:\n  - { id: p, ${policy} }\n`;
  return compilePolicies([{ name: "p.yaml", text }], { default: "allow", flows: ["finance"], noClientAddress });
}

describe("where nobody can tell clients' addresses", () => {
  it.each([
    ["in a condition", `when: '!client.ip.startsWith("10.")', then: { deny: {} }`],
    ["anywhere in one", `when: 'args.n > 1 || [1].exists(x, x == 1 && client.ip == "10.0.0.1")', then: { deny: {} }`],
    ["in a guard", `when: 'has(client.ip)', then: { deny: {} }`],
    ["spread out", `when: 'client . ip == "10.0.0.1"', then: { deny: {} }`],
    ["for what it allows", `when: 'client.ip == "10.0.0.1"', then: { allow: {} }`],
    ["in shadow", `when: 'client.ip == "10.0.0.1"', mode: shadow, then: { deny: {} }`],
    ["as the key of a budget", `then: { rate_limit: { limit: 1, per: 1h, key: client.ip } }`],
    ["as its cost", `then: { rate_limit: { limit: 1, per: 1h, cost: 'client.ip == "x" ? 1.0 : 2.0' } }`],
  ])("a policy that decides by one is refused at its place: %s", (_, policy) => {
    expect(compile(policy)).toMatchObject({ ok: true });
    const refused = compile(policy, NOBODY);
    expect(refused).toMatchObject({
      ok: false,
      errors: [{ line: 2, message: expect.stringContaining("nobody has named it"), hint: "Name it." }],
    });
  });

  it("the error stands where the address is read", () => {
    const policy = `when: 'args.n > 1 && client.ip == "10.0.0.1"', then: { deny: {} }`;
    const column = `  - { id: p, ${policy}`.indexOf("client.ip") + 1;
    expect(compile(policy, NOBODY)).toMatchObject({ ok: false, errors: [{ column }] });
  });

  it.each([
    ["looks at other things of the client", `when: 'client.name == "x" && client.id == "y"', then: { deny: {} }`],
    ["shows one in its message", `then: { deny: { message: "Not from {{ client.ip }}." } }`],
    ["is off", `enabled: false, when: 'client.ip == "x"', then: { deny: {} }`],
    ["has an argument of that name", `when: 'args.client.ip == "x"', then: { deny: {} }`],
  ])("a policy that %s is fine", (_, policy) => {
    expect(compile(policy, NOBODY)).toMatchObject({ ok: true });
  });
});
