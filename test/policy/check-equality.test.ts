import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { isMultiple } from "../../src/policy/tool-schemas/multiples.ts";
import { EVERYWHERE, onMultiples } from "../../src/policy/tool-schemas/number-range.ts";
import { policyInput } from "../support/policy-inputs.ts";

const properties: JsonObject = {
  kinds: { type: "array", items: { enum: ["a", "b"] }, maxItems: 2 },
  some: { type: "array", items: { type: "integer", minimum: 0 }, minItems: 1 },
  maybe: { type: ["array", "null"], items: { type: "string" } },
  o: { type: "object", properties: { k: { enum: ["x", "y"] }, n: { type: "number" } }, required: ["k"] },
  shut: { type: "object", properties: { k: { type: "string" } }, additionalProperties: false },
  open: { type: "object", additionalProperties: { type: "string" } },
  fixed: { const: { k: "x", list: [1] } },
  price: { type: "number", multipleOf: 0.5, exclusiveMinimum: 0, exclusiveMaximum: 100 },
  cents: { type: "number", multipleOf: 0.01 },
  n: { type: "integer", exclusiveMaximum: 10 },
  either: { anyOf: [{ type: "integer" }, { type: "number", multipleOf: 0.5 }] },
};
const definition = { name: "t", inputSchema: { type: "object", properties, required: Object.keys(properties) } };
const filesOf = (when: string) => [
  { name: "p.yaml", text: `policies: [{ id: p, when: ${JSON.stringify(when)}, then: { deny: {} } }]` },
];

function messagesOf(when: string): readonly string[] {
  const { errors, warnings } = checkAgainstTools(filesOf(when), [{ upstream: "s", name: "t", definition }]);
  return [...errors, ...warnings].map(({ message }) => message);
}

function outcomeOf(when: string, args: JsonObject): boolean | string {
  const compiled = compilePolicies(filesOf(when), { default: "allow", flows: undefined });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const [match] = compiled.set.decide(policyInput({ tool: "s/t", definition, arguments: args })).matched;
  return match?.error ?? match !== undefined;
}

