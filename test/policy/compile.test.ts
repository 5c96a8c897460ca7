import { describe, expect, it } from "vitest";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { formatPolicyError } from "../../src/policy/file/format-error.ts";
import { mistakes } from "../support/policy-inputs.ts";

describe("mistakes in a policy file", () => {
  it.each<[what: string, text: string, expected: string[]]>([
    ["nothing in it", "", ["1:1 This must be a map of keys and values."]],
    ["no list", "policies:\n", ["1:10 This must be a list."]],
    ["another key", "policy: []\n", ["1:1 `policies` is missing.", "1:1 There is no key `policy` here."]],
    ["an entry that is a text", "policies: [deny]\n", ["1:12 This must be a map of keys and values."]],
    ["no effect", "policies:\n  - id: p\n", ["2:5 `then` is missing."]],
    [
      "two effects",
      "policies: [{ id: p, then: { deny: {}, allow: {} } }]",
      [
        "1:27 Give exactly one of hide, deny, step_up, request_approval, allow, rate_limit, redact, authorize, guard, transform.",
      ],
    ],
    [
      "a misspelt key",
      "policies:\n  - id: p\n    taget: {}\n    then: { deny: {} }\n",
      ["3:5 There is no key `taget` here."],
    ],
    [
      "a misspelt target",
      "policies: [{ id: p, target: { tool: [x] }, then: { deny: {} } }]",
      ["1:31 There is no key `tool` here."],
    ],
    [
      "a misspelt annotation",
      "policies: [{ id: p, target: { annotations: { readonlyHint: true } }, then: { deny: {} } }]",
      ["1:46 There is no key `readonlyHint` here."],
    ],
    [
      "an empty list",
      "policies: [{ id: p, target: { roles: [] }, then: { deny: {} } }]",
      ["1:38 This must not be empty."],
    ],
    [
      "a list that is a text",
      "policies: [{ id: p, target: { roles: cfo }, then: { deny: {} } }]",
      ["1:38 This must be a list."],
    ],
    [
      "a bad id",
      "policies: [{ id: Large Expenses, then: { deny: {} } }]",
      ["1:18 An id is made of a-z, 0-9 and -, and starts with a letter or a digit."],
    ],
    ["an id that is a number", "policies: [{ id: 7, then: { deny: {} } }]", ["1:18 This must be a text."]],
    [
      "a condition that is no text",
      "policies: [{ id: p, when: true, then: { deny: {} } }]",
      ["1:27 This must be a text."],
    ],
    ["a bare effect", "policies: [{ id: p, then: { deny: } }]", ["1:35 This must be a map of keys and values."]],
    [
      "an unknown mode",
      "policies: [{ id: p, mode: audit, then: { deny: {} } }]",
      ["1:27 This must be enforce or shadow."],
    ],
    [
      "a step-up that asks for nothing",
      "policies: [{ id: p, then: { step_up: {} } }]",
      ["1:38 Give acr, amr, max_age or scopes."],
    ],
    [
      "scopes without the way to them",
      "policies: [{ id: p, then: { step_up: { scopes: [pay] } } }]",
      ["1:38 Give scopes and via: scope together."],
    ],
    [
      "two contexts in one value",
      "policies: [{ id: p, then: { step_up: { acr: [mfa hwk] } } }]",
      ["1:46 A value has no spaces: give several as a list."],
    ],
    [
      "a challenge that no new token could meet",
      "policies: [{ id: p, then: { step_up: { acr: [mfa], per: call, challenge: rfc9470 } } }]",
      ["1:38 A new token serves the whole session: challenge goes with per: session only."],
    ],
    [
      "a duration without a unit",
      'policies: [{ id: p, then: { step_up: { max_age: "5" } } }]',
      ["1:49 Write a duration with its unit: 90s, 5m, 1h or 1d."],
    ],
    [
      "an unknown flow",
      "policies: [{ id: p, then: { request_approval: { flow: fnance } } }]",
      ["1:55 There is no approval flow `fnance`."],
    ],
    ["no flow", "policies: [{ id: p, then: { request_approval: {} } }]", ["1:47 `flow` is missing."]],
    ["an unknown effect", "policies: [{ id: p, then: { mask: {} } }]", ["1:29 There is no key `mask` here."]],
    ["a key twice", "policies: [{ id: p, id: q, then: { deny: {} } }]", ["1:21 This key is here twice."]],
    [
      "a tag",
      "policies:\n  - id: p\n    when: !has(args.x)\n    then: { deny: {} }\n",
      ["3:11 YAML reads `!` as the start of a tag."],
    ],
    [
      "a quoted start",
      'policies:\n  - id: p\n    when: "a" in user.roles\n    then: { deny: {} }\n',
      ["3:15 This is not valid YAML: Unexpected scalar at node end."],
    ],
    ["several documents", "policies: []\n---\npolicies: []\n", ["2:1 The file holds several YAML documents."]],
  ])("%s", (_what, text, expected) => {
    expect(mistakes(text)).toEqual(expected);
  });

  it.each<[then: string, expected: readonly string[]]>([
    ["hide: { message: x }", ["1:37 There is no key `message` here."]],
    [
      "hide: {}, deny: {}",
      [
        "1:27 Give exactly one of hide, deny, step_up, request_approval, allow, rate_limit, redact, authorize, guard, transform.",
      ],
    ],
    ["rate_limit: {}", ["1:41 `limit` is missing.", "1:41 `per` is missing."]],
    ["rate_limit: { limit: 0, per: 1m }", ["1:50 This must be more than 0."]],
    ["rate_limit: { limit: many, per: 1m }", ["1:50 This must be a number."]],
    ["rate_limit: { limit: 1, per: daily }", ["1:58 Write a duration with its unit: 90s, 5m, 1h or 1d."]],
    ["rate_limit: { limit: 1, per: 1h, by: [team] }", ["1:67 This must be user or client or tool."]],
    ["rate_limit: { limit: 1, per: 1h, key: agrs.x }", ["1:67 Unknown variable: agrs."]],
    ['rate_limit: { limit: 1, per: 1h, cost: "args.x +" }', ["1:77 Unexpected end."]],
    ["rate_limit: { limit: 1, per: 1h, cost: result.text }", ["1:68 `result.text` is not known before the call."]],
    ["redact: { binary: pass }", ["1:37 Give detect, paths or both, or binary: withhold."]],
    ["redact: {}", ["1:37 Give detect, paths or both, or binary: withhold."]],
    [
      "redact: { detect: [creditcard] }",
      ["1:48 This must be credit_card or email or phone or iban or us_ssn or jwt or private_key or cloud_key."],
    ],
    ["redact: { detect: [] }", ["1:47 This must not be empty."]],
    ["redact: { detect: [email], with: mask }", ["1:62 This must be replace or hash or drop."]],
    ["deny: { message: 'It said {{ result.text }}.' }", ["1:46 `result.text` is not known before the call."]],
  ])("then: { %s }", (then, expected) => {
    expect(mistakes(`policies: [{ id: p, then: { ${then} } }]`)).toEqual(expected);
  });

  it("refuses a path that is no JSONPath, at the place in it", () => {
    const [only, ...others] = mistakes("policies: [{ id: p, then: { redact: { paths: [$.a, '$.b[', $..c] } } }]");
    expect(others).toEqual([]);
    expect(only).toMatch(/^1:(5[2-9]) /);
  });

  it.each<[when: string, expected: readonly string[]]>([
    ["args.x == 1", ["1:27 What is hidden is hidden before there is a request"]],
    ["request.time > timestamp('2026-01-01T00:00:00Z')", ["1:27 What is hidden is hidden before there is a request"]],
    ["request.headers.x == 'y'", ["1:27 What is hidden is hidden before there is a request"]],
    ['"cfo" in user.roles && request.endpoint == "x" && client.name == "y" && tool.annotations.readOnlyHint', []],
  ])("hides by what is known before a call: %s", (when, expected) => {
    const told = mistakes(`policies: [{ id: p, when: ${JSON.stringify(when)}, then: { hide: {} } }]`);
    expect(told).toHaveLength(expected.length);
    expected.forEach((text, index) => {
      expect(told[index]).toContain(text);
    });
  });

  it.each([
    ["!", "Write what is excluded after one `!`."],
    ["!!crm/*", "Write what is excluded after one `!`."],
    [" crm/*", "Remove the spaces at its ends: nothing has such a name."],
    ["crm/* ", "Remove the spaces at its ends: nothing has such a name."],
    ["! crm/*", "Remove the spaces at its ends: nothing has such a name."],
  ])("refuses the entry %j of a target, which could never fit", (entry, message) => {
    const text = `policies: [{ id: p, target: { tools: [${JSON.stringify(entry)}] }, then: { deny: {} } }]`;
    expect(mistakes(text)).toEqual([`1:39 ${message}`]);
  });

  it.each<[what: string, text: string]>([
    ["ids", `policies:\n${"  - { id: p, then: { deny: {} } }\n".repeat(300)}`],
    ["entries", `policies: [${"1,".repeat(300)}]`],
    ["unknown keys", `{policies: [], ${Array.from({ length: 300 }, (_, at) => `k${at}: 1`).join(", ")}}`],
    ["texts", `policies: [{ id: p, then: { deny: { message: "${"{{ x }}".repeat(300)}" } } }]`],
    ["paths", `policies: [{ id: p, then: { redact: { paths: [${'"$[", '.repeat(300)}] } } }]`],
  ])("tells a hundred mistakes, and that there are more: %s", (_what, text) => {
    const told = mistakes(text);
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toContain("There are more mistakes than these 100.");
  });

  it("tells all mistakes of all files at once, in the order of the files", () => {
    const b = "policies:\n  - { id: Bad, when: agrs.x, then: { deny: {} } }\n  - { id: dup, then: { allow: {} } }\n";
    const a = "policies:\n  - { id: dup, then: { deny: { message: '{{ x }}' } } }\n  - { id: q, then: { hyde: {} } }\n";
    const files = [
      { name: "b.yaml", text: b },
      { name: "a.yaml", text: a },
      { name: "c.yaml", text: "[]" },
    ];
    const compiled = compilePolicies(files, { default: "allow", flows: [] });
    const told = compiled.ok ? [] : compiled.errors.map((it) => `${it.file}:${it.line}:${it.column} ${it.message}`);
    expect(told).toEqual([
      "a.yaml:2:45 Unknown variable: x.",
      "a.yaml:3:22 There is no key `hyde` here.",
      "b.yaml:2:11 An id is made of a-z, 0-9 and -, and starts with a letter or a digit.",
      "b.yaml:2:22 Unknown variable: agrs.",
      "b.yaml:3:11 The id `dup` is taken by a.yaml:2.",
      "c.yaml:1:1 This must be a map of keys and values.",
    ]);
  });

  it("survives a bomb of aliases", () => {
    const text = `a: &a [x, x, x, x, x, x, x, x, x]\n${["b", "c", "d", "e", "f", "g"]
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdef"[i]}`).join(", ")}]`)
      .join("\n")}\npolicies: []\n`;
    expect(mistakes(text)[0]).toContain("The file holds more than 100,000 values and names.");
  });
});

