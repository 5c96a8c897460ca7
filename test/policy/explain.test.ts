import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallContext, readSubjectFacts } from "../../src/policy/cel/context.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";
import { explainCall } from "../../src/policy/explain/explain.ts";
import { type Trace, traceCondition } from "../../src/policy/explain/trace.ts";
import { evaluate, type InputSketch, policyInput } from "../support/policy-inputs.ts";
import { randomArgs, randomCondition, randomRoles } from "../support/random-conditions.ts";

/** A trace as lines, two spaces for each level. */
function lines(trace: Trace | undefined, depth = 0): readonly string[] {
  if (trace === undefined) return ["does not compile"];
  const value = trace.error === undefined ? `= ${trace.value}` : `! ${trace.error}`;
  return [`${"  ".repeat(depth)}${trace.text} ${value}`, ...trace.because.flatMap((below) => lines(below, depth + 1))];
}

function trace(text: string, sketch: InputSketch = {}): readonly string[] {
  const input = policyInput(sketch);
  return lines(traceCondition(text, createPolicyLanguage(), new CallContext(input, readSubjectFacts(input.subject))));
}

describe("the trace of a condition", () => {
  it.each<[what: string, text: string, args: InputSketch["arguments"], expected: readonly string[]]>([
    [
      "a comparison shows what was compared",
      "args.amount > 10",
      { amount: 12 },
      ["args.amount > 10 = true", "  args.amount = 12"],
    ],
    [
      "of a true `and`, everything decided",
      "args.a && args.b",
      { a: true, b: true },
      ["args.a && args.b = true", "  args.a = true", "  args.b = true"],
    ],
    [
      "of a false `and`, what was false",
      "args.a && args.b && args.c",
      { a: true, b: false, c: true },
      ["args.a && args.b && args.c = false", "  args.b = false"],
    ],
    [
      "of a true `or`, what was true",
      'args.a || args.x == "y"',
      { a: false, x: "y" },
      ['args.a || args.x == "y" = true', '  args.x == "y" = true', '    args.x = "y"'],
    ],
    [
      "of a failure, what failed",
      "args.a && args.b > 1",
      { a: true },
      [
        "args.a && args.b > 1 ! args.b is missing",
        "  args.b > 1 ! args.b is missing",
        "    args.b ! args.b is missing",
      ],
    ],
    [
      "what failed beside what decided is left out",
      "args.b > 1 || args.a",
      { a: true },
      ["args.b > 1 || args.a = true", "  args.a = true"],
    ],
    [
      "a choice shows its branch",
      "args.a ? args.b : args.c",
      { a: false, c: true },
      ["args.a ? args.b : args.c = true", "  args.a = false", "  args.c = true"],
    ],
    [
      "a comprehension shows what it walks",
      'args.to.all(x, x.endsWith("@acme.com"))',
      { to: ["a@acme.com"] },
      ['args.to.all(x, x.endsWith("@acme.com")) = true', '  args.to = ["a@acme.com"]'],
    ],
    ["has() speaks for itself", "has(args.note)", {}, ["has(args.note) = false"]],
  ])("%s", (_what, text, args, expected) => {
    expect(trace(text, { arguments: args ?? {} })).toEqual(expected);
  });

  it("keeps values short and harmless", () => {
    const [, shown = ""] = trace("args.t == 'x'", { arguments: { t: `\u001b[2J\u202e${"a".repeat(5000)}` } });
    expect(shown).toMatch(/^ {2}args\.t = "\\u001b\[2Ja{100,200}…$/);
  });

  it.each([
    "(args.a || args.b) && !(args.c == 1.0)",
    "args.a && (args.b || args.c == 1.0)",
    "!(args.a && args.b)",
    "(args.c + 1.0) * 2.0 > 3.0 - (1.0 - 1.0)",
    "-(args.c) < 0.0",
    'args["odd key"] == "\\"quoted\\" \\\\ and \\n more"',
    "[1.0, 2.0].exists(x, x == args.c) && {'k': 1}.k == 1",
    'args.t.matches("^a\\\\d+$") && r"\\d" == "\\\\d"',
    'timestamp("2026-01-01T00:00:00Z") < request.time && request.time.getHours("UTC") == 9',
    "cel.bind(x, args.c, x > 0.5 && x < 1.5)",
    "args.a ? (args.b ? false : true) : args.b",
    "duration('1h') < duration('90m') && 5 % 3 == 2 && b'a' == b'a' && 1u < 2u",
  ])("writes a condition that means the same: %s", (text) => {
    const args = { a: true, b: false, c: 1, t: "a12", "odd key": '"quoted" \\ and \n more' };
    const [first = ""] = trace(text, { arguments: args });
    const written = first.slice(0, first.lastIndexOf(" = "));
    const value = evaluate(text, { arguments: args });
    expect([first.slice(written.length + 3), evaluate(written, { arguments: args })]).toEqual([String(value), value]);
  });
});

it("traces whatever condition to the value that decides, and never throws", () => {
  const language = createPolicyLanguage();
  const untraced = { value: undefined, error: undefined };
  fc.assert(
    fc.property(randomCondition, randomArgs, randomRoles, (text, given, roles) => {
      const compiled = language.condition(text);
      if (!compiled.ok) return;
      const input = policyInput({ arguments: given, principal: { roles } });
      const context = new CallContext(input, readSubjectFacts(input.subject));
      const decides = compiled.run(context);
      const told = traceCondition(text, language, context) ?? untraced;
      if (typeof decides === "boolean") expect(told.value).toBe(String(decides));
      else expect(["true", "false"]).not.toContain(told.value);
    }),
    { numRuns: 1000 },
  );
});

describe("an explanation", () => {
  const POLICIES = `policies:
  - { id: matches, when: args.n > 1, then: { deny: {} } }
  - { id: fails, when: args.x > 1, then: { deny: {} } }
  - { id: is-false, when: args.n > 5, then: { deny: {} } }
  - { id: trial, mode: shadow, then: { deny: {} } }
  - { id: opens-nothing, when: args.x > 1, then: { allow: {} } }
  - { id: off, enabled: false, then: { deny: {} } }
  - id: elsewhere
    target: { tools: [crm/*], upstreams: [crm], users: [bob@*], roles: [admin], groups: [it], clients: [cursor], endpoints: [finance], annotations: { readOnlyHint: true } }
    then: { deny: {} }
`;
  const explained = explainCall(
    [{ name: "p.yaml", text: POLICIES }],
    { default: "allow", flows: undefined },
    policyInput({ arguments: { n: 3 } }),
  );
  if (!explained.ok) throw new Error(JSON.stringify(explained.errors));
  const { decision, policies } = explained;

  it("says of every policy what it had to do with the call", () => {
    expect(policies.map(({ id, verdict, line }) => [id, verdict, line])).toEqual([
      ["matches", "applied", 2],
      ["fails", "applied", 3],
      ["is-false", "condition", 4],
      ["trial", "unapplied", 5],
      ["opens-nothing", "unapplied", 6],
      ["off", "disabled", 7],
      ["elsewhere", "target", 8],
    ]);
    expect(decision).toMatchObject({ effect: "deny", policy: "matches" });
  });

  it("gives the error of a policy that counts because of one", () => {
    expect(policies.find(({ id }) => id === "fails")?.error).toBe("args.x is missing");
  });

  it("names every part of a target that does not fit, and what the call has instead", () => {
    expect(policies.find(({ id }) => id === "elsewhere")?.misses).toEqual([
      { key: "tools", wanted: "crm/*", actual: "expenses/create_expense" },
      { key: "upstreams", wanted: "crm", actual: "expenses" },
      { key: "annotations", wanted: "readOnlyHint: true", actual: "readOnlyHint: false (the default)" },
      { key: "users", wanted: "bob@*", actual: "ann@example.com, u-1" },
      { key: "roles", wanted: "admin", actual: "employee" },
      { key: "groups", wanted: "it", actual: "sales" },
      { key: "clients", wanted: "cursor", actual: "claude-code, agent" },
      { key: "endpoints", wanted: "finance", actual: "/mcp itself" },
    ]);
  });

  it("of policies with mistakes is their mistakes", () => {
    const broken = explainCall(
      [{ name: "p.yaml", text: "policies: 1" }],
      { default: "allow", flows: [] },
      policyInput(),
    );
    expect(broken).toMatchObject({ ok: false, errors: [{ file: "p.yaml", line: 1 }] });
  });
});
