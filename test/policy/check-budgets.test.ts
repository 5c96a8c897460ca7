import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

function problemsOf(limit: string): readonly string[] {
  const text = `policies:\n- { id: p, then: { rate_limit: { limit: 5, per: 1h, ${limit} } } }\n`;
  const files = [{ name: "p.yaml", text }];
  const compiled = compilePolicies(files, { default: "deny", flows: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { errors, warnings } = checkAgainstTools(files, [], { listed: false });
  return [...errors, ...warnings].map(({ message }) => message);
}

/** What callers say of themselves, or have anew as often as they like. */
const CHOSEN = [
  "request.id",
  "request.session",
  "client.name",
  "client.version",
  "client.user_agent",
  'request.headers["x-request-id"]',
  "user.claims.jti",
  "user.claims.iat",
];

describe("the key of a limit", () => {
  it.each([
    ...CHOSEN,
    'request["id"]',
    'user.id + "/" + request.id',
    "client.name.lowerAscii()",
    'has(request.session) ? request.session : "none"',
    'user.id == "ci" ? "ci" : client.name',
    'client.name + "@" + client.version',
  ])("that a caller has anew limits nobody: %s", (key) => {
    expect(problemsOf(`key: '${key}'`)).toEqual([
      expect.stringMatching(/^As often as a caller likes .* limits nobody/),
    ]);
  });

  it.each([
    "user.id",
    "user.issuer + user.id",
    "client.id",
    "client.ip",
    "tool.upstream",
    "request.endpoint",
    "args.account",
    "user.claims.tenant",
    // Two budgets at most, whatever is chosen.
    'client.name == "a" ? "a" : "b"',
    'client.name.startsWith("a") ? user.id : "all"',
    "size(client.name) > 5 ? 1 : 2",
  ])("that stays the same is nothing to be told of: %s", (key) => {
    expect(problemsOf(`key: '${key}'`)).toEqual([]);
  });
});

describe("the cost of a call", () => {
  const run = (cost: string) =>
    policySet(`policies: [{ id: p, then: { rate_limit: { limit: 5, per: 1h, by: [tool], cost: '${cost}' } } }]`).decide(
      policyInput({ arguments: {} }),
    );

  it.each(["0", "0.0", "1 - 1", 'size("")'])("that is nothing counts nothing: %s", (cost) => {
    expect(problemsOf(`cost: '${cost}'`)).toEqual(["A call costs nothing: this limits nobody."]);
    expect(run(cost)).toMatchObject({ limits: [{ cost: 0 }] });
  });

  it.each(["-1", "-0.5", "0.0 - 1.0"])("below zero refuses every call: %s", (cost) => {
    expect(problemsOf(`cost: '${cost}'`)).toEqual(["A cost below 0 cannot be counted: every call is refused."]);
    expect(run(cost)).toMatchObject({ effect: "deny" });
  });

  it.each(['client.name == "ax" ? 1 : 2', "size(request.id)", 'double(request.headers["x-request-id"])'])(
    "that a caller chooses is warned of: %s",
    (cost) => {
      expect(problemsOf(`cost: '${cost}'`)).toEqual([expect.stringMatching(/^A caller chooses .* what a call costs/)]);
    },
  );

  it.each(["1", "0.5", "args.amount", 'user.id == "ci" ? 0.1 : 1.0', "double(size(args.items))"])(
    "of other kinds is nothing to be told of: %s",
    (cost) => {
      expect(problemsOf(`cost: '${cost}'`)).toEqual([]);
    },
  );
});
