import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

/** A schema under a condition. */
const choice = (test: JsonObject, met: JsonObject, not: JsonObject = {}): JsonObject => ({
  if: test,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: met,
  else: not,
});

const A: JsonObject = { amount: { type: "number", default: 20_000 } };
const MAX: JsonObject = { type: "object", properties: { max: { type: "number", default: 500 } } };
const AMOUNT = "has(args.amount) && args.amount > 100.0";
const INSIDE = "has(args.o) && has(args.o.max) && args.o.max > 100.0";
const ANY_MEMBER = "has(args.o) && args.o.exists(k, 'max' in args.o[k] && args.o[k].max > 100.0)";

/** A deny with this condition: whether it stops the call, and where it cannot tell. */
function denies(when: string, inputSchema: JsonObject, args: JsonObject): "denied" | "passes" {
  const set = policySet(`policies: [{ id: p, when: ${JSON.stringify(when)}, then: { deny: {} } }]`);
  const definition = { name: "pay", inputSchema };
  return set.decide(policyInput({ tool: "bank/pay", definition, arguments: args })).matched.length > 0
    ? "denied"
    : "passes";
}

/** The arguments as a server has them that validates with `useDefaults`. */
function filledBy(validator: Ajv, schema: JsonObject, args: JsonObject): JsonObject {
  const filled = structuredClone(args);
  validator.compile(schema)(filled);
  validator.removeSchema(schema);
  return filled;
}

const OPTIONS = { useDefaults: true, strict: false, logger: false } as const;
const modern: Ajv = new Ajv2020(OPTIONS);
const draft7 = new Ajv(OPTIONS);

type Case = readonly [what: string, schema: JsonObject, args: JsonObject, when: string];
const CASES: readonly Case[] = [
  ["then", choice({}, { properties: A }), {}, AMOUNT],
  ["else", { if: { required: ["free"] }, else: { properties: A } }, {}, AMOUNT],
  ["a condition in one of all", { allOf: [choice({ required: ["x"] }, { properties: A })] }, { x: 1 }, AMOUNT],
  ["then in then", choice({}, choice({}, { properties: A })), {}, AMOUNT],
  ["dependentSchemas", { dependentSchemas: { x: { properties: A } } }, { x: 1 }, AMOUNT],
  [
    "an absolute reference",
    { $id: "https://a.b/y", $ref: "https://a.b/y#/$defs/q", $defs: { q: { properties: A } } },
    {},
    AMOUNT,
  ],
  ["a relative reference", { $id: "https://a.b/y", $ref: "y#/$defs/q", $defs: { q: { properties: A } } }, {}, AMOUNT],
  ["the $id of a part", { $id: "https://a.b/y", $ref: "z", $defs: { q: { $id: "z", properties: A } } }, {}, AMOUNT],
  ["an anchor", { $ref: "#q", $defs: { q: { $anchor: "q", properties: A } } }, {}, AMOUNT],
  ["an encoded pointer", { $ref: "#/$defs/a%20b", $defs: { "a b": { properties: A } } }, {}, AMOUNT],
  [
    "a pointer into a list",
    { allOf: [{ $ref: "#/$defs/q/allOf/0" }], $defs: { q: { allOf: [{ properties: A }] } } },
    {},
    AMOUNT,
  ],
  ["a reference to the whole", { properties: { o: { $ref: "#" }, max: { default: 500 } } }, { o: {} }, INSIDE],
  ["one of all", { allOf: [{ properties: A }] }, {}, AMOUNT],
  [
    "one of very many",
    { allOf: [{ properties: A }, ...Array.from({ length: 60 }, (_, at) => ({ maxProperties: 90 + at }))] },
    {},
    AMOUNT,
  ],
  ["a member by its pattern", { patternProperties: { "^o$": MAX } }, { o: {} }, INSIDE],
  ["a member besides its pattern", { properties: { o: {} }, patternProperties: { "^o$": MAX } }, { o: {} }, INSIDE],
  ["a member that has no name", { additionalProperties: MAX }, { o: {} }, INSIDE],
  [
    "a member beside those of another",
    { properties: { o: {} }, allOf: [{ additionalProperties: MAX }] },
    { o: {} },
    INSIDE,
  ],
  ["a member that nothing looked at", { unevaluatedProperties: MAX }, { o: {} }, INSIDE],
  ["every member", { properties: { o: { additionalProperties: MAX } } }, { o: { a: {} } }, ANY_MEMBER],
  [
    "every member of a pattern",
    { properties: { o: { patternProperties: { "^a": MAX } } } },
    { o: { ab: {} } },
    ANY_MEMBER,
  ],
  [
    "a member that is named elsewhere",
    { properties: { o: { additionalProperties: MAX } } },
    { o: { a: {} } },
    `(has(args.o.a) && has(args.o.a.b)) || (${ANY_MEMBER})`,
  ],
  [
    "members of an item by position",
    { properties: { l: { prefixItems: [MAX] } } },
    { l: [{}] },
    "args.l.exists(i, has(i.max) && i.max > 100.0)",
  ],
];

