import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools, type ToolCheck } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { formatPolicyError } from "../../src/policy/file/format-error.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";

const EXPENSE: JsonObject = {
  type: "object",
  properties: {
    amount: { type: "number", minimum: 0 },
    count: { type: "integer", maximum: 100 },
    currency: { enum: ["EUR", "USD", "CHF"] },
    note: { type: "string" },
    urgent: { type: "boolean" },
    limit: { type: ["number", "null"] },
    due: { type: "string", format: "date-time" },
    tags: { type: "array", items: { type: "string" } },
    cost: { $ref: "#/$defs/cost" },
    lines: { type: "array", items: { $ref: "#/$defs/line" } },
    labels: { type: "object", additionalProperties: { type: "string" } },
    codes: { type: "object", patternProperties: { "^x-": { type: "integer" } } },
    meta: { type: "object" },
    open: { type: "object", properties: { a: { type: "string" } }, additionalProperties: true },
    payee: {
      oneOf: [
        { type: "object", properties: { iban: { type: "string" } }, required: ["iban"] },
        { type: "object", properties: { card: { type: "string" } }, required: ["card"] },
      ],
    },
  },
  required: [
    "amount",
    "count",
    "currency",
    "urgent",
    "tags",
    "lines",
    "cost",
    "labels",
    "codes",
    "meta",
    "open",
    "payee",
    "limit",
  ],
  $defs: {
    cost: {
      allOf: [
        { type: "object", properties: { center: { type: "string" } }, required: ["center"] },
        { properties: { head: { $ref: "#/$defs/person" } } },
      ],
    },
    person: {
      type: "object",
      properties: { name: { type: "string" }, boss: { $ref: "#/$defs/person" } },
      required: ["name"],
    },
    line: { type: "object", properties: { price: { type: "number" }, text: { type: "string" } }, required: ["price"] },
  },
};

const tool = (path: string, inputSchema?: JsonObject, more: JsonObject = {}): KnownTool => {
  const [upstream = "", name = ""] = path.split("/");
  return { upstream, name, definition: { name, ...(inputSchema && { inputSchema }), ...more } };
};
const CREATE = tool("expenses/create_expense", EXPENSE);

function check(text: string, tools: readonly KnownTool[] = [CREATE]): ToolCheck {
  const files = [{ name: "p.yaml", text }];
  const compiled = compilePolicies(files, { default: "allow", flows: ["finance"] });
  if (!compiled.ok) throw new Error(compiled.errors.map((error) => formatPolicyError(error, text)).join("\n"));
  return checkAgainstTools(files, tools);
}

