import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { CallContext, readSubjectFacts } from "../../src/policy/cel/context.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";
import { createScreen, isSurelyFalse } from "../../src/policy/cel/quick-check.ts";
import { evaluate, policyInput } from "../support/policy-inputs.ts";

const language = createPolicyLanguage();

function conditionOf(text: string) {
  const compiled = language.condition(text);
  if (!compiled.ok) throw new Error(`${text}: ${JSON.stringify(compiled.problems)}`);
  return compiled.run;
}

const operator = fc.constantFrom("<", "<=", ">", ">=", "==", "!=");
const literal = fc.constantFrom(
  "0",
  "-1",
  "5",
  "5.0",
  "2.5",
  "-0.0",
  "1000",
  "9007199254740991",
  "'a'",
  "'5'",
  "''",
  "true",
  "null",
);
const key = fc.constantFrom("a", "b", "c");
const comparison = fc
  .tuple(key, operator, literal, fc.boolean())
  .map(([name, op, value, mirrored]) => (mirrored ? `${value} ${op} args.${name}` : `args.${name} ${op} ${value}`));
const part = fc.oneof(
  { weight: 4, arbitrary: comparison },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"cfo" in user.roles',
      "has(args.c)",
      "args.b.size() > 1",
      "args.a.x == 1",
      "1 / 0 == 1",
    ),
  },
);
const text = fc
  .array(fc.tuple(part, fc.constantFrom("&&", "&&", "&&", "||")), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map(([it, op], index) => (index === 0 ? it : `${op} ${it}`)).join(" "));
const value = fc.oneof(
  fc.constantFrom(0, -0, 1, 5, 2.5, -1, 1000, 2 ** 53 - 1, 2 ** 53, -(2 ** 60), 1e300, "a", "5", "", null, true, false),
  fc.constantFrom({ x: 1 }, [1], {}, "A".repeat(1_048_577)),
  fc.double(),
);
const args = fc.dictionary(key, value, { maxKeys: 3 }) as fc.Arbitrary<JsonObject>;
const schema = fc.constantFrom(
  {},
  { inputSchema: { properties: { a: { type: "integer" }, b: { type: "number" } } } },
  { inputSchema: { additionalProperties: { type: "integer" } } },
);

describe("the quick check of a condition", () => {
  it("says that it is false only where the engine says so, too", () => {
    let said = 0;
    fc.assert(
      fc.property(text, args, schema, (when, given, definition) => {
        let condition: ReturnType<typeof conditionOf>;
        try {
          condition = conditionOf(when);
        } catch {
          return;
        }
        const surely = condition.quick !== undefined && isSurelyFalse(condition.quick, given);
        const screen = createScreen([undefined, condition.quick]);
        expect([screen.isSurelyFalse(0, given), screen.isSurelyFalse(1, given)]).toEqual([false, surely]);
        if (!surely) return;
        said++;
        const input = policyInput({ arguments: given, definition: { name: "create_expense", ...definition } });
        expect({ when, given, value: condition(new CallContext(input, readSubjectFacts(input.subject))) }).toEqual({
          when,
          given,
          value: false,
        });
      }),
      { numRuns: 5_000 },
    );
    expect(said).toBeGreaterThan(60);
  });

  it.each<[when: string, found: object | undefined]>([
    ["args.a > 1", { key: "a", op: ">", literal: 1 }],
    ["1 > args.a", { key: "a", op: "<", literal: 1 }],
    ['has(args.b) && (user.id == "x" && args.a == "y")', { key: "a", op: "==", literal: "y" }],
    ["args.a > 1 || args.b > 1", undefined],
    ["!(args.a > 1)", undefined],
    ["args.a.b > 1", undefined],
    ["user.id == 'x'", undefined],
    ["args.a > args.b", undefined],
    ["args.a == true", undefined],
  ])("of %s is %j", (when, found) => {
    expect(conditionOf(when).quick).toEqual(found);
  });

  it("hides no error that counts: what cannot be compared is evaluated", () => {
    expect(evaluate("args.a > 1", { arguments: {} })).toContain("missing");
    expect(evaluate("args.a > 1", { arguments: { a: "2" } })).toContain("does not fit");
    expect(evaluate("args.a < 1", { arguments: { a: Number.NaN } })).toContain("beyond");
  });
});
