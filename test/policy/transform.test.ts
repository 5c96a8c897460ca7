import { describe, expect, it } from "vitest";
import { parseExact, writeExact } from "../../src/core/exact-json.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createAnswers } from "../../src/policy/answer.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { explainCall } from "../../src/policy/explain/explain.ts";
import { runPolicyTests } from "../../src/policy/tests/run.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const answers = createAnswers();

/** What the policies make of these arguments: what is sent, or why the request is refused. */
function made(then: string, args: string, when = "true", more = ""): string | undefined {
  const set = policySet(`policies: [{ id: p, when: ${JSON.stringify(when)}, then: { transform: ${then} } }${more}]`);
  const { decision, transformed } = answers.of(set, policyInput({ arguments: parseExact(args) as JsonObject }));
  const failed = decision.matched.find(({ because }) => because === "error");
  if (failed !== undefined) {
    expect(decision.effect).toBe("deny");
    return failed.error;
  }
  return writeExact(transformed?.arguments ?? parseExact(args));
}

const setting = (set: JsonObject): string => JSON.stringify({ arguments: { set } });
const removing = (...remove: string[]): string => JSON.stringify({ arguments: { remove } });

describe("what a transformation writes", () => {
  it.each([
    ["'EUR'", '"EUR"'],
    ["1", "1"],
    ["9007199254740993", "9007199254740993"],
    ["0.1 + 0.2", "0.30000000000000004"],
    ["-0.0", "0"],
    ["args.n", "1.5"],
    ["args.n * 2.0", "3"],
    ["null", "null"],
    ["[{'a': [args.o]}, {'a': [args.o]}]", '[{"a":[{"b":1}]},{"a":[{"b":1}]}]'],
    ["timestamp('2026-01-02T03:04:05Z')", '"2026-01-02T03:04:05.000Z"'],
    ["user.roles", '["employee"]'],
  ])("is the value of %s as JSON", (text, value) => {
    expect(made(setting({ x: text }), '{"n":1.50,"o":{"b":1}}')).toBe(
      `{"n":${writeExact(parseExact("1.50"))},"o":{"b":1},"x":${value}}`,
    );
  });

  it.each([
    ["1.0 / 0.0", "it is a number that JSON does not have"],
    ["b'x'", "it has no JSON form"],
    ["1u", "it is an unsigned number: write int(…) around it"],
    ["duration('1s')", "it has no JSON form"],
    ["args.gone", "args.gone is missing"],
    ["args.big", "a number has more digits than a double"],
    [`[${"args.long,".repeat(10)}args.long]`, "it is more than a request may hold"],
  ])("is not %s, which refuses the request", (text, why) => {
    const long = "x".repeat(500_000);
    expect(made(setting({ x: text }), `{"big":9007199254740993,"long":"${long}"}`)).toBe(`arguments.set.x: ${why}`);
  });

  it.each([
    [setting({ a: "2" }), '{"a":1,"b":1}', '{"a":2,"b":1}'],
    [setting({ "a.b.c": "2" }), "{}", '{"a":{"b":{"c":2}}}'],
    [setting({ "/a.b/~1~0": "2" }), '{"a":{"b":1}}', '{"a":{"b":1},"a.b":{"/~":2}}'],
    [setting({ "a.b": "2" }), '{"a":[]}', "arguments.set.a.b: something on the way is no object"],
    [setting({ "a.b": "2" }), '{"a":null}', "arguments.set.a.b: something on the way is no object"],
    [setting({ constructor: "2", "toString.name": "3" }), "{}", '{"constructor":2,"toString":{"name":3}}'],
    [removing("a"), '{"a":1,"b":1}', '{"b":1}'],
    [removing("a.b", "gone.too"), '{"a":{"b":1,"c":2}}', '{"a":{"c":2}}'],
    [removing("a.b"), '{"a":"b"}', "a.b: something on the way is no object"],
    ['{ arguments: { set: { a: "args.b", b: "args.a" } } }', '{"a":1,"b":2}', '{"a":2,"b":1}'],
  ])("%s makes of %s %s", (then, args, sent) => {
    expect(made(then, args)).toBe(sent);
  });

  it("is evaluated on what the policies before have made of it, and decided on by all others", () => {
    const more = `,
      { id: q, when: args.n == 2, then: { transform: { arguments: { set: { n: args.n + 1.0 } } } } },
      { id: s, mode: shadow, then: { transform: { arguments: { set: { n: "7" } } } } },
      { id: d, when: args.n != 3, then: { deny: {} } }`;
    expect(made(setting({ n: "2.0" }), '{"n":1}', "args.n == 1", more)).toBe('{"n":3}');
  });

  it("is nothing where the condition cannot be evaluated: the request is refused", () => {
    expect(made(setting({ n: "2" }), "{}", "args.n > 1")).toBe("args.n is missing");
  });

  it("costs nothing where no policy transforms what is asked for", () => {
    const set = policySet(
      "policies: [{ id: p, target: { tools: [other/*] }, then: { transform: { arguments: { set: { n: '1' } } } } }]",
    );
    const input = policyInput({ arguments: { n: 2 } });
    expect(set.transform(input)).toBeUndefined();
    expect(answers.of(set, input).transformed).toBeUndefined();
  });

  it("is not written again where people have approved it", () => {
    const set = policySet("policies: [{ id: p, then: { transform: { arguments: { set: { n: args.n + 1.0 } } } } }]");
    expect(answers.of(set, policyInput({ arguments: { n: 2 } }), true).transformed).toBeUndefined();
  });

  it("is no more than a client could send", () => {
    const deep = "args.a".padStart(6 + 40, "[").padEnd(6 + 80, "]");
    expect(made(setting({ "a.b.c": deep }), `{"a":${"[".repeat(8)}${"]".repeat(8)}}`)).toMatch(/arguments|nested/);
  });
});

