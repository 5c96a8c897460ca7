import { type CelInput, isCelError, run } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ExactNumber } from "../../src/core/exact-number.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { CallContext, readSubjectFacts } from "../../src/policy/cel/context.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";
import { policyInput } from "../support/policy-inputs.ts";
import { randomArgs, randomCondition, randomRoles } from "../support/random-conditions.ts";

const language = createPolicyLanguage();
const NOW = Date.parse("2026-03-02T09:30:00Z");

type Answer = boolean | "error" | "refused";

function ours(expression: string, given: JsonObject, held: readonly string[]): Answer {
  const compiled = language.condition(expression);
  if (!compiled.ok) return "refused";
  const input = policyInput({ arguments: given, principal: { roles: held }, request: { time: NOW } });
  const value = compiled.run(new CallContext(input, readSubjectFacts(input.subject)));
  return typeof value === "boolean" ? value : "error";
}

function theirs(expression: string, given: JsonObject, held: readonly string[]): Answer {
  const user = new Map<string, CelInput>([
    ["email", "ann@example.com"],
    ["roles", [...held]],
  ]);
  const time = run(`timestamp("${new Date(NOW).toISOString()}")`);
  if (isCelError(time)) throw new Error("The other engine has no time.");
  const request = new Map<string, CelInput>([["time", time]]);
  const value = run(expression, { args: bound(given), user, request }, { funcs: strings });
  return typeof value === "boolean" ? value : "error";
}

// Objects as maps: bound as they are, the other engine would take some for messages.
function bound(value: Json | undefined): CelInput {
  if (Array.isArray(value)) return value.map(bound);
  if (isObject(value)) return new Map(Object.entries(value).map(([key, item]) => [key, bound(item)]));
  if (value === undefined) throw new Error("A member without a value.");
  return value as Exclude<typeof value, JsonObject | readonly Json[] | ExactNumber>;
}

it("agrees with another implementation of CEL wherever both have a value", () => {
  const counts = { agreed: 0, holding: 0, error: 0, refused: 0 };
  fc.assert(
    fc.property(randomCondition, randomArgs, randomRoles, (expression, given, held) => {
      const mine = ours(expression, given, held);
      if (mine === "refused") {
        counts.refused++;
        return;
      }
      const other = theirs(expression, given, held);
      if (mine === "error" || other === "error") {
        counts.error++;
        return;
      }
      expect(mine).toBe(other);
      counts.agreed++;
      if (mine) counts.holding++;
    }),
    { numRuns: 5000 },
  );
  // What is compared must be worth comparing: mostly values, of both kinds.
  expect(counts.agreed).toBeGreaterThan(2500);
  expect(counts.holding).toBeGreaterThan(500);
  expect(counts.agreed - counts.holding).toBeGreaterThan(500);
}, 180_000);
