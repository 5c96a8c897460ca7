import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { policyInput } from "../support/policy-inputs.ts";

// One argument of every kind, with a value that no conversion stumbles over.
const ARGUMENTS: Readonly<Record<string, { readonly schema: JsonObject; readonly value: JsonObject[string] }>> = {
  text: { schema: { type: "string" }, value: "1" },
  number: { schema: { type: "number" }, value: 1 },
  integer: { schema: { type: "integer" }, value: 1 },
  flag: { schema: { type: "boolean" }, value: true },
  nothing: { schema: { type: "null" }, value: null },
  texts: { schema: { type: "array", items: { type: "string" } }, value: ["1"] },
  numbers: { schema: { type: "array", items: { type: "integer" } }, value: [1] },
  object: {
    schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    value: { text: "" },
  },
};
const NAMES = Object.keys(ARGUMENTS);
const members = Object.entries(ARGUMENTS);
const definition: JsonObject = {
  name: "t",
  inputSchema: {
    type: "object",
    properties: Object.fromEntries(members.map(([name, { schema }]) => [name, schema])),
    required: NAMES,
  },
};
const args: JsonObject = Object.fromEntries(members.map(([name, { value }]) => [name, value]));
const OPERANDS = [
  ...NAMES.map((name) => `args.${name}`),
  "request.time",
  'duration("1s")',
  "1",
  "1.5",
  '"1"',
  "user.roles",
];

/** Whether evaluation fails, and whether the check says so; `undefined` for what does not even compile. */
function compare(expression: string): { readonly fails: boolean; readonly told: boolean } | undefined {
  const files = [
    { name: "p.yaml", text: `policies: [{ id: p, when: ${JSON.stringify(expression)}, then: { deny: {} } }]` },
  ];
  const compiled = compilePolicies(files, { default: "allow", flows: undefined });
  if (!compiled.ok) return undefined;
  const input = policyInput({ tool: "u/t", definition, arguments: args });
  const [match] = compiled.set.decide(input).matched;
  // A text that is no time or no number is an error of the value, not of the type.
  const { error = "" } = match ?? {};
  const fails = /does not fit|neither true nor false|is missing|is not a list/.test(error);
  return { fails, told: checkAgainstTools(files, [{ upstream: "u", name: "t", definition }]).errors.length > 0 };
}

function disagreements(expressions: readonly string[]): readonly string[] {
  const compared = expressions.flatMap((expression) => {
    const found = compare(expression);
    return found === undefined ? [] : [{ expression, ...found }];
  });
  expect(compared.filter(({ fails }) => fails)).not.toEqual([]);
  expect(compared.filter(({ fails }) => !fails)).not.toEqual([]);
  return compared.flatMap(({ expression, fails, told }) => (fails === told ? [] : [`${expression}: ${fails} ${told}`]));
}

describe("the check and the engine agree over every kind of operand", () => {
  it.each(["+", "-", "*", "/", "%"])("of %s", (operator) => {
    const pairs = OPERANDS.flatMap((a) => OPERANDS.map((b) => `[${a} ${operator} ${b}].size() == 1`));
    expect(disagreements(pairs)).toEqual([]);
  });

  it.each(["<", "<=", ">", ">="])("of %s", (operator) => {
    expect(disagreements(OPERANDS.flatMap((a) => OPERANDS.map((b) => `${a} ${operator} ${b}`)))).toEqual([]);
  });

  it.each(["size", "bool", "double", "int", "string", "timestamp", "duration"])("of %s()", (name) => {
    expect(disagreements(OPERANDS.map((operand) => `[${name}(${operand})].size() == 1`))).toEqual([]);
  });

  it.each([
    "size()",
    'startsWith("x")',
    'endsWith("x")',
    'contains("x")',
    'matches("x")',
    "lowerAscii()",
    "upperAscii()",
    "trim()",
    'indexOf("x")',
    'lastIndexOf("x")',
    "substring(0)",
    'split(",")',
    'join(",")',
    "getDate()",
    "getDayOfMonth()",
    "getDayOfWeek()",
    "getDayOfYear()",
    "getFullYear()",
    "getMonth()",
    "getHours()",
    "getMinutes()",
    "getSeconds()",
    "getMilliseconds()",
    'getHours("UTC")',
    "all(x, true)",
    "exists(x, x == x)",
    "map(x, x)",
    "filter(x, true)",
    'map(x, x + "a")',
  ])("that .%s is called on", (method) => {
    expect(disagreements(OPERANDS.map((operand) => `[${operand}.${method}].size() == 1`))).toEqual([]);
  });

  it.each(["startsWith", "contains", "indexOf", "substring", "split"])("that .%s() is given", (method) => {
    expect(disagreements(OPERANDS.map((operand) => `["abc".${method}(${operand})].size() == 1`))).toEqual([]);
  });

  it.each([
    "!X",
    "[-X].size() == 1",
    "X && true",
    "X || false",
    "true && X",
    "(X ? true : false)",
    "X",
    "X.text == args.text",
  ])("in %s", (pattern) => {
    expect(disagreements(OPERANDS.map((operand) => pattern.replaceAll("X", operand)))).toEqual([]);
  });
});
