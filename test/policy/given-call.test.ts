import { describe, expect, it } from "vitest";
import { parseExact } from "../../src/core/exact-json.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { givenCallSchema, inputOfCall } from "../../src/policy/tests/given-call.ts";
import { policyTestText } from "../../src/policy/tests/write.ts";
import { policyInput } from "../support/policy-inputs.ts";

const NUMBERS = ["10.50", "1.0", "3.0", "1e2", "-0", "0", "12", "0.1", "-2.50e1"];

describe("a call that an author writes down", () => {
  it.each(NUMBERS)("has %s as a number of its arguments, wherever it stands, as calls do", (number) => {
    const args = `{"n":${number},"list":[${number}],"inner":{"n":${number}}}`;
    const given = givenCallSchema.parse(parseExact(`{"tool":"srv/t","args":${args}}`));
    const input = inputOfCall(given, undefined);
    expect(input.arguments).toEqual(parseExact(args));

    const text = "policies: [{ id: p, when: 'args.n < 100000.0 && args.inner.n == args.list[0]', then: { deny: {} } }]";
    const compiled = compilePolicies([{ name: "p.yaml", text }], { default: "allow", flows: [] });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
    const decision = compiled.set.decide(input);
    expect(decision.matched).toMatchObject([{ policy: "p", because: "condition" }]);
    expect(decision).toEqual(compiled.set.decide(policyInput({ ...input, tool: "srv/t", arguments: input.arguments })));
    expect(
      policyTestText(
        { given, definition: {}, answer: { decision, refusal: undefined, transformed: undefined } },
        undefined,
      ),
    ).toContain(`n: ${number === "-0" ? number : Number(number)}`);
  });

  it.each([{ n: undefined }, { n: Number.NaN }, { n: Symbol("x") }, { n: [() => 1] }, { n: 1n }])(
    "is no call with %o",
    (args) => {
      expect(givenCallSchema.safeParse({ tool: "srv/t", args }).success).toBe(false);
    },
  );
});
