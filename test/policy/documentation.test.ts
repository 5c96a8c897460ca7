import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { EFFECTS } from "../../src/core/decision.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { isPolicyFile } from "../../src/policy/file/read-files.ts";
import { policyJsonSchema } from "../../src/policy/file/schema.ts";
import type { PolicyFile } from "../../src/policy/policy-set.ts";
import { VOCABULARY } from "../../src/policy/syntax/vocabulary.ts";
import { runPolicyTests } from "../../src/policy/tests/run.ts";
import { policyTestJsonSchema } from "../../src/policy/tests/schema.ts";
import { evaluate, type InputSketch } from "../support/policy-inputs.ts";

const PAGE = "docs/policies.md";
const page = readFileSync(PAGE, "utf8");

function section(title: string): string {
  const [, text = ""] = page.split(`\n## ${title}\n`);
  return text.split("\n## ")[0] ?? "";
}

/** The rows of the first table of a section, head left out, as cells. */
function rows(title: string): readonly (readonly string[])[] {
  const lines = section(title).split("\n");
  const first = lines.findIndex((line) => line.startsWith("|---"));
  const table = lines.slice(first + 1);
  const end = table.findIndex((line) => !line.startsWith("|"));
  return table.slice(0, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const code = (cell: string | undefined): string => cell?.replace(/^`|`$/g, "").replaceAll("\\|", "|") ?? "";

const isCondition = (form: string): boolean => form.includes("(");

const due = (...days: string[]): readonly JsonObject[] => days.map((day) => ({ due: day }));
const amounts = (...all: number[]): readonly JsonObject[] => all.map((amount) => ({ amount }));

// Of each operator: arguments for which it holds, and arguments for which it does not.
const CASES: Readonly<Record<string, readonly [readonly JsonObject[], readonly JsonObject[]]>> = {
  in_list: [[{ region: "apac" }], [{ region: "amer" }, { region: "EMEA" }]],
  starts_with: [[{ path: "/tmp/a" }], [{ path: "/etc/tmp/" }]],
  ends_with: [[{ to: "ann@acme.com" }], [{ to: "ann@acme.com.example" }]],
  contains: [[{ text: "a secret." }], [{ text: "Secret" }]],
  matches: [[{ branch: "release/12" }], [{ branch: "release/x" }, { branch: "my/release/1" }]],
  equal: [[{ currency: "EUR" }], [{ currency: "eur" }, { currency: 1 }]],
  greater: [amounts(100.01), amounts(100)],
  "greater or equal": [amounts(100, 101), amounts(99.99)],
  lower: [amounts(99.99), amounts(100)],
  "lower or equal": [amounts(100, -1), amounts(100.01)],
  "between (numeric)": [amounts(100, 150, 200), amounts(99, 201)],
  "between (date)": [
    due("2026-01-01T00:00:00Z", "2026-02-01T00:59:59+01:00"),
    due("2025-12-31T23:59:59Z", "2026-02-01T00:00:00Z"),
  ],
  is: [[{ urgent: true }], [{ urgent: false }, { urgent: "true" }]],
  "is (present)": [[{ note: "" }], [{}]],
  on: [due("2026-01-31T00:00:00Z", "2026-01-31T23:59:59.999Z"), due("2026-01-30T23:59:59Z", "2026-02-01T00:00:00Z")],
  on_or_after: [due("2026-01-31T00:00:00Z", "2027-01-01T00:00:00Z"), due("2026-01-30T23:59:59Z")],
  on_or_before: [due("2026-01-31T23:59:59Z", "2025-01-01T00:00:00Z"), due("2026-02-01T00:00:00Z")],
  "all of (and)": [
    [{ amount: 101, currency: "EUR" }],
    [
      { amount: 100, currency: "EUR" },
      { amount: 101, currency: "USD" },
    ],
  ],
  "any of (or)": [
    [
      { amount: 100, currency: "EUR" },
      { amount: 101, currency: "USD" },
    ],
    [{ amount: 100, currency: "USD" }],
  ],
  groups: [
    [
      { amount: 101, urgent: false },
      { amount: 1, urgent: true },
    ],
    [{ amount: 1, urgent: false }],
  ],
};

// What is about the user and not about the arguments.
const ROLES: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  "contains (a list)": [["employee", "cfo"], ["employee"]],
};

function sketches(operator: string, holds: boolean): readonly InputSketch[] {
  const side = holds ? 0 : 1;
  const roles = ROLES[operator]?.[side];
  if (roles !== undefined) return [{ principal: { roles } }];
  return (CASES[operator]?.[side] ?? []).map((given) => ({ arguments: given }));
}

describe("the page on policies", () => {
  const operators = rows("Operators");

  it("has every operator of condition builders", () => {
    expect(operators.map(([name]) => name)).toEqual(expect.arrayContaining(Object.keys(CASES)));
    expect(operators.length).toBe(Object.keys(CASES).length + Object.keys(ROLES).length);
  });

  it.each(operators)("gives a form of %s that holds, and a negation that holds otherwise", (name, form, negation) => {
    for (const holds of [true, false]) {
      const calls = sketches(name ?? "", holds);
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) {
        expect([call, evaluate(code(form), call), evaluate(code(negation), call)]).toEqual([call, holds, !holds]);
      }
    }
  });

  it("has other forms beside the table, which work too", () => {
    const prose = section("Operators").replaceAll(/^\|.*$/gm, "");
    const forms = [...prose.matchAll(/`((?:args|request)\.[^`]+)`/g)].map(([, form = ""]) => form).filter(isCondition);
    const call = { arguments: { to: "Ann@ACME.com" }, request: { time: Date.parse("2026-03-02T16:30:00Z") } };
    expect(forms.map((form) => evaluate(form, call))).toEqual([true, true, true]);
  });

  it("has policies and tests that run as they stand", () => {
    const blocks = [...page.matchAll(/^( *)```yaml\n(.*?)^ *```/gms)].map(([, indent = "", text = ""]) =>
      text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    );
    const named = (kind: string) =>
      blocks.flatMap((text, index) => (text.includes(`\n${kind}:`) ? [{ name: `${index}.yaml`, text }] : []));
    const policies = named("policies").map((file): PolicyFile => {
      return file.text.startsWith("# finance-policies/") ? { ...file, level: "endpoint/finance" } : file;
    });
    const levels = [{ level: "endpoint/finance", default: "deny" }] as const;
    const run = runPolicyTests({ policies, tests: named("tests"), default: "allow", levels, flows: [] });
    if (!run.ok) throw new Error(JSON.stringify(run.errors));
    const tests = run.files.flatMap((file) => file.tests);
    expect(tests.length).toBe(9);
    expect(tests.flatMap(({ differences }) => differences)).toEqual([]);
    expect(run.untested).toEqual([]);
  });

  it("names all that a condition sees", () => {
    const seen = new Map(rows("What a condition sees").map(([name, fields]) => [code(name), fields ?? ""]));
    for (const [name, fields] of Object.entries(VOCABULARY)) {
      const listed = [...(seen.get(name) ?? "").matchAll(/`(\w+)`/g)].map(([, field]) => field);
      expect({ name, fields: listed }).toEqual({ name, fields: Object.keys(fields) });
    }
  });

  it("names all keys of policies, targets, effects and tests", () => {
    const policy = JSON.stringify(policyJsonSchema());
    for (const key of ["id", "description", "target", "when", "then", "mode", "enabled"]) {
      expect(policy).toContain(`"${key}":`);
      expect(section("The file")).toMatch(new RegExp(`^\\| \`${key}[:\`]`, "m"));
    }
    for (const effect of EFFECTS) expect(section("The file")).toContain(`| \`${effect}: {`);
    const tests = policyTestJsonSchema()["properties"];
    expect(rows("Tests").map(([key]) => code(key))).toEqual(
      expect.arrayContaining(["given", "expect", ...Object.keys(tests ?? {})]),
    );
  });

  it("lists every example, and links only to files that are there", () => {
    const links = [...page.matchAll(/\]\((\.[^)]+)\)/g)].map(([, link = ""]) => join(dirname(PAGE), link));
    const folders = ["policies", "examples/policies"];
    const shipped = folders.flatMap((dir) =>
      readdirSync(dir)
        .filter(isPolicyFile)
        .map((name) => join(dir, name)),
    );
    expect(links.filter((link) => link.endsWith(".yaml")).sort()).toEqual(shipped.sort());
  });
});
