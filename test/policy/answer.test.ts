import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { createAnswers } from "../../src/policy/answer.ts";
import { explainCall } from "../../src/policy/explain/explain.ts";
import { inputOfCall } from "../../src/policy/tests/given-call.ts";
import { runPolicyTests } from "../../src/policy/tests/run.ts";
import { policySet } from "../support/policy-inputs.ts";

const CLOSED: JsonObject = { type: "object", properties: { amount: { type: "number" } }, additionalProperties: false };
const ABOVE = "when: args.amount > 10.0, then: { deny: {} }";
const NOTHING = "when: user.id == 'x', then: { deny: {} }";

/** What a call with these arguments comes to. */
const CASES: readonly (readonly [
  args: JsonObject,
  policy: string,
  inputSchema: JsonObject | undefined,
  comes: string,
])[] = [
  [{ amount: 1 }, ABOVE, CLOSED, "allow"],
  [{ amount: 11 }, ABOVE, CLOSED, "deny"],
  [{ amount: 11, Amount: 1 }, ABOVE, CLOSED, "KEYS_AMBIGUOUS"],
  [{ a: [{ b: { x: 1, X: 2 } }] }, NOTHING, undefined, "KEYS_AMBIGUOUS"],
  [{ Amount: 1 }, NOTHING, CLOSED, "KEYS_AMBIGUOUS"],
  [{ Amount: 1 }, ABOVE.replace("args.amount", "has(args.amount) && args.amount"), undefined, "KEYS_AMBIGUOUS"],
  [{ amount: 1, other: 1 }, ABOVE, CLOSED, "PARAMS_INVALID"],
  [{ amount: 1, other: 1 }, NOTHING, CLOSED, "allow"],
  [{ amount: 1, other: 1 }, ABOVE, undefined, "allow"],
  [{ amount: 11, other: 1 }, ABOVE, CLOSED, "deny"],
];

it("draws on no limit where it is refused", () => {
  const text = 'policies: [{ id: p, target: { tools: ["u/t"] }, then: { rate_limit: { limit: 5, per: 1h } } }]';
  const given = { tool: "u/t", args: { a: 1, A: 1 } };
  const tests = {
    tests: [{ name: "t", given, expect: { effect: "refused", limits: [], message: "differs from another" } }],
  };
  const run = runPolicyTests({
    ...{ policies: [{ name: "p/a.yaml", text }], default: "allow", flows: undefined },
    tests: [{ name: "p/a.test.yaml", text: JSON.stringify(tests) }],
  });
  expect(run).toMatchObject({ ok: true, files: [{ tests: [{ effect: "refused", differences: [] }] }] });
});

describe("what a call comes to", () => {
  it.each(CASES)("is told alike wherever it is tried: %j, %s", (args, policy, inputSchema, comes) => {
    const text = `policies: [{ id: p, target: { tools: ["u/t"] }, ${policy} }]`;
    const given = { tool: "u/t", args };
    const definition = inputSchema === undefined ? undefined : { inputSchema };
    const input = inputOfCall(given, definition);
    const { decision, refusal } = createAnswers().ofGiven(policySet(text), input);
    expect(refusal?.code ?? decision.effect).toBe(comes);

    const files = [{ name: "p/a.yaml", text }];
    expect(explainCall(files, { default: "allow", flows: undefined }, input)).toMatchObject({
      ok: true,
      decision: { effect: decision.effect },
      refusal,
    });

    const effect = refusal === undefined ? comes : "refused";
    for (const expected of ["allow", "deny", "refused"]) {
      const test = {
        ...(inputSchema && { tools: { "u/t": { inputSchema } } }),
        tests: [{ name: "t", given, expect: { effect: expected } }],
      };
      const run = runPolicyTests({
        ...{ policies: files, default: "allow", flows: undefined },
        tests: [{ name: "p/a.test.yaml", text: JSON.stringify(test) }],
      });
      if (!run.ok) throw new Error(JSON.stringify(run.errors));
      const differs = run.files[0]?.tests[0]?.differences ?? [];
      expect([expected, differs.length]).toEqual([expected, expected === effect ? 0 : 1]);
      if (expected !== effect && refusal !== undefined)
        expect(differs[0]?.actual).toContain(`refused: ${refusal.detail ?? ""}`.slice(0, 8));
    }
  });
});
