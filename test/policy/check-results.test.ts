import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type CheckScope, checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";
import { findsNothingAnywhere } from "../../src/policy/tool-schemas/result-places.ts";
import { compilePath } from "../../src/redaction/json-path.ts";
import { FoldedNames } from "../../src/redaction/member-names.ts";

const text = { type: "string" };
const outputSchema: JsonObject = {
  type: "object",
  additionalProperties: false,
  required: ["customer"],
  properties: {
    customer: { type: "object", additionalProperties: false, properties: { ssn: text, notes: text } },
    rows: { type: "array", items: { type: "object", properties: { card: text, kind: text } } },
    pair: { type: "array", maxItems: 2, items: text },
    free: { type: "object" },
    tags: { type: "object", patternProperties: { "^x-": text }, additionalProperties: false },
    tree: { $ref: "#/$defs/node" },
    n: { type: "integer", minimum: 0, maximum: 10 },
    kind: { enum: ["a", "b"] },
  },
  $defs: {
    node: {
      type: "object",
      additionalProperties: false,
      properties: { name: text, children: { type: "array", items: { $ref: "#/$defs/node" } } },
    },
  },
};
const tool = (name: string, definition: JsonObject): KnownTool => ({
  upstream: "srv",
  name,
  definition: { name, inputSchema: { type: "object" }, ...definition },
});
const READ = tool("read", { outputSchema });
const OTHER = tool("other", {
  outputSchema: { type: "object", additionalProperties: false, properties: { orders: { type: "array", items: text } } },
});
const FREE = tool("free", {});

function check(policy: string, tools: readonly KnownTool[] = [READ], scope: CheckScope = {}) {
  const files = [{ name: "p.yaml", text: `policies:\n- ${policy}\n` }];
  const compiled = compilePolicies(files, { default: "allow", flows: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { errors, warnings } = checkAgainstTools(files, tools, scope);
  const shown = ({ message, hint }: (typeof errors)[number]) => `${message}${hint === undefined ? "" : ` ${hint}`}`;
  return { errors: errors.map(shown), warnings: warnings.map(shown) };
}
const redacting = (path: string, tools?: readonly KnownTool[], scope?: CheckScope) =>
  check(`{ id: p, then: { redact: { paths: [${JSON.stringify(path)}] } } }`, tools, scope);
const deciding = (when: string, tools?: readonly KnownTool[]) =>
  check(`{ id: p, when: ${JSON.stringify(when)}, then: { redact: { detect: [email] } } }`, tools);
const NONE = { errors: [], warnings: [] };

const LIVE = [
  "$.customer.ssn",
  "$.Customer.SSN",
  "$['customer']['ssn', 'snn']",
  "$.customer.*",
  "$..ssn",
  "$..card",
  "$.rows[*].card",
  "$.rows[0:5].card",
  "$.rows[-1].card",
  "$.rows[?@.kind=='x'].card",
  "$.rows[?@.kind=='x' && $.n > 1].card",
  "$.rows[::-1].card",
  "$.pair[1]",
  "$.pair[-2]",
  "$.free.anything[3].at.all",
  "$.free..whatever",
  "$..whatever",
  "$.tags['x-secret']",
  "$.tree.children[*].children[*].name",
  "$.tree..name",
  "$.*",
];

const DEAD: readonly (readonly [path: string, told: string])[] = [
  ["$.custmer.ssn", "`$` has customer, rows"],
  ["$.customer.snn", "`$.customer` has ssn, notes."],
  ["$.customer['snn', 'x']", "finds nothing"],
  ["$.rows.card", "`$.rows` is a list: `$.rows[*]` are its items."],
  ["$.rows[*].crd", "`$.rows[*]` has card, kind."],
  ["$.rows[0:].crd", "finds nothing"],
  ["$.customer[0]", "`$.customer` has ssn, notes."],
  ["$.customer.ssn.digits", "`$.customer.ssn` is no object."],
  ["$.customer..card", "finds nothing"],
  ["$.rows..ssn", "finds nothing"],
  ["$.pair[2]", "finds nothing"],
  ["$.pair[-3]", "finds nothing"],
  ["$.pair[2:]", "finds nothing"],
  ["$.tags.secret", "finds nothing"],
  ["$.tree.children[*].nam", "finds nothing"],
  ["$.structuredContent.customer", "`$` is the structured content itself"],
  ["$.content[0].text", "`$` is the structured content itself"],
  ["$.rows[?@.cardd=='x'].card", "`@.cardd` in the filter finds nothing"],
  ["$.rows[?!@.cardd].card", "`@.cardd` in the filter finds nothing"],
  ["$.rows[?@.kind=='x' && $.m > 1].card", "`$.m` in the filter finds nothing"],
];

describe("paths of a redaction and what tools say that they give", () => {
  it.each(LIVE)("takes %s, which can find something", (path) => {
    expect(redacting(path)).toEqual(NONE);
  });

  it.each(DEAD)("tells of %s, which finds nothing", (path, told) => {
    const { errors, warnings } = redacting(path);
    expect(errors).toEqual([]);
    expect(warnings.join("\n")).toContain(told);
    expect(warnings).toHaveLength(1);
  });

  it.each(DEAD.filter(([path]) => !path.startsWith("$.structuredContent")))(
    "says nothing of %s where it cannot tell",
    (path) => {
      expect(redacting(path, [FREE])).toEqual(NONE);
      expect(redacting(path, [READ, FREE])).toEqual(NONE);
      expect(redacting(path, [READ], { unlisted: ["others"] })).toEqual(NONE);
      expect(redacting(path, [], { listed: false })).toEqual(NONE);
    },
  );

  it("takes a path that finds something in what one of several tools gives", () => {
    expect(redacting("$.orders[*]", [READ, OTHER])).toEqual(NONE);
    expect(redacting("$.ordres[*]", [READ, OTHER]).warnings).toHaveLength(1);
  });

  it("tells of a path that begins at the member around the structured content, whatever the tools say", () => {
    expect(redacting("$.structuredContent.customer", [FREE]).warnings).toHaveLength(1);
    expect(redacting("$['structured_content', 'x']", [FREE])).toEqual(NONE);
    const own = tool("own", { outputSchema: { type: "object", properties: { structuredContent: text } } });
    expect(redacting("$.structuredContent", [own])).toEqual(NONE);
  });

  it.each(["$.rows[5:2].card", "$.a[0:0]", "$[::0]", "$[-1:-2]", "$..x[3:3]", "$[2:5:-1]", "$.a[1:1, 2:2]", "$[:0]"])(
    "refuses %s, which takes nothing of any list",
    (path) => {
      const { errors } = redacting(path, [FREE]);
      expect(errors.join()).toContain("finds nothing in any result");
    },
  );

  it("says of a slice that it takes nothing just where it does", () => {
    const bound = fc.option(fc.integer({ min: -4, max: 4 }), { nil: undefined });
    fc.assert(
      fc.property(bound, bound, fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }), (start, stop, by) => {
        const path = compilePath(`$[${start ?? ""}:${stop ?? ""}${by === undefined ? "" : `:${by}`}]`);
        if (!path.ok) throw new Error(path.problem.message);
        const takes = Array.from({ length: 12 }, (_, size) => Array.from({ length: size }, (_item, at) => at)).some(
          (list) => (path.path.locate(list, 100, new FoldedNames((name) => name))?.length ?? 0) > 0,
        );
        expect(findsNothingAnywhere(path.path.steps())).toBe(!takes);
      }),
    );
  });
});