describe("the place of a mistake inside a condition", () => {
  it.each<[style: string, yaml: string, place: string]>([
    ["plain", "when: args.a > 1 && agrs.b", "3:25"],
    ["plain over lines", "when: args.a > 1 &&\n\n      agrs.b", "5:7"],
    ["single quotes", "when: 'args.a == \"it''s\" && agrs.b'", "3:33"],
    ["double quotes", 'when: "args.a == \\"\\u0041\\x42\\" && agrs.b"', "3:40"],
    ["double quotes over lines", 'when: "args.a &&\\\n        args.c && \n      agrs.b"', "5:7"],
    ["literal block", "when: |\n      args.a &&\n        args.c &&\n\n      agrs.b", "7:7"],
    ["literal block, strip, comment", "when: |- # why\n      args.a && agrs.b", "4:17"],
    ["folded block", "when: >-\n      args.a &&\n      args.c\n\n      && agrs.b", "7:10"],
    ["folded block, more indented", "when: >\n      args.a &&\n         args.c &&\n      agrs.b", "6:7"],
    ["literal block with an indicator", "when: |2\n        args.a &&\n      agrs.b", "5:7"],
  ])("is exact in %s", (_style, yaml, place) => {
    expect(mistakes(`policies:\n  - id: p\n    ${yaml}\n    then: { deny: {} }\n`)).toEqual([
      `${place} Unknown variable: agrs.`,
    ]);
  });

  it("is exact with Windows line ends and for aliases", () => {
    expect(
      mistakes(
        "policies:\r\n  - id: p\r\n    when: |\r\n      args.a &&\r\n      agrs.b\r\n    then: { deny: {} }\r\n",
      ),
    ).toEqual(["5:7 Unknown variable: agrs."]);
    const text =
      "policies:\n  - { id: p, when: &c agrs.b, then: { deny: {} } }\n  - { id: q, when: *c, then: { deny: {} } }\n";
    expect(mistakes(text)).toEqual(["2:23 Unknown variable: agrs.", "2:23 Unknown variable: agrs."]);
  });

  it("is exact in a message", () => {
    expect(mistakes('policies: [{ id: p, then: { deny: { message: "A \\" {{ args.x }} {{ agrs.y }}" } } }]')).toEqual([
      "1:68 Unknown variable: agrs.",
    ]);
  });
});

