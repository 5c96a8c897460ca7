import { expect, it } from "vitest";
import { parseExact } from "../../src/core/exact-json.ts";
import { isObject } from "../../src/core/json.ts";
import { checkParamHeaders } from "../../src/mcp/headers/param-header-check.ts";
import { paramHeaderText, readParamHeaders } from "../../src/mcp/headers/param-headers.ts";

const read = readParamHeaders({ type: "object", properties: { i: { type: "integer", "x-mcp-header": "I" } } });
const rules = read.ok ? read.headers : [];

function argumentsOf(text: string) {
  const args = parseExact(`{"i":${text}}`);
  if (!isObject(args)) throw new Error("no object");
  return args;
}

function headerOf(text: string): string | undefined {
  const [rule] = rules;
  return rule && paramHeaderText(rule, argumentsOf(text));
}

// 2026-07-28 transports/streamable-http, "Value Encoding": integers in their decimal form.
it.each([
  ["5", "5"],
  ["-7", "-7"],
  ["1E2", "100"],
  ["1e2", "100"],
  ["1E+2", "100"],
  ["12.5e1", "125"],
  ["100.0", "100"],
  ["7.0", "7"],
  ["1000e-3", "1"],
  ["-1.0e0", "-1"],
  ["0", "0"],
  ["-0", "0"],
  ["-0.0", "0"],
  ["0e5", "0"],
  ["9007199254740991", "9007199254740991"],
  ["-9007199254740991", "-9007199254740991"],
  ["9.007199254740991e15", "9007199254740991"],
])("an integer written as %s is mirrored as %s", (text, header) => {
  expect(headerOf(text)).toBe(header);
});

// The definition allows none of them; what is made of them is the server's.
it.each(["1.5", "9007199254740993", "1.00000000000000000001", "1e400"])(
  "what is no safe integer stands as it is: %s",
  (text) => {
    expect(headerOf(text)).toBe(text);
  },
);

it.each([
  ["100", "1E2", true],
  ["1E2", "1E2", true],
  ["1e2", "100", true],
  ["100.0", "1E2", true],
  ["-0", "0", true],
  ["101", "1E2", false],
  ["0x64", "100", false],
  ["", "0", false],
  ["1e", "1", false],
])("a client's header %j beside an argument %s: %j", (sent, text, same) => {
  expect(checkParamHeaders(rules, argumentsOf(text), () => sent) === undefined).toBe(same);
});