describe("conditions and what tools say that they give", () => {
  it.each([
    'result.structured.customer.ssn == "x"',
    "has(result.structured.rows)",
    'result.structured.free.anything == "x"',
    'result.structured["customer"]["notes"] == "x"',
    'result.structured.rows.exists(r, r.card == "x")',
    "result.structured.n > 5.0",
    "result.structured.n / 2.0 > 1.5",
    'result.structured.kind == "a"',
    'has(result.structured.customer) && has(result.structured.customer.ssn) && result.structured.customer.ssn != ""',
    '"kind" in result.structured',
    "result.is_error || has(result.structured)",
  ])("takes %s", (when) => {
    expect(deciding(when).errors).toEqual([]);
    expect(deciding(when).warnings.filter((it) => !it.includes("result.is_error"))).toEqual([]);
  });

  it.each([
    ['result.structured.custmer == "x"', "`result.structured.custmer` is nothing that `srv/read` gives"],
    ["has(result.structured.rows2)", "`result.structured.rows2` is nothing that"],
    ['result.structured["customer"]["snn"] == "x"', "is nothing that"],
    ['"rows2" in result.structured', "is nothing that"],
    ["result.structured.n > 10.0", "always false"],
    ['result.structured.kind == "c"', "never"],
    ['result.structured.customer == "x"', "never equal"],
    ["result.structured.rows.exists(r, r.card == 1)", "never equal"],
  ])("tells of %s", (when, told) => {
    const { errors, warnings } = deciding(when);
    expect([...errors, ...warnings].join("\n")).toContain(told);
  });

  it("says nothing where a tool does not say what it gives", () => {
    expect(deciding('result.structured.custmer == "x"', [FREE])).toEqual(NONE);
    expect(deciding('result.structured.custmer == "x"', [READ, FREE])).toEqual(NONE);
  });
});