/** Of drafts before 2020-12. */
const OLD: readonly Case[] = [
  ["dependencies", { dependencies: { x: { properties: A } } }, { x: 1 }, AMOUNT],
  [
    "members of an item, draft-07",
    { properties: { l: { items: [MAX] } } },
    { l: [{}] },
    "args.l.exists(i, has(i.max) && i.max > 100.0)",
  ],
  [
    "members of further items",
    { properties: { l: { items: [{}], additionalItems: MAX } } },
    { l: [1, {}] },
    "'max' in args.l[1] && args.l[1].max > 100.0",
  ],
  ["a place of a list", { properties: { l: { items: [{ default: 500 }] } } }, { l: [] }, "args.l.exists(i, i > 100.0)"],
  [
    "a later place of a list",
    { properties: { l: { items: [{ default: 1 }, { default: 500 }] } } },
    { l: [] },
    "size(args.l) > 1 && args.l[1] > 100.0",
  ],
];

describe("what a validator fills in", () => {
  it.each([...CASES.map((known) => [...known, modern] as const), ...OLD.map((known) => [...known, draft7] as const)])(
    "a condition sees: %s",
    (_what, schema, args, when, validator) => {
      const filled = filledBy(validator, schema, args);
      expect(denies(when, {}, args)).toBe("passes");
      expect(denies(when, {}, filled)).toBe("denied");
      expect(denies(when, schema, args)).toBe("denied");
    },
  );

  it.each<readonly [string, JsonObject, JsonObject]>([
    ["the default of the whole", { properties: { amount: {} }, default: { amount: 20_000 } }, {}],
    [
      "a reference that depends on the way",
      { $dynamicRef: "#n", $defs: { n: { $dynamicAnchor: "n", properties: A } } },
      {},
    ],
    ["a condition of the argument itself", { properties: { amount: choice({}, { default: 20_000 }) } }, {}],
    ["one of several", { anyOf: [{ properties: A }, { required: ["x"] }] }, {}],
  ])("a condition sees also what only some fill in: %s", (_what, schema, args) => {
    expect(denies(AMOUNT, schema, args)).toBe("denied");
  });

  it.each<readonly [string, JsonObject, JsonObject, string]>([
    ["small", choice({}, { properties: { amount: { default: 5 } } }), {}, AMOUNT],
    ["of the whole, where there is something", { default: { amount: 20_000 } }, { x: 1 }, AMOUNT],
    ["given", choice({}, { properties: A }), { amount: 5 }, AMOUNT],
    ["of a name that the pattern is not for", { patternProperties: { "^x-": MAX } }, { o: {} }, INSIDE],
    [
      "small, in each branch the same",
      choice(
        { required: ["x"] },
        { properties: { amount: { default: 5 } } },
        { properties: { amount: { default: 5 } } },
      ),
      {},
      AMOUNT,
    ],
    [
      "small, one of many that hang on something",
      { anyOf: Array.from({ length: 9 }, (_, at) => ({ properties: { [`n${at}`]: { default: 5 } } })) },
      {},
      "args.exists(k, args[k] == 7.0)",
    ],
  ])("a condition is not stopped by: a default that is %s", (_what, schema, args, when) => {
    expect(denies(when, schema, args)).toBe("passes");
  });

  it("is told apart where one place gets its default and another does not", () => {
    const schema = choice({ required: ["kind"] }, { properties: A }, { properties: { free: { default: true } } });
    const when = `${AMOUNT} && !(has(args.free) && args.free == true)`;
    expect(denies(when, {}, filledBy(modern, schema, { kind: "x" }))).toBe("denied");
    expect(denies(when, schema, { kind: "x" })).toBe("denied");
  });

  it("never makes of a call that is stopped one that passes, whatever the schema", { timeout: 60_000 }, () => {
    const member = fc.constantFrom("a", "b");
    const value = fc.constantFrom<JsonObject>({ default: 500 }, { default: 5 }, { type: "number" }, {});
    const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
      schema: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.record({ properties: fc.dictionary(member, value, { maxKeys: 2 }) }),
        fc.record({ required: fc.tuple(member) }),
        fc.tuple(tie("schema"), tie("schema"), tie("schema")).map(([test, met, not]) => choice(test, met, not)),
        fc.record({ allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
        fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
        fc.record({ dependentSchemas: fc.dictionary(member, tie("schema"), { maxKeys: 2 }) }),
      ),
    }));
    const args = fc.dictionary(member, fc.constantFrom(5, 500), { maxKeys: 2 });
    const when = fc.constantFrom(
      "has(args.a) && args.a > 100.0",
      "has(args.a) && args.a > 100.0 && !(has(args.b) && args.b > 100.0)",
      "has(args.a) && has(args.b) && args.a < args.b",
      "args.exists(k, args[k] > 100.0)",
      "args.exists_one(k, args[k] > 100.0)",
    );
    fc.assert(
      fc.property(schema, args, when, (schema, args, when) => {
        const filled = filledBy(modern, schema, args);
        if (denies(when, {}, filled) === "denied") expect(denies(when, schema, args)).toBe("denied");
      }),
      { numRuns: 150 },
    );
  });
});
