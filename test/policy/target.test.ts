import { describe, expect, it } from "vitest";
import { type InputSketch, policyInput, policySet } from "../support/policy-inputs.ts";

const matches = (target: string, sketch: InputSketch = {}) =>
  policySet(`policies: [{ id: p, target: ${target}, then: { deny: {} } }]`).decide(policyInput(sketch)).effect ===
  "deny";

describe("a target", () => {
  it.each<[target: string, sketch: InputSketch, expected: boolean]>([
    ['{ tools: ["expenses/create_expense"] }', {}, true],
    ['{ tools: ["expenses/create_*"] }', {}, true],
    ['{ tools: ["*/create_expense"] }', {}, true],
    ['{ tools: ["*"] }', {}, true],
    ['{ tools: ["exp*"] }', {}, true],
    ['{ tools: ["expenses/create_?xpense"] }', {}, true],
    ['{ tools: ["crm/x", "expenses/*"] }', {}, true],
    ['{ tools: ["expenses"] }', {}, false],
    ['{ tools: ["create_expense"] }', {}, false],
    ['{ tools: ["expenses/Create_expense"] }', {}, true],
    ['{ tools: ["expenses2/*"] }', {}, false],
    ['{ tools: ["expenses/*"] }', { tool: "expenses/a/b" }, true],
    ['{ tools: ["expenses/a/*"] }', { tool: "expenses/a/b" }, true],
    ["{ upstreams: [expenses] }", {}, true],
    ['{ upstreams: ["exp*", crm] }', {}, true],
    ["{ upstreams: [crm] }", {}, false],
    ['{ tools: ["*/create_expense"], upstreams: [crm] }', {}, false],
    ['{ users: ["*@example.com"] }', {}, true],
    ['{ users: ["*@EXAMPLE.com"] }', {}, true],
    ['{ users: ["*@example.com"] }', { principal: { email: "Ann@Example.COM" } }, true],
    ['{ users: ["u-1"] }', {}, true],
    ['{ users: ["U-1"] }', {}, false],
    ['{ users: ["*@other.com"] }', {}, false],
    ['{ users: ["*@example.com"] }', { principal: { email: undefined } }, false],
    ["{ roles: [cfo, employee] }", {}, true],
    ["{ roles: [cfo] }", {}, false],
    ['{ roles: ["*"] }', { principal: { roles: [] } }, false],
    ["{ groups: [sales] }", {}, true],
    ["{ groups: [sal] }", {}, false],
    ['{ clients: ["claude-*"] }', {}, true],
    ["{ clients: [agent] }", {}, true],
    ["{ clients: [agent] }", { client: { id: undefined } }, false],
    ["{ endpoints: [finance] }", { request: { endpoint: "finance" } }, true],
    ['{ endpoints: ["fin*"] }', {}, false],
    ['{ roles: [employee], users: ["*@other.com"] }', {}, false],
    ['{ roles: [employee], upstreams: [expenses], clients: ["*"] }', {}, true],
    ['{ tools: ["expenses/*", "!expenses/create_*"] }', {}, false],
    ['{ tools: ["expenses/*", "!expenses/list_*"] }', {}, true],
    ['{ tools: ["!expenses/create_*"] }', {}, false],
    ['{ tools: ["!crm/*"] }', {}, true],
    ['{ tools: ["!crm/*"], upstreams: [expenses] }', {}, true],
    ['{ tools: ["!crm/*"], upstreams: [crm] }', {}, false],
    ['{ upstreams: ["!crm"] }', {}, true],
    ['{ upstreams: ["*", "!exp*"] }', {}, false],
    ['{ users: ["!*@example.com"] }', {}, false],
    ['{ users: ["!*@EXAMPLE.com"] }', {}, false],
    ['{ users: ["!u-1"] }', {}, false],
    ['{ users: ["*@example.com", "!u-1"] }', {}, false],
    ['{ users: ["!*@other.com"] }', { principal: { email: undefined } }, true],
    ['{ roles: ["!cfo"] }', {}, true],
    ['{ roles: ["!employee"] }', {}, false],
    ['{ roles: ["!cfo"] }', { principal: { roles: [] } }, true],
    ['{ roles: ["!cfo"] }', { principal: { roles: ["employee", "cfo"] } }, false],
    ['{ roles: [employee, "!cfo"] }', { principal: { roles: ["employee", "cfo"] } }, false],
    ['{ groups: ["!sales"] }', {}, false],
    ['{ clients: ["!claude-*"] }', {}, false],
    ['{ clients: ["!agent"] }', {}, false],
    ['{ clients: ["!cursor"] }', {}, true],
    ['{ endpoints: ["!finance"] }', {}, true],
    ['{ endpoints: ["!finance"] }', { request: { endpoint: "finance" } }, false],
  ])("%s of %j: %s", (target, sketch, expected) => {
    expect(matches(target, sketch)).toBe(expected);
  });

  it.each<[wanted: string, annotations: object | undefined, expected: boolean]>([
    ["{ readOnlyHint: false }", undefined, true],
    ["{ readOnlyHint: false }", {}, true],
    ["{ readOnlyHint: false }", { readOnlyHint: true }, false],
    ["{ readOnlyHint: true }", { readOnlyHint: true }, true],
    ["{ readOnlyHint: false }", { readOnlyHint: "true" }, true],
    ["{ destructiveHint: true }", undefined, true],
    ["{ destructiveHint: true }", { destructiveHint: false }, false],
    ["{ openWorldHint: true, idempotentHint: false }", {}, true],
    ["{ openWorldHint: true, idempotentHint: true }", {}, false],
    ["{ title: Create }", { title: "Create" }, true],
    ["{ title: Create }", {}, false],
  ])("takes a tool for what MCP says where it has no annotation: %s of %j is %s", (wanted, annotations, expected) => {
    const definition = annotations === undefined ? { name: "x" } : { name: "x", annotations: { ...annotations } };
    expect(matches(`{ annotations: ${wanted} }`, { definition })).toBe(expected);
  });
});

