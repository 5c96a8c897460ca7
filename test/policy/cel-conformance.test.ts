import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { coreTests, runConformanceTest } from "../support/cel-conformance.ts";

const groups = z
  .array(
    z.strictObject({
      outcome: z.enum(["wrong", "no error", "error", "refused"]),
      because: z.string(),
      tests: z.array(z.string()).min(1),
    }),
  )
  .parse(parse(readFileSync("test/policy/cel-known-failures.yaml", "utf8")));

const known = new Map(groups.flatMap(({ outcome, tests }) => tests.map((id) => [id, outcome] as const)));
const tests = coreTests();

describe("the tests of the CEL specification", () => {
  const suites = [...new Set(tests.map(({ suite }) => suite))];

  it.each(suites)("come to what is known of them: %s", (suite) => {
    const run = tests.filter((test) => test.suite === suite);
    const outcomes = run.map((test) => [test.id, runConformanceTest(test)]);
    expect(outcomes).toEqual(run.map(({ id }) => [id, known.get(id) ?? "pass"]));
  });

  it("are all there, and every known failure is one of them", () => {
    expect(tests.length).toBeGreaterThan(1000);
    const ids = new Set(tests.map(({ id }) => id));
    expect([...known.keys()].filter((id) => !ids.has(id))).toEqual([]);
    expect(known.size).toBe(groups.flatMap((group) => group.tests).length);
  });
});