/** The condition in a file of its own, what is wrong with it as `place of the text: message hint`. */
function problems(when: string, tools: readonly KnownTool[] = [CREATE], effect = "deny: {}"): readonly string[] {
  const { errors, warnings } = check(`policies:\n- id: p\n  then: { ${effect} }\n  when: |\n    ${when}\n`, tools);
  const shown =
    (level: string) =>
    ({ line, column, message, hint }: ToolCheck["errors"][number]) =>
      `${level}${line === 5 ? column - 4 : `${line}:${column}`}: ${message}${hint === undefined ? "" : ` ${ways(hint)}`}`;
  // What is proposed in place of what is another test's matter: see check-advice.test.ts.
  const ways = (hint: string): string =>
    hint.replace(/^In place of .*? write .*?`\. /, "").replace(/ Mended, .*?\.$/, "");
  return [...errors.map(shown("")), ...warnings.map(shown("warning "))];
}

describe("a condition, held against one tool", () => {
  it.each([
    ["args.amount > 10"],
    ["args.amount > 10 && args.count > 10.5"],
    ["has(args.note) && args.note == 'x'"],
    ["args.note == 'x' && has(args.note)"],
    ["args.urgent && args.note == 'x' && has(args.note)"],
    ["(args.note == 'x' && args.urgent) && has(args.note)"],
    ["!has(args.note) || args.note == 'x'"],
    ["args.note == 'x' || !has(args.note)"],
    ["has(args.note) ? args.note == 'x' : args.urgent"],
    ["!has(args.note) ? args.urgent : args.note == 'x'"],
    ['"note" in args && args.note == "x"'],
    ['!("note" in args) || args["note"] == "x"'],
    ["has(args.note) == true && args.note == 'x'"],
    ["has(args.note) != false && args.note == 'x'"],
    ["(has(args.note) && args.urgent) ? args.note == 'x' : true"],
    ["(has(args.note) && args.urgent || has(args.note) && args.count > 1) && args.note == 'x'"],
    ["has(args.cost.head) && args.cost.head.name == 'x'"],
    ["has(args.cost.head) && has(args.cost.head.boss) && args.cost.head.boss.name == 'x'"],
    ["args.lines.exists(l, l.price > 1.0 && has(l.text) && l.text == 'x')"],
    ["args.lines.filter(l, has(l.text)).all(l, l.text == 'x')"],
    ["args.lines.map(l, has(l.text), l.text).exists(t, t.startsWith('x'))"],
    ["args.lines.all(l, has(l.text)) && args.lines.exists(l, l.text == 'x')"],
    ["args.lines.exists(l, !has(l.text)) || args.lines.exists(l, l.text == 'x')"],
    ["cel.bind(c, args.cost, c.center == 'x')"],
    ["args.labels.all(k, k.startsWith('x'))"],
    ["has(args.labels.team) && args.labels.team == 'x'"],
    ["'x-a' in args.codes && args.codes['x-a'] * 2.0 > 4.0"],
    ["args.meta.anything.goes > 4"],
    ["args.open.other == 4 && has(args.open.a) && args.open.a == 'x'"],
    ["has(args.payee.iban) && args.payee.iban.startsWith('DE')"],
    ["args.limit != null && args.limit > 5"],
    ["args.limit == null"],
    ["args.currency in ['EUR', 'USD']"],
    ["'x' in args.tags && args.tags[0] == 'y' && size(args.tags) > 1"],
    ["args.amount * 2.0 > 4.0 && args.count * 2 > 4"],
    ["double(args.count) * args.amount > 4.0"],
    ["-args.amount < -4.0"],
    ["has(args.due) && timestamp(args.due) < request.time"],
    ["'cfo' in user.roles && user.claims.x.y == 1"],
    ["tool.name == 'other' && args.nothing > 4"],
    ["tool.name != 'other' || args.nothing > 4"],
    ["tool.name.startsWith('other') ? args.nothing > 4 : true"],
  ])("has nothing to say of %s", (when) => {
    expect(
      problems(when, [
        tool("expenses/create_expense", EXPENSE, { annotations: { readOnlyHint: false } }),
        tool("expenses/other", undefined, { annotations: { readOnlyHint: false } }),
      ]),
    ).toEqual([]);
  });

  it("has nothing to say of what the tool's annotations rule out but that it goes by them", () => {
    const known = tool("expenses/create_expense", EXPENSE, { annotations: { readOnlyHint: false } });
    expect(problems("args.nothing > 4 && tool.annotations.readOnlyHint", [known])).toEqual([
      expect.stringContaining("This policy goes by what servers say of their tools"),
    ]);
  });

  const IN = "`expenses/create_expense`";
  it.each([
    ["args.amont > 10", `6: \`args.amont\` is not an argument of ${IN}. Did you mean \`args.amount\`?`],
    ["has(args.nte) && args.nte == 'x'", `10: \`args.nte\` is not an argument of ${IN}. Did you mean \`args.note\`?`],
    ["'nte' in args", `1: \`args.nte\` is not an argument of ${IN}. Did you mean \`args.note\`?`],
    [
      "args.cost.centre == 'x'",
      `11: \`args.cost.centre\` is not an argument of ${IN}. Did you mean \`args.cost.center\`?`,
    ],
    ["args.lines.all(l, l.prize > 1)", `21: \`l.prize\` is not an argument of ${IN}. Did you mean \`l.price\`?`],
    ["args.cost.zzzzzz == 'x'", `11: \`args.cost.zzzzzz\` is not an argument of ${IN}. Known are center, head.`],
    [
      "args.note == 'x'",
      `1: \`args.note\` is optional in ${IN}. \`!has(args.note) || …\` keeps refusing calls without it, \`has(args.note) && …\` lets them pass.`,
    ],
    [
      "args['note'] == 'x'",
      `1: \`args['note']\` is optional in ${IN}. \`!("note" in args) || …\` keeps refusing calls without it, \`"note" in args && …\` lets them pass.`,
    ],
    [
      "size(args) > 20 && args.note == 'x'",
      `20: \`args.note\` is optional in ${IN}. \`!has(args.note) || …\` keeps refusing calls without it, \`has(args.note) && …\` lets them pass.`,
    ],
    [
      "has(args.note) || args.note == 'x'",
      `19: \`args.note\` is optional in ${IN}. \`!has(args.note) || …\` keeps refusing calls without it, \`has(args.note) && …\` lets them pass.`,
    ],
    [
      "!(has(args.note) || args.note == 'x')",
      `21: \`args.note\` is optional in ${IN}. \`!has(args.note) || …\` keeps refusing calls without it, \`has(args.note) && …\` lets them pass.`,
    ],
    [
      "args.note > 'a' && args.note < 'c'",
      `1: \`args.note\` is optional in ${IN}. \`!has(args.note) || …\` keeps refusing calls without it, \`has(args.note) && …\` lets them pass.`,
    ],
    [
      "args.cost.head.name == 'x'",
      `1: \`args.cost.head\` is optional in ${IN}. \`!has(args.cost.head) || …\` keeps refusing calls without it, \`has(args.cost.head) && …\` lets them pass.`,
    ],
    [
      "args.cost.head.boss.name == 'x'",
      `1: \`args.cost.head\` and \`args.cost.head.boss\` are optional in ${IN}. \`!has(args.cost.head) || !has(args.cost.head.boss) || …\` keeps refusing calls without them, \`has(args.cost.head) && has(args.cost.head.boss) && …\` lets them pass.`,
    ],
    [
      "has(args.cost.head.boss)",
      `5: \`args.cost.head\` is optional in ${IN}. \`!has(args.cost.head) || …\` keeps refusing calls without it, \`has(args.cost.head) && …\` lets them pass.`,
    ],
    ["has(args.cost.head.boss) && has(args.cost.head)"],
    [
      "has(args.cost.head.boss) && has(args.cost.head.name)",
      `5: \`args.cost.head\` is optional in ${IN}. \`!has(args.cost.head) || …\` keeps refusing calls without it, \`has(args.cost.head) && …\` lets them pass.`,
    ],
    [
      "args.lines.exists(l, l.text == 'x')",
      `22: \`l.text\` is optional in ${IN}. \`!has(l.text) || …\` keeps refusing calls without it, \`has(l.text) && …\` lets them pass.`,
    ],
    [
      "args.lines.map(l, l.text).size() > 1",
      `19: \`l.text\` is optional in ${IN}. \`!has(l.text) || …\` keeps refusing calls without it, \`has(l.text) && …\` lets them pass.`,
    ],
    [
      "args.labels.team == 'x'",
      `1: \`args.labels.team\` is optional in ${IN}. \`!has(args.labels.team) || …\` keeps refusing calls without it, \`has(args.labels.team) && …\` lets them pass.`,
    ],
    [
      "args.payee.iban == 'x'",
      `1: \`args.payee.iban\` is optional in ${IN}. \`!has(args.payee.iban) || …\` keeps refusing calls without it, \`has(args.payee.iban) && …\` lets them pass.`,
    ],
    [
      "args.amount == '10'",
      `1: \`args.amount\` is a number and \`'10'\` is a text: they are never equal (${IN}). Write the number without quotes.`,
    ],
    [
      "args.currency > 5",
      `1: \`args.currency\` is a text and \`5\` is an integer: \`>\` does not compare the two (${IN}).`,
    ],
    ["args.tags.startsWith('x')", `1: \`args.tags\` is a list; startsWith() takes a text (${IN}).`],
    ["args.amount.contains('x')", `1: \`args.amount\` is a number; contains() takes a text (${IN}).`],
    ["args.currency.startsWith(args.amount)", `26: \`args.amount\` is a number; startsWith() takes a text (${IN}).`],
    ["args.currency && true", `1: \`args.currency\` is a text; \`&&\` takes true or false (${IN}).`],
    ["true || args.currency", undefined],
    ["args.currency ? true : false", `1: \`args.currency\` is a text; \`?:\` takes true or false (${IN}).`],
    [
      "!(has(args.note) ? args.urgent : args.amount)",
      `34: \`args.amount\` is a number; \`!\` takes true or false (${IN}).`,
    ],
    ["!args.amount", `2: \`args.amount\` is a number; \`!\` takes true or false (${IN}).`],
    ["args.currency[0] == 'x'", `1: \`args.currency\` is a text: \`0\` is no key of it (${IN}).`],
    ["args.amount.value == 1", `1: \`args.amount\` is a number: it has no field \`value\` (${IN}).`],
    ["args.amount.all(x, true)", `1: \`args.amount\` is a number; all() takes a list or an object (${IN}).`],
    ["args.lines.join(',') == 'x'", `1: \`args.lines\` holds an object; join() takes a list of a text (${IN}).`],
    ["args.tags['x'] == 'x'", `1: \`args.tags\` is a list: \`'x'\` is no key of it (${IN}).`],
    ["args.tags.all(t, t > 5)", `18: \`t\` is a text and \`5\` is an integer: \`>\` does not compare the two (${IN}).`],
    [
      "'x' in args.currency",
      `8: \`args.currency\` is a text; \`in\` looks into lists and objects (${IN}). Write \`args.currency.contains('x')\` to look for a part of a text.`,
    ],
    ["5 in args.tags", `1: \`5\` is an integer and \`args.tags\` holds a text: it is never in it (${IN}).`],
    [
      "args.amount in ['1', '2']",
      `1: \`args.amount\` is a number and \`['1', '2']\` holds a text: it is never in it (${IN}).`,
    ],
    [
      "args.amount * 2 > 4",
      `1: \`args.amount\` is a number and \`2\` is an integer: \`*\` does not take the two (${IN}). Write \`2.0\`.`,
    ],
    [
      "args.count * 2.0 > 4.0",
      `1: \`args.count\` is an integer and \`2.0\` is a number: \`*\` does not take the two (${IN}). Write \`2\`.`,
    ],
    [
      "args.count * 2.5 > 4.0",
      `1: \`args.count\` is an integer and \`2.5\` is a number: \`*\` does not take the two (${IN}). Write \`double(args.count)\`.`,
    ],
    [
      "args.count * args.amount > 4.0",
      `1: \`args.count\` is an integer and \`args.amount\` is a number: \`*\` does not take the two (${IN}). Write \`double(args.count)\`.`,
    ],
    ["args.currency == 'EURO'", `18: \`args.currency\` is never "EURO" (${IN}). Did you mean \`"EUR"\`?`],
    ["args.currency != 'yen'", `18: \`args.currency\` is never "yen" (${IN}). It is one of "EUR", "USD", "CHF".`],
    [
      "args.currency in ['EUR', 'GBP']",
      `warning 26: \`args.currency\` is never "GBP" (${IN}). It is one of "EUR", "USD", "CHF".`,
    ],
    ["args.count > 100", `warning 1: This is always false: \`args.count\` is at most 100 (${IN}).`],
    ["0 <= args.amount", `warning 1: This is always true: \`args.amount\` is at least 0 (${IN}).`],
  ])("says what is wrong with %s", (when, problem?: string) => {
    expect(problems(when)).toEqual(problem === undefined ? [] : [problem]);
  });
});