describe("finding the policies of a tool", () => {
  const set = policySet(`
policies:
  - { id: exact, target: { tools: ["crm/get", "crm/get", "crm/*"] }, then: { allow: {} } }
  - { id: any, then: { allow: {} } }
  - { id: upstream, target: { upstreams: [crm] }, then: { allow: {} } }
  - { id: other, target: { tools: ["pay/get"] }, then: { allow: {} } }
  - { id: reads, target: { annotations: { readOnlyHint: true } }, then: { allow: {} } }
  - { id: glob, target: { tools: ["*/g*"] }, then: { allow: {} } }
`);
  const found = (tool: string, definition?: InputSketch["definition"]) =>
    set
      .decide(policyInput(definition === undefined ? { tool } : { tool, definition }))
      .matched.map((match) => match.policy);

  it("gives each once, in the order of the file", () => {
    expect(found("crm/get")).toEqual(["exact", "any", "upstream", "glob"]);
    expect(found("pay/get")).toEqual(["any", "other", "glob"]);
    expect(found("pay/list")).toEqual(["any"]);
  });

  it("follows a definition that changes under the same name", () => {
    expect(found("pay/list", { name: "list", annotations: { readOnlyHint: true } })).toEqual(["any", "reads"]);
    expect(found("pay/list", { name: "list", annotations: { readOnlyHint: false } })).toEqual(["any"]);
  });

  it("is not misled by names that make the same path", () => {
    const definition = { name: "x" };
    const input = (upstream: string, name: string) => {
      const base = policyInput();
      return { ...base, subject: { kind: "tool" as const, upstream, name, definition } };
    };
    const slashes = policySet('policies: [{ id: p, target: { upstreams: ["a"] }, then: { deny: {} } }]');
    expect(slashes.decide(input("a", "b/c")).effect).toBe("deny");
    expect(slashes.decide(input("a/b", "c")).effect).toBe("allow");
    expect(slashes.decide(input("a", "b/c")).effect).toBe("deny");
  });
});

/** Other spellings of bob@acme.com, as an issuer may write them. */
const ODD = [
  '"bob"@acme.com',
  "bob(x)@acme.com",
  "mailto:bob@acme.com",
  "Bob <bob@acme.com>",
  "bob@acme.com.",
  "bob\u2800@acme.com",
  "bob\u200b@acme.com",
  "bob@acme。com",
  "ｂｏｂ@acme.com",
];

describe("a target that names users", () => {
  const guest = { issuer: "https://partner.example", subject: "bob@acme.com", email: undefined, home: false };
  const home = { ...guest, home: true };
  const unverified = { subject: "u-7", email: undefined, aliases: ["Bob@acme.com"] };
  const odd = (address: string) => ({ subject: "u-7", email: undefined, aliases: [address] });
  const allows = (target: string, sketch: InputSketch) =>
    policySet(`policies: [{ id: p, target: ${target}, then: { allow: {} } }]`, "deny").decide(policyInput(sketch))
      .effect === "allow";

  it.each<
    [target: string, who: string, principal: NonNullable<InputSketch["principal"]>, restricts: boolean, widens: boolean]
  >([
    ["[bob@acme.com]", "of the first issuer", home, true, true],
    ["[bob@acme.com]", "of another issuer", guest, true, false],
    ['["*@acme.com"]', "of another issuer", guest, true, false],
    ['["*"]', "of another issuer", guest, true, true],
    ['["https://partner.example|bob@acme.com"]', "of another issuer", guest, true, true],
    ['["https://partner.example|*"]', "of another issuer", guest, true, true],
    ['["https://idp.example|bob@acme.com"]', "of another issuer", guest, false, false],
    ["[bob@acme.com]", "with an address that nobody verified", unverified, true, false],
    ['["!bob@acme.com"]', "of the first issuer", home, false, false],
    ['["!bob@acme.com"]', "of another issuer", guest, true, false],
    ['["!bob@acme.com"]', "with an address that nobody verified", unverified, true, false],
    ['["!https://partner.example|*"]', "of another issuer", guest, false, false],
    ['["!ann@acme.com"]', "of another issuer", guest, true, true],
    ...ODD.flatMap((address): [string, string, NonNullable<InputSketch["principal"]>, boolean, boolean][] => [
      ["[bob@acme.com]", `with ${JSON.stringify(address)}`, odd(address), true, false],
      ['["*@acme.com"]', `with ${JSON.stringify(address)}`, odd(address), true, false],
      ['["!bob@acme.com"]', `with ${JSON.stringify(address)}`, odd(address), true, false],
    ]),
    ["[bob@acme.com]", "with a tag", { subject: "u-7", email: "bob+x@acme.com" }, true, false],
    ["[Bob@acme.com]", "with a tag", { subject: "u-7", email: "BOB+x@acme.com" }, true, false],
    ["[bob@acme.com]", "who is another one", { subject: "u-7", email: "ann@acme.com" }, false, false],
    ["[bob@acme.com]", "whose key has a user in capitals", { subject: "BOB@acme.com", email: undefined }, true, false],
    ["[ann@münchen.example]", "as the DNS has it", { subject: "u", email: "ann@xn--mnchen-3ya.example" }, true, false],
  ])(
    "%s, somebody %s: a refusal and an allowance differ where nobody is sure",
    (users, _who, principal, restricts, widens) => {
      expect(matches(`{ users: ${users} }`, { principal })).toBe(restricts);
      expect(allows(`{ users: ${users} }`, { principal })).toBe(widens);
    },
  );
});
