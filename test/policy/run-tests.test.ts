import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runPolicyTests } from "../../src/policy/tests/run.ts";
import { policyTestJsonSchema } from "../../src/policy/tests/schema.ts";

const POLICIES = `policies:
  - { id: large, target: { tools: ["bank/pay"] }, when: args.amount > 10, then: { deny: { message: "Too much: {{ args.amount }}." } } }
  - { id: trial, mode: shadow, target: { tools: ["bank/*"] }, then: { deny: {} } }
  - { id: whole, target: { tools: ["bank/count"] }, when: args.n + 1 == 3, then: { deny: {} } }
  - { id: late, when: request.time.getHours("UTC") > 20, then: { deny: {} } }
  - { id: off, enabled: false, then: { deny: {} } }
`;

function run(test: string, more: { policies?: string; default?: "allow" | "deny" } = {}) {
  const policies = [{ name: "p/a.yaml", text: more.policies ?? POLICIES }];
  const tests = [{ name: "p/a.test.yaml", text: test }];
  return runPolicyTests({ policies, tests, default: more.default ?? "allow", flows: undefined });
}

/** The differences of the only test, as `what: expected / actual`. */
function differences(given: string, expected: string, head = ""): readonly string[] {
  const result = run(`${head}\ntests:\n  - { name: it, given: ${given}, expect: ${expected} }\n`);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  const [test] = result.files[0]?.tests ?? [];
  return (test?.differences ?? []).map(({ what, expected: wanted, actual }) => `${what}: ${wanted} / ${actual}`);
}

function mistakes(test: string, policies?: string): readonly string[] {
  const result = run(test, policies === undefined ? {} : { policies });
  return result.ok
    ? []
    : result.errors.map(({ line, column, message, hint }) => `${line}:${column} ${message} ${hint}`);
}

describe("a test of policies", () => {
  it.each([
    ["the effect", "{ tool: bank/pay, args: { amount: 11 } }", "{ effect: deny }"],
    ["that nothing applies", "{ tool: bank/pay, args: { amount: 10 } }", "{ effect: allow, policies: [] }"],
    ["the policies", "{ tool: bank/pay, args: { amount: 11 } }", "{ effect: deny, policies: [large] }"],
    ["the shadow", "{ tool: bank/pay, args: { amount: 10 } }", "{ effect: allow, shadow: [trial] }"],
    ["no shadow", "{ tool: shop/pay }", "{ effect: allow, shadow: [] }"],
    ["the message", "{ tool: bank/pay, args: { amount: 11 } }", '{ effect: deny, message: "much: 11" }'],
    ["a time", '{ tool: shop/pay, time: "2026-01-01T23:00:00+01:00" }', "{ effect: deny, policies: [late] }"],
    ["an error that counts", "{ tool: bank/pay }", '{ effect: deny, message: "args.amount is missing" }'],
  ])("passes for %s", (_what, given, expected) => {
    expect(differences(given, expected)).toEqual([]);
  });

  it("tells every difference", () => {
    expect(
      differences(
        "{ tool: bank/pay, args: { amount: 11 } }",
        "{ effect: step_up, policies: [late], shadow: [], message: No }",
      ),
    ).toEqual([
      "effect: step_up / deny",
      "policies: late / large",
      "shadow: none / trial",
      "message: … No … / Too much: 11.",
    ]);
    expect(differences("{ tool: shop/pay }", "{ effect: allow, message: No }")).toEqual(["message: … No … / none"]);
  });

  it("takes numbers for integers where the tool's definition does, and only there", () => {
    const tools = "tools: { bank/count: { inputSchema: { properties: { n: { type: integer } } } } }";
    const given = "{ tool: bank/count, args: { n: 1 } }";
    expect(differences(given, "{ effect: allow }", tools)).toEqual([]);
    expect(differences(given, "{ effect: deny, policies: [whole] }")).toEqual([]);
  });

  it("can set the default, and otherwise takes that of the configuration", () => {
    const test = (head: string) => `${head}tests: [{ name: it, given: { tool: a/b }, expect: { effect: deny } }]`;
    for (const result of [run(test("default: deny\n")), run(test(""), { default: "deny" })]) {
      expect(result.ok && result.files[0]?.tests[0]?.differences).toEqual([]);
    }
  });

  it("tells which policies no test matches, those that are off left out", () => {
    const result = run(
      "tests: [{ name: it, given: { tool: bank/pay, args: { amount: 11 } }, expect: { effect: deny } }]",
    );
    expect(result.ok && result.untested).toEqual(["whole", "late"]);
  });

  it("decides with the files that it names alone", () => {
    const policy = (id: string) => `policies: [{ id: ${id}, then: { deny: {} } }]`;
    const result = runPolicyTests({
      policies: [
        { name: "p/a.yaml", text: policy("a") },
        { name: "p/sub/b.yaml", text: policy("b") },
      ],
      tests: [
        {
          name: "p/sub/b.test.yaml",
          text: "files: [b.yaml]\ntests: [{ name: it, given: { tool: x/y }, expect: { effect: deny, policies: [b] } }]",
        },
      ],
      default: "allow",
      flows: undefined,
    });
    expect(result.ok && result.files[0]?.tests[0]?.differences).toEqual([]);
  });
});

