import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isPolicyFile, isTestFile } from "../../src/policy/file/read-files.ts";
import type { PolicySummary } from "../../src/policy/policy-set.ts";
import type { TestFileResult } from "../../src/policy/tests/run.ts";
import { runPolicyCommand } from "../support/policy-command.ts";

const FOLDERS = ["policies", "examples/policies", "examples/team-policies"];

const policiesIn = async (dir: string): Promise<readonly PolicySummary[]> =>
  JSON.parse((await runPolicyCommand("check", "--policies", dir, "--json")).out).policies;

const resultsIn = async (dir: string): Promise<readonly TestFileResult[]> =>
  JSON.parse((await runPolicyCommand("test", "--policies", dir, "--json")).out).files;

describe.each(FOLDERS)("the policies in %s", (dir) => {
  const names = readdirSync(dir);

  it("pass their tests", async () => {
    const { code, out, err } = await runPolicyCommand("test", "--policies", dir);
    expect(code, out + err).toBe(0);
    expect(out).toMatch(/\d+ passed, 0 failed/);
  });

  it("have their tests beside them", () => {
    const tests = names.filter(isTestFile);
    const policies = names.filter(isPolicyFile);
    expect(policies.length).toBeGreaterThan(0);
    expect(tests).toEqual(policies.map((name) => name.replace(".yaml", ".test.yaml")));
  });

  it("are each tested in both directions", async () => {
    const policies = await policiesIn(dir);
    const byFile = new Map((await resultsIn(dir)).map(({ file, tests }) => [file, tests]));
    for (const { id, file, shadow } of policies) {
      if (shadow) continue;
      const matches = (byFile.get(file.replace(".yaml", ".test.yaml")) ?? []).map((it) => it.policies.includes(id));
      expect({ id, matches: new Set(matches) }).toEqual({ id, matches: new Set([true, false]) });
    }
  });

  it("are described, and every file tells editors its schema", async () => {
    expect((await policiesIn(dir)).filter(({ description }) => description === undefined)).toEqual([]);
    const up = dir
      .split("/")
      .map(() => "..")
      .join("/");
    for (const name of names) {
      const schema = `${up}/schema/policy${isTestFile(name) ? "-test" : ""}.schema.json`;
      expect(readFileSync(join(dir, name), "utf8")).toMatch(`# yaml-language-server: $schema=${schema}\n`);
    }
  });
});
