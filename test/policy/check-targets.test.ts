import { describe, expect, it } from "vitest";
import { checkAgainstTools, type ToolCheck } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";

const tool = (path: string, readOnlyHint: boolean): KnownTool => {
  const [upstream = "", name = ""] = path.split("/");
  return { upstream, name, definition: { name, annotations: { readOnlyHint } } };
};
const TOOLS = [
  tool("expenses/create_expense", false),
  tool("expenses/list_expenses", true),
  tool("crm/delete_customer", false),
  tool("crm/find_customer", true),
];

const textOf = (policies: readonly string[]): string => `policies:\n${policies.map((it) => `- ${it}\n`).join("")}`;

function check(...policies: readonly string[]): ToolCheck {
  const files = [{ name: "p.yaml", text: textOf(policies) }];
  const compiled = compilePolicies(files, { default: "allow", flows: undefined });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return checkAgainstTools(files, TOOLS);
}

const shown = ({ line, column, message, hint }: ToolCheck["errors"][number]): string =>
  `${line}:${column} ${message}${hint === undefined ? "" : ` ${hint}`}`;

describe("a target", () => {
  it.each([
    ['["expenses/*"]'],
    ['["*_expense*", "crm/find_customer"]'],
    ['["crm/*", "!crm/delete_customer"]'],
    ['["!crm/delete_*"]'],
  ])("may name tools as %s", (tools) => {
    const { errors, warnings } = check(`{ id: p, target: { tools: ${tools} }, then: { deny: {} } }`);
    expect([...errors, ...warnings]).toEqual([]);
  });

  it.each([
    [
      'tools: ["expenses/create_expanse"]',
      '"expenses/create_expanse" No known tool fits `expenses/create_expanse`. Did you mean `expenses/create_expense`?',
    ],
    [
      'tools: ["crm/*", "expense/*"]',
      '"expense/*" There is no upstream `expense` with tools. Did you mean `expenses/*`?',
    ],
    ['tools: ["payroll/x"]', '"payroll/x" There is no upstream `payroll` with tools. Known are crm, expenses.'],
    [
      'tools: ["crm/remove_*"]',
      '"crm/remove_*" No known tool fits `crm/remove_*`. `crm` has crm/delete_customer, crm/find_customer.',
    ],
    [
      'tools: ["find_customer"]',
      '"find_customer" No known tool fits `find_customer`. Did you mean `crm/find_customer`?',
    ],
    ["upstreams: [cmr]", "cmr] There is no upstream `cmr` with tools. Did you mean `crm`?"],
    [
      'tools: ["crm/delete_customer"], annotations: {readOnlyHint: true}',
      "{readOnlyHint: No known tool fits this target: each of its keys fits some, and together they fit none.",
    ],
    [
      'tools: [crm/*, "!crm/*"]',
      "[crm/*, No known tool fits this target: each of its keys fits some, and together they fit none.",
    ],
  ])("is told that it fits no tool: %s", (target, problem) => {
    const policy = `{ id: p, target: { ${target} }, then: { deny: {} } }`;
    const [entry] = problem.split(" ");
    const start =
      textOf([policy])
        .split("\n")[1]
        ?.indexOf(entry ?? "") ?? 0;
    expect(check(policy).errors.map(shown)).toEqual([problem.replace(entry ?? "", `2:${start + 1}`)]);
  });

  it("is told of an exclusion that excludes nothing", () => {
    const { errors, warnings } = check('{ id: p, target: { tools: ["crm/*", "!crm/remove"] }, then: { deny: {} } }');
    expect(errors).toEqual([]);
    expect(warnings.map(shown)).toEqual([
      "2:39 `!crm/remove` excludes nothing: no known tool fits it. `crm` has crm/delete_customer, crm/find_customer.",
    ]);
  });

  it.each([
    ["deny: {}", "crm/delete_custome", "Did you mean `crm/delete_customer`?"],
    ["deny: {}", "!crm/delete_custome", "`crm` has crm/delete_customer, crm/find_customer."],
    ["allow: {}", "crm/delete_custome", "`crm` has crm/delete_customer, crm/find_customer."],
    ["allow: {}", "!crm/delete_custome", "Did you mean `crm/delete_customer`?"],
    ["redact: { detect: [email] }", "delete_customer", "Did you mean `crm/delete_customer`?"],
    ["allow: {}", "delete_customer", "Tools are named as upstream/tool."],
    ["deny: {}", "cmr/delete_customer", "Did you mean `crm/delete_customer`?"],
    ["allow: {}", "cmr/delete_customer", "Known are crm, expenses."],
    [
      "deny: {}",
      "crm/{delete_customer,find_customer}",
      "Globs know `*` and `?` and nothing else: a list has an entry for each name.",
    ],
    [
      "deny: {}",
      "crm/(delete|find)_customer",
      "Globs know `*` and `?` and nothing else: a list has an entry for each name.",
    ],
  ])("is told only of names by which no call gets further: %s of %s", (then, entry, hint) => {
    const { errors, warnings } = check(`{ id: p, target: { tools: [${JSON.stringify(entry)}] }, then: { ${then} } }`);
    expect([...errors, ...warnings].map((problem) => problem.hint)).toEqual([hint]);
  });

  it("of a policy that is off is not looked at", () => {
    expect(check("{ id: p, enabled: false, target: { upstreams: [cmr] }, then: { deny: {} } }").errors).toEqual([]);
  });
});

