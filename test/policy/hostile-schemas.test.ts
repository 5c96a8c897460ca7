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
    expect(set().hides({ principal, client, endpoint: request.endpoint }, input.subject)).toBe(false);
  });

  it("is checked", () => {
    const known = ["pay", "other"].map((name) => ({ upstream: "bank", name, definition }));
    const { errors } = checkAgainstTools([{ name: "p.yaml", text: TEXT }], known);
    expect(errors).toEqual([]);
  });
});

describe("a schema of very many names", () => {
  /** An object that counts how often all its members are gone over. */
  function counted(members: JsonObject, count: { walks: number }): JsonObject {
    return new Proxy(members, {
      ownKeys(target) {
        count.walks += 1;
        return Reflect.ownKeys(target);
      },
    });
  }

  const named = (from: number, to: number): JsonObject =>
    Object.fromEntries(Array.from({ length: to - from }, (_, index) => [`name${from + index}`, { type: "string" }]));

  it.each<readonly [string, string, (all: (members: JsonObject) => JsonObject) => JsonObject]>([
    ["at the top", "args", (all) => ({ type: "object", properties: all(named(0, 50)) })],
    ["in patterns", "args", (all) => ({ type: "object", patternProperties: all({ "^name": { type: "string" } }) })],
    [
      "within an argument",
      "args.o",
      (all) => ({ type: "object", properties: { o: { type: "object", properties: all(named(0, 50)) } } }),
    ],
    [
      "of additional arguments",
      "args.x",
      (all) => ({ type: "object", additionalProperties: { type: "object", properties: all(named(0, 50)) } }),
    ],
    [
      "in alternatives",
      "args",
      (all) => ({ type: "object", anyOf: [{ properties: all(named(0, 50)) }, { properties: all(named(9, 60)) }] }),
    ],
  ])("is gone over as often for many policies as for few: %s", (_where, place, schemaOf) => {
    const walksFor = (policies: number): number => {
      const count = { walks: 0 };
      const inputSchema = schemaOf((members) => counted(members, count));
      const conditions = Array.from(
        { length: policies },
        (_, at) => `${place}.name${at} == "x" && has(${place}.nama${at})`,
      );
      const texts = conditions.map((when, at) => `{ id: p${at}, when: ${JSON.stringify(when)}, then: { deny: {} } }`);
      const file = { name: "p.yaml", text: `policies: [${texts.join(", ")}]` };
      checkAgainstTools([file], [{ upstream: "s", name: "t", definition: { name: "t", inputSchema } }]);
      return count.walks;
    };
    expect(walksFor(2)).toBeGreaterThan(0);
    expect(walksFor(40)).toBe(walksFor(2));
  });

  it("is listed in part, and says so, where several tools have none of an argument", () => {
    const tools = [0, 4_000].map((from, at) => ({
      upstream: "s",
      name: `t${at}`,
      definition: {
        name: `t${at}`,
        inputSchema: { type: "object", properties: named(from, from + 4_000), minProperties: at },
      },
    }));
    const file = { name: "p.yaml", text: "policies: [{ id: p, when: 'args.other == \"x\"', then: { deny: {} } }]" };
    const hints = checkAgainstTools([file], tools).errors.map(({ hint }) => hint);
    expect(hints).toEqual([expect.stringContaining("and at least 4988 more")]);
  });
});