describe("a tool whose schema says nothing", () => {
  it.each([
    [undefined],
    [{ type: "object" }],
    [{ type: "object", properties: {} }],
    [{ type: "object", properties: { a: { type: "string" } }, additionalProperties: true }],
    [{ $ref: "https://example.com/schema.json" }],
    [{ type: "object", properties: { a: { type: "string" } }, if: { required: ["a"] } }],
    [{ anyOf: [{ type: "object", properties: { a: { type: "string" } } }, { type: "object" }] }],
  ])("is never held against a policy: %j", (schema) => {
    expect(problems("args.amount > 5 && args.b.c.d.startsWith('x')", [tool("a/b", schema)])).toEqual([]);
  });

  it("can say that there are no arguments", () => {
    const none = { type: "object", properties: {}, additionalProperties: false };
    expect(problems("args.amount > 5", [tool("a/b", none)])).toEqual([
      "6: `args.amount` is not an argument of `a/b`. It has none.",
    ]);
  });

  it.each([
    [{ $ref: "#" }],
    [{ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }],
    [{ allOf: [{ $ref: "#" }, true] }],
  ])("may turn in circles: %j", (schema) => {
    expect(problems("args.amount > 5", [tool("a/b", schema)])).toEqual([]);
  });
});

describe("one policy about several tools", () => {
  const number = { type: "number" };
  const object = (properties: JsonObject, ...required: readonly string[]): JsonObject => ({
    type: "object",
    properties,
    required,
  });
  const tools = [
    tool("bank/a", object({ amount: number, kind: { enum: ["in", "out"] } }, "amount", "kind")),
    tool("bank/b", object({ amount: number, kind: { enum: ["up", "down"] } }, "kind")),
    tool("bank/c", object({ amount: { type: "string" }, kind: { enum: ["up"] } }, "amount", "kind")),
    tool("bank/d", object({ kind: { enum: ["up"] } }, "kind")),
    tool("bank/e", { type: "object" }),
  ];

  it("names an argument that none of them has once, with what they have", () => {
    expect(problems("has(args.amuont) && args.amuont > 5", tools.slice(0, 4))).toEqual([
      "10: `args.amuont` is not an argument of `bank/a`, `bank/b`, `bank/c`, `bank/d`. Did you mean `args.amount`?",
    ]);
  });

  it("is silent about an unknown argument where one of them says nothing of its arguments", () => {
    expect(problems("has(args.amuont) && args.amuont > 5", tools)).toEqual([]);
  });

  it("takes an argument that only some of them have for one that may be missing", () => {
    const [a, b, , d] = tools as [KnownTool, KnownTool, KnownTool, KnownTool];
    expect(problems("args.amount > 5", [a, b, d])).toEqual([
      "1: `args.amount` may be missing in `bank/b`, `bank/d`. `!has(args.amount) || …` keeps refusing calls without it, `has(args.amount) && …` lets them pass.",
    ]);
    expect(problems("has(args.amount) && args.amount > 5", [a, b, d])).toEqual([]);
  });

  it("names only the tools for which a type does not fit", () => {
    expect(problems("has(args.amount) && args.amount > 5", tools)).toEqual([
      "21: `args.amount` is a text and `5` is an integer: `>` does not compare the two (`bank/c`).",
    ]);
  });

  it("minds a value that cannot occur only if it can for none of them", () => {
    expect(problems("args.kind == 'in' || args.kind == 'up'", tools.slice(0, 4))).toEqual([]);
    expect(problems("args.kind == 'upp'", tools.slice(1, 4))).toEqual([
      '14: `args.kind` is never "upp" (`bank/b`, `bank/c`, `bank/d`). Did you mean `"up"`?',
    ]);
  });

  it("lists at most three tools", () => {
    const many = Array.from({ length: 7 }, (_, at) => tool(`bank/t${at}`, object({ amount: number })));
    expect(problems("args.amount > 5", many)).toEqual([
      "1: `args.amount` is optional in `bank/t0`, `bank/t1`, `bank/t2` and 4 more. `!has(args.amount) || …` keeps refusing calls without it, `has(args.amount) && …` lets them pass.",
    ]);
  });

  it("reads what the condition says of the tool", () => {
    expect(
      problems("tool.name == 'a' && args.amount > 5 || tool.name in ['c', 'd'] && args.kind == 'up'", tools),
    ).toEqual([]);
  });
});

