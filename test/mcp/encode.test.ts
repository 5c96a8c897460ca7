import { describe, expect, it } from "vitest";
import { RawJson } from "../../src/core/raw-json.ts";
import { encodeResult, withDefaults, withMember } from "../../src/mcp/encode.ts";

const raw = (text: string) => RawJson.fromBytes(Buffer.from(text));

describe("members with defaults", () => {
  it.each([
    ["{}", '{"a":1,"b":"x"}'],
    ["{ \n }", '{"a":1,"b":"x" \n }'],
    [`{${" ".repeat(100)}}`, `{"a":1,"b":"x"${" ".repeat(100)}}`],
    [' {"c":[1]}', '{"a":1,"b":"x","c":[1]}'],
    ['{"a":2,"c":1}', '{"b":"x","a":2,"c":1}'],
    ['{"c":{"a":2}}', '{"a":1,"b":"x","c":{"a":2}}'],
    ['{"c":"say \\"a\\""}', '{"a":1,"b":"x","c":"say \\"a\\""}'],
    ['{"b":"y","a":0}', '{"b":"y","a":0}'],
  ])("are added to %s", (before, after) => {
    expect(withDefaults(raw(before), { a: 1, b: "x" }).bytes.toString()).toBe(after);
  });
});

it.each([
  ["{}", '{"r":{"x":"}"}}'],
  [' { "a": "}" } ', ' { "a": "}" ,"r":{"x":"}"}}'],
])("a member is added at the end of %s, unparsed", (before, after) => {
  expect(withMember(raw(before), "r", raw('{"x":"}"}')).bytes.toString()).toBe(after);
});

it.each([
  [1, '{"x":1}', '{"jsonrpc":"2.0","id":1,"result":{"x":1}}'],
  ['q"', "{}", '{"jsonrpc":"2.0","id":"q\\"","result":{}}'],
  [1, '{\r\n  "x": "a\\nb"\n}', '{"jsonrpc":"2.0","id":1,"result":{    "x": "a\\nb" }}'],
])("a response of id %s is written around %j", (id, result, message) => {
  expect(encodeResult(id, raw(result)).toString()).toBe(message);
});