describe("a policy that another one makes idle", () => {
  const ALL = '{ id: all, target: { tools: ["crm/*"] }, then: { deny: {} } }';
  // Some of these go by annotations, which is warned of, too.
  const idle = (...policies: readonly string[]) =>
    check(...policies)
      .warnings.map(shown)
      .filter((text) => !text.includes("goes by what servers say"));
  const warning = (line: number, by: string, at: number, does = "denies all") =>
    `${line}:9 This policy never takes effect: \`${by}\` (p.yaml:${at}) ${does} of its calls. Remove this one, or leave both: a narrower target of the other one lets calls through.`;

  it.each([
    ["an allow", "then: { allow: {} }"],
    ["an approval", "then: { request_approval: { flow: f } }"],
    ["a sign-in", "then: { step_up: { max_age: 5m } }"],
    ["a limit", "then: { rate_limit: { limit: 1, per: 1d } }"],
    ["a redaction", "then: { redact: { detect: [email] } }"],
    ["a narrower caller", "then: { allow: {} }, target: { tools: [crm/delete_customer], roles: [cfo] }"],
    ["tools named otherwise", "then: { allow: {} }, target: { upstreams: [crm], annotations: { readOnlyHint: true } }"],
  ])("is told of: %s", (_what, rest) => {
    const target = rest.includes("target") ? "" : "target: { upstreams: [crm], methods: [tools/call] }, ";
    expect(idle(`{ id: p, ${target}${rest} }`, ALL)).toEqual([warning(2, "all", 3)]);
  });

  it("is told of a denial that another one hides", () => {
    expect(idle(ALL, "{ id: h, then: { hide: {} } }")).toEqual([warning(2, "h", 3, "hides the tools")]);
  });

  it("is told of the later one of two that deny the same", () => {
    expect(idle(ALL, ALL.replace("all", "two"))).toEqual([warning(3, "all", 2)]);
    expect(idle(ALL, ALL.replace("all,", "two, when: args.x == 1,"))).toEqual([warning(3, "all", 2)]);
    expect(idle(ALL.replace("all,", "two, when: args.x == 1,"), ALL)).toEqual([]);
  });

  it("counts a condition that is true for none", () => {
    expect(
      idle(
        ALL.replace("all,", 'all, when: "true",'),
        "{ id: p, target: { upstreams: [crm], methods: [tools/call] }, then: { allow: {} } }",
      ),
    ).toEqual([warning(3, "all", 2)]);
  });

  it.each([
    ["the denial has a condition", "id: all, when: args.x == 1", ""],
    ["the denial is in shadow", "id: all, mode: shadow", ""],
    ["the denial is off", "id: all, enabled: false", ""],
    ["the policy is in shadow", "id: all", "mode: shadow, "],
    ["the denial is for some callers", "id: all, target: { roles: [cfo] }", ""],
    ["the denial leaves a tool out", 'id: all, target: { tools: ["!crm/find_customer"] }', ""],
  ])("is told of nothing where %s", (_what, denial, policy) => {
    const one = `{ id: p, ${policy}target: { upstreams: [crm] }, then: { allow: {} } }`;
    expect(idle(`{ ${denial}, then: { deny: {} } }`, one)).toEqual([]);
  });

  it.each([
    ["[cfo]", "[cfo]", true],
    ['["c*"]', "[cfo, ceo]", true],
    ['["c*"]', '["cf*"]', true],
    ['["!x"]', '["!x", "!y"]', true],
    ['["!x"]', '["a", "!x"]', true],
    ['["!x"]', "[a]", false],
    ["[cfo]", '["c*"]', false],
    ['["c?"]', '["c*"]', false],
    ["[cfo]", '["!x"]', false],
  ])("compares callers by their patterns: %s and %s", (wide, narrow, covered) => {
    const [denial, other] = [
      `{ id: all, target: { roles: ${wide} }, then: { deny: {} } }`,
      `{ id: p, target: { roles: ${narrow} }, then: { allow: {} } }`,
    ];
    expect(idle(denial, other)).toHaveLength(covered ? 1 : 0);
  });

  it("is not idle because of a sign-in or an approval: they go on once they are given", () => {
    expect(
      idle("{ id: s, then: { step_up: { max_age: 5m } } }", "{ id: a, then: { request_approval: { flow: f } } }"),
    ).toEqual([]);
  });
});

describe("what policies are about", () => {
  it("is counted by tool and by policy", () => {
    const { coverage } = check(
      "{ id: off, enabled: false, then: { deny: {} } }",
      "{ id: writes, target: { upstreams: [expenses], annotations: { readOnlyHint: false } }, then: { deny: {} } }",
      '{ id: seen, mode: shadow, target: { tools: ["crm/*"] }, then: { deny: {} } }',
      '{ id: mask, target: { tools: ["*/*find*", "expenses/list_*"] }, then: { redact: { detect: [email] } } }',
    );
    expect(coverage).toEqual({
      tools: 4,
      covered: 1,
      uncovered: ["crm/delete_customer", "crm/find_customer", "expenses/list_expenses"],
      only_shadow: ["crm/delete_customer", "crm/find_customer"],
      only_redact_or_limit: ["crm/find_customer", "expenses/list_expenses"],
      by_policy: { writes: 1, seen: 2, mask: 2 },
    });
  });
});