describe("the other texts of a policy", () => {
  const messages = (then: string, when = '"true"'): readonly string[] => {
    const text = `policies:\n- id: p\n  when: ${when}\n  then: ${then}\n`;
    const { errors, warnings } = check(text);
    const shown = ({ line, column, message }: ToolCheck["errors"][number]) =>
      `${line} ${text
        .split("\n")
        [line - 1]?.slice(column - 1)
        .match(/^[\w.]*/)}: ${message}`;
    return [...errors.map(shown), ...warnings.map((it) => `warning ${shown(it)}`)];
  };

  it.each([
    [
      "a message warns of what may not be shown",
      '{ deny: { message: "No: {{ args.note }}." } }',
      "warning 4 args.note: `args.note` is optional in `expenses/create_expense`.",
    ],
    [
      "a misspelt argument in a message is a mistake",
      '{ deny: { message: "{{ args.amount }} {{ args.nte }}." } }',
      "4 nte: `args.nte` is not an argument of `expenses/create_expense`.",
    ],
    [
      "the key of a limit must be there",
      "{ rate_limit: { limit: 5, per: 1d, key: args.note } }",
      "warning 4 args.note: `args.note` is optional in `expenses/create_expense`.",
    ],
    [
      "so must its cost",
      "{ rate_limit: { limit: 5, per: 1d, cost: double(args.note) } }",
      "warning 4 args.note: `args.note` is optional in `expenses/create_expense`.",
    ],
  ])("%s", (_what, then, problem) => {
    expect(messages(then)).toEqual([problem]);
  });

  it("are evaluated only where the condition holds", () => {
    expect(messages('{ deny: { message: "No: {{ args.note }}." } }', "has(args.note)")).toEqual([]);
  });

  it("say nothing anew of what the condition was reported for", () => {
    expect(messages('{ deny: { message: "No: {{ args.note }}." } }', 'args.note == "x"')).toHaveLength(1);
  });
});

