import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runPolicyCommand } from "../support/policy-command.ts";

/* What agentgateway's documentation shows, written for this gateway: `docs/comparison.md` leads to each. */

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "examples/from-agentgateway");
const NAMES = readdirSync(EXAMPLES);

describe.each(NAMES)("the example %s", (name) => {
  const config = join(EXAMPLES, name, "portcullis.yaml");

  it("holds no mistake, and nothing that anybody is warned of", async () => {
    const { code, out, err } = await runPolicyCommand("check", "-c", config);
    expect(err + out).not.toMatch(/warning/i);
    expect(code, err).toBe(0);
  });

  it("decides as its tests say", async () => {
    const { code, out, err } = await runPolicyCommand("test", "-c", config);
    expect(code, err + out).toBe(0);
  });
});

it("are all named in the comparison, and it names no other", () => {
  const text = readFileSync(join(ROOT, "docs/comparison.md"), "utf8");
  const named = [...text.matchAll(/examples\/from-agentgateway\/([\w-]+)/g)].map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual([...NAMES].sort());
  for (const [, link = ""] of text.matchAll(/\]\(((?!https?:)[^)#]+)/g)) {
    expect(existsSync(join(ROOT, "docs", link)), link).toBe(true);
  }
});
