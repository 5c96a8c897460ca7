import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { JsonObject } from "../../src/core/json.ts";
import { createAnswers } from "../../src/policy/answer.ts";
import type { PolicyInput } from "../../src/policy/policy-set.ts";
import { type GivenCall, inputOfCall } from "../../src/policy/tests/given-call.ts";
import { runPolicyTests } from "../../src/policy/tests/run.ts";
import { policyTestText } from "../../src/policy/tests/write.ts";
import { policySet } from "../support/policy-inputs.ts";

const POLICIES = `policies:
  - { id: large, target: { tools: ["bank/pay"] }, when: args.amount > 10, then: { deny: {} } }
  - { id: late, target: { tools: ["bank/late"] }, when: request.time.getHours("UTC") > 20, then: { deny: {} } }
  - { id: reads, target: { annotations: { readOnlyHint: true } }, then: { rate_limit: { limit: 5, per: 1h } } }
  - { id: trial, mode: shadow, target: { tools: ["bank/pay"] }, then: { deny: {} } }
  - { id: gone, target: { tools: ["bank/gone"] }, then: { hide: {} } }
  - { id: wait, target: { tools: ["bank/wait"] }, then: { request_approval: { flow: finance } } }
  - { id: sign, target: { tools: ["bank/sign"] }, then: { step_up: { acr: [mfa] } } }
`;

const user = { email: "ann@acme.com", roles: ["employee"], groups: [] };
const READS: JsonObject = { annotations: { readOnlyHint: true }, inputSchema: { type: "object" }, icons: [] };
const AMOUNT: JsonObject = {
  inputSchema: { type: "object", properties: { amount: { type: "number" } }, additionalProperties: false },
};

function written(given: GivenCall, definition: JsonObject = {}, again = true): string {
  const set = policySet(POLICIES);
  const answers = createAnswers();
  const answer = (input: PolicyInput) => answers.ofGiven(set, input);
  const decided = answer(inputOfCall(given, definition));
  return policyTestText({ given, definition, answer: decided }, again ? answer : undefined);
}

describe("what is too large for a test", () => {
  const names = Array.from({ length: 90_000 }, (_, index) => `r${index}`);
  it.each<[what: string, schema: JsonObject]>([
    ["names that are required", { type: "object", required: names }],
    ["values that are possible", { type: "object", properties: { a: { enum: names } } }],
    ["members", { type: "object", properties: Object.fromEntries(names.map((name) => [name, {}])) }],
  ])("is left out of a definition, and the test says so: %s", (_, inputSchema) => {
    const text = written({ user, tool: "shop/list" }, { ...READS, inputSchema });
    expect(text.split("\n")[0]).toContain("definition is too large");
    expect(text.length).toBeLessThan(2_000);
    expect(parse(text)).toMatchObject({ tests: [{ given: { tool: "shop/list" } }] });
  });

  it("is a call, too", () => {
    expect(written({ user, tool: "bank/pay", args: { amount: 11, names } })).toMatch(
      /^# This call is too large[^\n]*\n$/,
    );
  });
});

describe("a test made of a decision", () => {
  it.each<[what: string, given: GivenCall, definition?: JsonObject]>([
    ["a refusal", { user, tool: "bank/pay", args: { amount: 11 } }],
    ["an allowed call", { user, tool: "shop/pay" }],
    ["a failed condition", { tool: "bank/pay", args: { amount: "much" } }],
    ["a time", { tool: "bank/late", time: "2026-01-01T23:30:00Z" }],
    ["a definition", { tool: "shop/list" }, READS],
    ["a hidden tool", { tool: "bank/gone" }],
    ["an approval", { tool: "bank/wait" }],
    ["a sign-in", { tool: "bank/sign" }],
    ["a key that reads like a policy's", { tool: "bank/pay", args: { amount: 1, Amount: 100 } }],
    ["a key that reads like the tool's", { tool: "shop/pay", args: { Amount: 1 } }, AMOUNT],
    ["a key that the tool does not have", { tool: "bank/pay", args: { amount: 1, other: 1 } }, AMOUNT],
    [
      "odd texts",
      { tool: "bank/pay", args: { amount: 11, note: "---\n- !x {{ y }} # '\"\u0007" }, user: { id: "yes" } },
    ],
  ])("passes for %s, and without another look, too", (_, given, definition) => {
    for (const again of [true, false]) expect(runTest(written(given, definition, again))).toMatchObject(PASSED);
  });
  const PASSED = { ok: true, files: [{ tests: [{ differences: [] }] }] };
  const runTest = (text: string) =>
    runPolicyTests({
      policies: [{ name: "p/a.yaml", text: POLICIES }],
      tests: [{ name: "p/a.test.yaml", text }],
      default: "allow",
      flows: undefined,
    });

  it("says what is expected, and no more than it must", () => {
    const given = { user, tool: "bank/pay", args: { amount: 11 }, time: "2026-01-01T23:30:00Z", headers: {} };
    expect(parse(written(given, READS))).toEqual({
      tools: { "bank/pay": { annotations: { readOnlyHint: true }, inputSchema: { type: "object" } } },
      tests: [
        {
          name: "ann@acme.com may not call bank/pay",
          given: { user: { email: "ann@acme.com", roles: ["employee"] }, tool: "bank/pay", args: { amount: 11 } },
          expect: { effect: "deny", policies: ["large", "reads"], shadow: ["trial"] },
        },
      ],
    });
    expect(parse(written({ ...given, tool: "bank/late" }))).toMatchObject({
      tests: [{ given: { time: "2026-01-01T23:30:00Z" }, expect: { effect: "deny", policies: ["late"] } }],
    });
  });
});