describe("mistakes in a transformation", () => {
  const mistakes = (policy: string): readonly string[] => {
    const compiled = compilePolicies([{ name: "p.yaml", text: `policies: [{ id: p, ${policy} }]` }], {
      ...{ default: "allow", flows: [] },
    });
    return compiled.ok ? [] : compiled.errors.map(({ message }) => message);
  };
  const then = (set: string) => `then: { transform: { arguments: { set: { ${set} } } } }`;
  it.each([
    [then('__proto__: "1"'), "Nothing can be called `__proto__`"],
    [then('a..b: "1"'), "has an empty name in it"],
    [then('.a: "1"'), "has an empty name in it"],
    [then('"/~2": "1"'), "is no JSON Pointer"],
    [then('a: "1", a.b: "1"'), "by another line of this policy"],
    [then('a: "result.text"'), "is not known before the call"],
    [then('a: "1 +"'), ""],
    [then('a: "{1: 2}"'), "must be strings"],
    [then("a: \"{'__proto__': 2}\""), "cannot be used in a map"],
    ["then: { transform: {} }", "Give arguments"],
    ["then: { transform: { arguments: {} } }", "Give set, remove or both"],
    ["then: { transform: { arguments: { set: {} } } }", "Name at least one"],
    [`target: { resources: ["*"] }, ${then('a: "1"')}`, "The reading of a resource has nothing"],
    [`target: { tools: ["*"], resources: ["*"] }, ${then('a: "1"')}`, "The reading of a resource has nothing"],
    [`target: { methods: [completion/complete] }, ${then('a: "1"')}`, "completion/complete has nothing"],
  ])("%s", (policy, message) => {
    expect(mistakes(policy).join("\n")).toContain(message);
    expect(mistakes(policy)).not.toEqual([]);
  });

  it("are about calls of tools where nothing else is named, and about prompts where they are", () => {
    const scope = (target: string) =>
      policySet(`policies: [{ id: p, ${target}${then('a: "1"')} }]`).policies[0]?.scope.methods;
    expect(scope("")).toEqual(["tools/call"]);
    expect(scope('target: { prompts: ["*"] }, ')).toEqual(["prompts/get"]);
    expect(scope('target: { tools: ["*"], prompts: ["*"] }, ')).toEqual(["tools/call", "prompts/get"]);
  });
});

describe("an explanation, and a test", () => {
  const POLICIES = [
    {
      name: "p.yaml",
      text: `policies:
  - { id: cap, when: args.n > 9, then: { transform: { arguments: { set: { n: "9" } } } } }
  - { id: much, when: args.n > 9, then: { deny: {} } }
`,
    },
  ];

  it("tells each policy's reason by what it saw", () => {
    const explained = explainCall(POLICIES, { default: "allow", flows: [] }, policyInput({ arguments: { n: 10 } }));
    if (!explained.ok) throw new Error("It does not compile.");
    expect(explained.decision.effect).toBe("allow");
    expect(explained.policies).toMatchObject([
      { id: "cap", verdict: "applied", trace: { value: "true" } },
      { id: "much", verdict: "condition", trace: { value: "false" } },
    ]);
  });

  it("names what the server gets", () => {
    const run = (args: string) =>
      runPolicyTests({
        policies: POLICIES,
        tests: [
          {
            name: "p.test.yaml",
            text: `tests: [{ name: t, given: { tool: a/b, args: { n: 10 } }, expect: { effect: allow, arguments: ${args} } }]`,
          },
        ],
        ...{ default: "allow", flows: [] },
      });
    const differences = (args: string) => {
      const ran = run(args);
      return ran.ok ? ran.files.flatMap(({ tests }) => tests.flatMap((test) => test.differences)) : ran.errors;
    };
    expect(differences("{ n: 9 }")).toEqual([]);
    expect(differences("{ n: 10 }")).toEqual([{ what: "arguments", expected: '{"n":10}', actual: '{"n":9}' }]);
  });
});