describe("a list, an object or a number that a value never is", () => {
  it.each([
    "args == {}",
    "args != {'n': 1}",
    "{} == args",
    "args.kinds == ['c']",
    "args.kinds == ['a', 'c']",
    "args.kinds == ['a', 'b', 'a']",
    "args.kinds == [1]",
    "args.some == []",
    "args.some == [-1]",
    "args.fixed == args.o",
    "args.maybe == [1]",
    "args.o == {}",
    "args.o == {'n': 1.0}",
    "args.o == {'k': 'z'}",
    "args.o == {'k': 'x', 'q': 'y'}",
    "args.shut == {'q': 'x'}",
    "args.open == {'q': 1}",
    "args.fixed == {'k': 'x'}",
    "args.o in [{'k': 'z'}]",
    "args.kinds in [['c'], [1]]",
    "[args.o] == [{'k': 'z'}]",
    "{'o': args.kinds} == {'o': ['c']}",
    "cel.bind(o, args.o, o == {})",
    "[['a'], ['c']][1] == [1]",
    "args.price == 0.3",
    "args.price in [0.3]",
    "args.cents == 0.305",
    "args.price != 0.3",
  ])("is found: %s", (when) => {
    expect(messagesOf(when)).toEqual([expect.stringMatching(/ never /), ...messagesOf(when).slice(1)]);
  });

  it.each([
    "size(args) == 0",
    "size(args) > 5",
    "size(args.o) < 1",
    "size(args.shut) > 1",
    "args.price >= 100.0",
    "args.price > 99.5",
    "args.price < 0.5",
    "args.n > 9",
  ])("has a range that decides: %s", (when) => {
    expect(messagesOf(when)).toEqual([expect.stringMatching(/^This is always /)]);
  });

  it.each([
    "args.kinds == []",
    "args.kinds == ['a', 'b']",
    "args.some == [0, 1]",
    "args.maybe == []",
    "args.maybe == null",
    "args.maybe == ['x']",
    "args.o == {'k': 'x'}",
    "args.shut == {}",
    "args.shut == {'k': 'x'}",
    "args.open == {'q': 'x'}",
    "args.open == {}",
    "args.fixed == {'k': 'x', 'list': [1]}",
    "args.o in [{'k': 'x'}, {'k': 'y'}]",
    "args.o == args.shut",
    "size(args.shut) == 1",
    "size(args.o) > 1",
    "args.price == 99.5",
    "args.price > 99.0",
    "args.cents == 0.3",
    "args.cents == 1.1",
    "args.either == 0.25",
    "args.n > 8",
    "args.price * 0.5 == 0.25",
  ])("is none where it can be: %s", (when) => {
    expect(messagesOf(when)).toEqual([]);
  });

  it("never comes out otherwise for a call that fits the schema", () => {
    const letter = fc.constantFrom("a", "b");
    const call = fc.record({
      kinds: fc.array(letter, { maxLength: 2 }),
      some: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 2 }),
      o: fc.record({ k: fc.constantFrom("x", "y"), n: fc.constantFrom(1, 2) }, { requiredKeys: ["k"] }),
      shut: fc.record({ k: fc.constantFrom("x", "y") }, { requiredKeys: [] }),
      fixed: fc.constant({ k: "x", list: [1] }),
      price: fc.integer({ min: 1, max: 6 }).map((halves) => halves / 2),
    });
    const number = fc.constantFrom("0.3", "0.5", "1.0", "1.25", "2.0");
    const lists = fc.array(fc.constantFrom("'a'", "'b'", "'c'"), { maxLength: 3 }).map((it) => `[${it.join(", ")}]`);
    const objects = fc
      .record({ k: fc.constantFrom("'x'", "'y'", "'z'"), q: fc.constantFrom("'x'") }, { requiredKeys: [] })
      .map(
        (it) =>
          `{${Object.entries(it)
            .map(([key, value]) => `'${key}': ${value}`)
            .join(", ")}}`,
      );
    const condition = fc.oneof(
      fc
        .tuple(fc.constantFrom("args.kinds", "[args.kinds][0]"), fc.constantFrom("==", "!="), lists)
        .map((it) => it.join(" ")),
      fc
        .tuple(fc.constantFrom("args.o", "args.shut", "args.fixed"), fc.constantFrom("==", "!="), objects)
        .map((it) => it.join(" ")),
      fc
        .tuple(
          fc.constantFrom("size(args.o)", "size(args.shut)", "args.some.size()"),
          fc.constantFrom("<", ">=", "=="),
          fc.constantFrom("0", "1", "2"),
        )
        .map((it) => it.join(" ")),
      fc.tuple(fc.constantFrom("args.price"), fc.constantFrom("==", "!=", "<", ">="), number).map((it) => it.join(" ")),
    );
    let told = 0;
    fc.assert(
      fc.property(condition, fc.array(call, { minLength: 4, maxLength: 8 }), (when, calls) => {
        const said = messagesOf(when).find((it) => / never |always /.test(it));
        if (said === undefined) return;
        told += 1;
        const outcome = /always true/.test(said) || (/ never /.test(said) && when.includes("!="));
        for (const args of calls) expect([when, outcomeOf(when, args)]).toEqual([when, outcome]);
      }),
      { numRuns: 60 },
    );
    expect(told).toBeGreaterThan(10);
  });
});

describe("multiples", () => {
  it.each([
    [0.3, 0.1, true],
    [0.35, 0.1, false],
    [1e21, 3, false],
    [9e21, 3, true],
    [-1.5, 0.5, true],
    [0, 0.7, true],
    [1e-7, 1e-8, true],
  ])("%d of %d: %s", (value, step, outcome) => {
    expect(isMultiple(value, step)).toBe(outcome);
  });

  it("are what a range begins and ends with", () => {
    const range = { ...EVERYWHERE, low: -0.7, high: 1, highOpen: true };
    expect(onMultiples(range, 0.5)).toEqual({ low: -0.5, lowOpen: false, high: 0.5, highOpen: false });
    expect(onMultiples(EVERYWHERE, 0.5)).toEqual(EVERYWHERE);
    expect(onMultiples({ ...range, low: 0, lowOpen: true }, 0.1).low).toBe(0.1);
  });
});
