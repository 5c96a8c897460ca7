import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { PolicySet } from "../../src/policy/policy-set.ts";
import { policyInput } from "../support/policy-inputs.ts";

/*
 * Definitions come from upstreams. Whatever one of them sends, the tools of all others are listed and called, and a
 * check of policies ends.
 */

const TEXT = `policies:
  - id: hidden
    when: '!("admin" in user.roles) && tool.name == "other"'
    then: { hide: {} }
  - id: large
    when: args.amount > 100
    then: { deny: {} }
`;

const many = (count: number, one: () => JsonObject): readonly JsonObject[] => Array.from({ length: count }, one);

// Each level refers to the next one three times over.
function levels(count: number): JsonObject {
  const definitions = Array.from({ length: count }, (_, level): [string, JsonObject] => {
    const next = { $ref: `#/$defs/level${level + 1}` };
    return [`level${level}`, { allOf: [next, { allOf: [next] }, { anyOf: [next, next] }] }];
  });
  return { $ref: "#/$defs/level0", $defs: Object.fromEntries(definitions) };
}

const SCHEMAS: readonly (readonly [string, JsonObject])[] = [
  ["hundreds of thousands of alternatives", { type: "object", anyOf: many(300_000, () => ({})) }],
  ["hundreds of thousands of parts", { type: "object", allOf: many(300_000, () => ({})) }],
  ["alternatives of alternatives", { type: "object", oneOf: many(1000, () => ({ anyOf: many(100, () => ({})) })) }],
  ["levels of references", levels(15)],
  ["references in a circle", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }],
];

function set(): PolicySet {
  const compiled = compilePolicies([{ name: "p.yaml", text: TEXT }], { default: "allow", flows: [] });
  if (!compiled.ok) throw new Error("does not compile");
  return compiled.set;
}

describe.each(SCHEMAS)("a schema with %s", (_, inputSchema) => {
  const definition = { name: "pay", inputSchema };

  it("is decided on and listed", () => {
    const input = policyInput({ tool: "bank/pay", definition, arguments: { amount: 200 } });
    const { principal, client, request } = input;
    expect(set().decide(input).effect).toBe("deny");
    expect(set().hides({ principal, client, endpoint: request.endpoint }, input.tool)).toBe(false);
  });

  it("is checked", () => {
    const known = ["pay", "other"].map((name) => ({ upstream: "bank", name, definition }));
    const { errors } = checkAgainstTools([{ name: "p.yaml", text: TEXT }], known);
    expect(errors).toEqual([]);
  });
});