describe("a mistake in a test", () => {
  const one = "name: it, given: { tool: a/b }, expect: { effect: deny }";
  it.each([
    ["an unknown key", `tests: [{ ${one} }]\ntols: {}`, "2:1 There is no key `tols` here. Did you mean `tools`?"],
    [
      "an unknown key of the call",
      "tests:\n  - name: it\n    given: { tool: a/b, arg: {} }\n    expect: { effect: deny }",
      "3:25 There is no key `arg` here. Did you mean `args`?",
    ],
    [
      "an unknown key of the user",
      "tests: [{ name: it, given: { tool: a/b, user: { role: x } }, expect: { effect: deny } }]",
      "1:49 There is no key `role` here. Did you mean `roles`?",
    ],
    [
      "an unknown key of a definition",
      `tools: { a/b: { inputschema: {} } }\ntests: [{ ${one} }]`,
      "1:17 There is no key `inputschema` here. Did you mean `inputSchema`?",
    ],
    [
      "an effect that is none",
      "tests: [{ name: it, given: { tool: a/b }, expect: { effect: refuse } }]",
      "1:61 This must be hide or deny or step_up or request_approval or allow or refused. undefined",
    ],
    [
      "a tool without its upstream",
      "tests: [{ name: it, given: { tool: pay }, expect: { effect: deny } }]",
      "1:36 Write the tool as upstream/tool, for example expenses/create_expense. Write the upstream, a slash, and the upstream's own name of the tool.",
    ],
    [
      "a time that is none",
      "tests: [{ name: it, given: { tool: a/b, time: noon }, expect: { effect: deny } }]",
      '1:47 Write the time as RFC 3339 has it: "2026-01-31T09:00:00Z". undefined',
    ],
    [
      "a policy that is none",
      "tests: [{ name: it, given: { tool: a/b }, expect: { effect: deny, policies: [larg] } }]",
      "1:78 There is no policy `larg`. Did you mean `large`?",
    ],
    [
      "a tool that is not defined",
      `tools: { a/bb: {} }\ntests: [{ ${one} }]`,
      "2:36 `tools` has no `a/b`. Did you mean `a/bb`?",
    ],
    [
      "a policy file that is none",
      `files: [b.yaml]\ntests: [{ ${one} }]`,
      "1:9 There is no policy file p/b.yaml. Did you mean `a.yaml`?",
    ],
    [
      "a name twice",
      `tests:\n  - { ${one} }\n  - { ${one} }`,
      "3:13 Another test has this name too. Names are unique in a file, so that a report says which test failed.",
    ],
    ["no tests", "tools: {}", "1:1 `tests` is missing. A file of tests holds `tests:` and a list below it."],
  ])("is told with its place: %s", (_what, text, expected) => {
    expect(mistakes(text)).toEqual([expected]);
  });

  it("is told together with all others", () => {
    const text = "tests:\n  - { given: { tool: a/b }, expect: { effect: no } }\n  - { name: x, expect: {} }";
    expect(mistakes(text).map((it) => it.split(" ")[0])).toEqual(["2:5", "2:47", "3:5", "3:24"]);
  });

  it("in the policies is told first, as their check tells it", () => {
    expect(mistakes("tests: 5", "policies: [{ id: p, when: nonsense, then: { deny: {} } }]")).toEqual([
      expect.stringMatching(/^1:27 Unknown variable: nonsense/),
    ]);
  });
});

it("has a JSON Schema for editors in schema/: otherwise run `npm run schema`", () => {
  expect(JSON.parse(readFileSync("schema/policy-test.schema.json", "utf8"))).toEqual(policyTestJsonSchema());
});