describe("a limit that reads an optional argument", () => {
  it.each([
    ["key: args.note", "Calls without it are refused. `has(args.note) ? … : …` counts them as its last part says."],
    [
      "cost: double(args.note)",
      "Calls without it are refused. `has(args.note) ? … : …` counts them as its last part says.",
    ],
  ])("is warned that calls without it are refused: %s", (setting, hint) => {
    const { errors, warnings } = check(
      `policies:\n- id: p\n  then: { rate_limit: { limit: 5, per: 1d, ${setting} } }\n`,
    );
    expect(errors).toEqual([]);
    expect(warnings.map((warning) => warning.hint)).toEqual([hint]);
  });
});

describe("a schema that was made of OpenAPI", () => {
  it("can mean null where it says nullable", () => {
    const properties = {
      thread: { type: "string", nullable: true },
      state: { enum: ["open", "closed"], nullable: true },
      kind: { type: "string", enum: ["a", "b"], nullable: true },
    };
    const tools = [tool("chat/post", { type: "object", properties, required: ["thread", "state", "kind"] })];
    for (const name of Object.keys(properties)) expect(problems(`args.${name} == null`, tools)).toEqual([]);
    expect(problems("args.thread == 5", tools)).toHaveLength(1);
  });
});

describe("a condition that is made to be hard to check", () => {
  it("ends, with a word that it was not checked in full", () => {
    const names = Array.from({ length: 28 }, (_, depth) => `a${depth}`);
    const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
    let condition = "args.a0 == 'x'";
    for (const name of names) condition = `((${condition} && has(args.${name})) || args.${name} == 'y')`;
    expect(problems(condition, [tool("a/b", { type: "object", properties })])).toContain(
      "warning 1: This is too intricate to be checked against the tools in full. Split the condition up.",
    );
  });
});
