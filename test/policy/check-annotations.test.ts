import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";

const inputSchema = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };

function warningsOf(policy: string, own: Readonly<Record<string, readonly string[]>> = {}): readonly string[] {
  const tools = ["pay", "list"].map((name): KnownTool => {
    const annotations = { readOnlyHint: name === "list" };
    return { upstream: "bank", name, definition: { name, annotations, inputSchema }, ownHints: own[name] ?? [] };
  });
  const files = [{ name: "p.yaml", text: `policies:\n- ${policy}\n` }];
  const compiled = compilePolicies(files, { default: "deny", flows: ["f"] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { errors, warnings } = checkAgainstTools(files, tools);
  expect(errors).toEqual([]);
  return warnings.map(({ message }) => message);
}

const EFFECTS = [
  "deny: {}",
  "hide: {}",
  "step_up: { max_age: 5m }",
  "request_approval: { flow: f }",
  "rate_limit: { limit: 1, per: 1h }",
  "redact: { detect: [email] }",
];
const RESTS = [
  "target: { annotations: { readOnlyHint: false } }",
  'target: { tools: ["bank/*"], annotations: { readOnlyHint: false } }',
  "target: { upstreams: [bank], annotations: { destructiveHint: true } }",
  "when: tool.annotations.readOnlyHint != true",
  `when: 'tool["annotations"].readOnlyHint != true'`,
  "when: '!has(tool.annotations.readOnlyHint) || request.endpoint == \"\"'",
  "when: '[tool].exists(t, t.annotations.openWorldHint)'",
  "when: tool.title != 'List'",
  "when: has(tool.meta.tier) && tool.meta.tier == 2.0",
  `when: 'user.id == "x" || tool["meta"]["tier"] == 2.0'`,
];
const NAMES = [
  'target: { tools: ["bank/*", "!bank/list"] }',
  "target: { upstreams: [bank] }",
  'when: tool.name != "list"',
  "when: user.id == tool.upstream",
];

describe("a policy that goes by what servers say of their answers", () => {
  it.each([
    "'!result.is_error'",
    "result.is_error",
    `'!result["is_error"]'`,
    "'user.id == \"x\" || !result.is_error'",
    "'[result].exists(r, !r.is_error)'",
    "'cel.bind(r, result, r.is_error) == false'",
    "has(result.structured) && !result.is_error",
  ])("when: %s is warned of", (when) => {
    expect(warningsOf(`{ id: p, when: ${when}, then: { redact: { detect: [email] } } }`)).toEqual([
      expect.stringMatching(/^This policy goes by what servers say of their answers \(`result(\.is_error)?`\)/),
    ]);
  });

  it.each(["result.text.contains('x')", "result.structured.secret == true"])("when: %s is not", (when) => {
    expect(warningsOf(`{ id: p, when: ${when}, then: { redact: { detect: [email] } } }`)).toEqual([]);
  });
});

describe("a policy that rests on what servers say of their tools", () => {
  it.each(RESTS.flatMap((rests) => EFFECTS.map((then) => [rests, then])))("%s, %s: is warned of", (rests, then) => {
    expect(warningsOf(`{ id: p, ${rests}, then: { ${then} } }`)).toEqual([
      expect.stringMatching(
        /^This policy goes by what servers say .* it lets go of a tool as soon as its server says so\.$/,
      ),
    ]);
  });

  it.each(RESTS)("%s: is warned of where it allows, too", (rests) => {
    expect(warningsOf(`{ id: p, ${rests}, then: { allow: {} } }`)).toEqual([expect.stringContaining("comes to allow")]);
  });

  it.each(NAMES.flatMap((names) => EFFECTS.map((then) => [names, then])))("%s, %s: is not one", (names, then) => {
    expect(warningsOf(`{ id: p, ${names}, then: { ${then} } }`)).toEqual([]);
  });

  it.each(["tool.title", "tool.meta.account", "tool.annotations.title", '"a" + tool["title"]'])(
    "counts by a text that decides: %s",
    (text) => {
      const limit = (more: string) => warningsOf(`{ id: p, then: { rate_limit: { limit: 1, per: 1h, ${more} } } }`);
      const warned = [
        expect.stringContaining("it counts the calls of a tool otherwise as soon as its server says so."),
      ];
      expect(limit(`key: '${text}'`)).toEqual(warned);
      expect(limit(`cost: '${text} == "ax" ? 1 : 2'`)).toEqual(warned);
      expect(limit("key: tool.name")).toEqual([]);
      expect(warningsOf(`{ id: p, then: { deny: { message: 'Not {{ ${text} }}.' } } }`)).toEqual([]);
    },
  );

  const WRITES = "{ id: p, target: { annotations: { readOnlyHint: false } }, then: { deny: {} } }";
  it.each<[string, Record<string, readonly string[]>, number]>([
    ["all of its tools", { pay: ["readOnlyHint"], list: ["readOnlyHint", "openWorldHint"] }, 0],
    ["one of its tools", { pay: ["readOnlyHint"] }, 1],
    ["another hint", { pay: ["openWorldHint"], list: ["openWorldHint"] }, 1],
  ])("where the operator has set %s", (_what, own, warnings) => {
    expect(warningsOf(WRITES, own)).toHaveLength(warnings);
    const read =
      "{ id: p, when: has(tool.annotations.readOnlyHint) && tool.annotations.readOnlyHint != 1, then: { deny: {} } }";
    expect(warningsOf(read, own)).toHaveLength(warnings);
    expect(warningsOf(read.replaceAll("readOnlyHint", "title"), own)).toHaveLength(1);
  });
});