describe("a test of policies that ask somebody", () => {
  const CONSULTING = `policies:
  - { id: corp, target: { tools: [bank/pay] }, then: { authorize: { by: rules, show_reason: true } } }
  - { id: look, target: { tools: [bank/note], prompts: [bank/note], resources: ["bank/note:*"] }, then: { guard: { by: dlp } } }
  - { id: typed, target: { tools: [bank/typed] }, then: { guard: { by: arguments } } }
  - { id: no-twos, target: { tools: [bank/note] }, when: args.v == "2", then: { deny: {} } }
  - { id: addresses, target: { prompts: [bank/note], resources: ["bank/note:*"] }, then: { redact: { detect: [email] } } }
`;
  const differing = (given: string, expected: string, head = ""): readonly string[] => {
    const result = run(`${head}\ntests:\n  - { name: it, given: ${given}, expect: ${expected} }\n`, {
      policies: CONSULTING,
    });
    if (!result.ok) return result.errors.map(({ line, message, hint }) => `${line} ${message} ${hint}`);
    const [test] = result.files[0]?.tests ?? [];
    return (test?.differences ?? []).map(({ what, expected: wanted, actual }) => `${what}: ${wanted} / ${actual}`);
  };

  it.each([
    ["{ tool: bank/pay, answers: { rules: allow } }", "{ effect: allow, policies: [corp] }"],
    ["{ tool: bank/pay, answers: { rules: { deny: over budget } } }", "{ effect: deny, message: over budget }"],
    ["{ tool: bank/pay, answers: { rules: error } }", "{ effect: deny, policies: [corp] }"],
    ["{ tool: bank/note, args: { v: '1' }, answers: { dlp: pass } }", "{ effect: allow, arguments: { v: '1' } }"],
    ["{ tool: bank/note, args: { v: '1' }, answers: { dlp: deny } }", "{ effect: deny, policies: [look] }"],
    [
      "{ tool: bank/note, args: { v: '1' }, answers: { dlp: { arguments: { v: '2' } } } }",
      "{ effect: deny, policies: [look, no-twos] }",
    ],
    [
      "{ prompt: bank/note, answers: { dlp: pass }, result: { text: to ann@acme.com } }",
      "{ effect: allow, result: { text: 'to [redacted:email]' } }",
    ],
    [
      "{ resource: bank/note:1, answers: { dlp: { result: { text: by eve@acme.com } } }, result: { text: x } }",
      "{ effect: allow, result: { text: 'by [redacted:email]' } }",
    ],
    [
      "{ tool: bank/note, args: { v: '1' }, answers: { dlp: { result: { text: y } } }, result: { text: x } }",
      "{ effect: allow, result: { text: y } }",
    ],
  ])("decides %s with the answers that it gives: %s", (given, expected) => {
    expect(differing(given, expected)).toEqual([]);
  });

  it("is a mistake without the answer of somebody who is asked, and none without that of whom nobody asks", () => {
    expect(differing("{ tool: bank/pay }", "{ effect: allow }")).toEqual([
      expect.stringMatching(/^3 Say what `rules` answers\. given: \{ answers: \{ rules: … \} \}, with allow, deny/),
    ]);
    expect(differing("{ tool: bank/other }", "{ effect: allow, policies: [] }")).toEqual([]);
  });

  it.each([
    ["{ tool: bank/pay, answers: { rules: pass } }", "with allow"],
    ["{ tool: bank/pay, answers: { rules: { arguments: {} } } }", "with allow"],
    ["{ tool: bank/pay, answers: { rules: { result: { text: x } } } }", "with allow"],
    ["{ tool: bank/note, args: { v: '1' }, answers: { dlp: allow } }", "with pass"],
    ["{ tool: bank/note, args: { v: '1' }, answers: { other: pass } }", "with pass"],
  ])("is a mistake with an answer that they could not give: %s", (given, can) => {
    expect(differing(given, "{ effect: allow }")).toEqual([expect.stringContaining(can)]);
  });

  it("has the guard that is built in answer for itself", () => {
    const head = "tools: { bank/typed: { inputSchema: { type: object, properties: { n: { type: integer } } } } }";
    expect(differing("{ tool: bank/typed, args: { n: 1 } }", "{ effect: allow }", head)).toEqual([]);
    expect(differing("{ tool: bank/typed, args: { n: x } }", "{ effect: deny, policies: [typed] }", head)).toEqual([]);
  });
});