describe("a mistake as its author sees it", () => {
  it("shows place, line, caret and what to write", () => {
    const text = "policies:\n  - id: p\n    when: args.amount > 1 && has(user.rolse)\n    then: { deny: {} }\n";
    const compiled = compilePolicies([{ name: "policies/p.yaml", text }], { default: "allow", flows: [] });
    if (compiled.ok) throw new Error("It compiled.");
    const [error] = compiled.errors;
    expect(error && formatPolicyError(error, text)).toBe(
      [
        "policies/p.yaml:3:34: `user` has no field `rolse`.",
        "  3 |     when: args.amount > 1 && has(user.rolse)",
        "    |                                  ^",
        "  Did you mean `user.roles`?",
      ].join("\n"),
    );
  });

  it("stands right below tabs and in the middle of a long line", () => {
    const at = (column: number) => ({ file: "f", line: 1, column, message: "m", hint: undefined });
    expect(formatPolicyError(at(3), "\t\tx").split("\n")[2]).toBe("    | \t\t^");
    const long = `${"a".repeat(500)}!${"b".repeat(500)}`;
    const [, shown = "", caret = ""] = formatPolicyError(at(501), long).split("\n");
    expect(shown[caret.indexOf("^")]).toBe("!");
    expect(shown.length).toBeLessThan(200);
  });
});
