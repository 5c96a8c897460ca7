import { expect, it } from "vitest";
import { RawJson } from "../../src/core/raw-json.ts";
import { encodeResult } from "../../src/mcp/encode.ts";

const raw = (text: string) => RawJson.fromBytes(Buffer.from(text));

it.each([
  [1, '{"x":1}', '{"jsonrpc":"2.0","id":1,"result":{"x":1}}'],
  ['q"', "{}", '{"jsonrpc":"2.0","id":"q\\"","result":{}}'],
  [1, '{\r\n  "x": "a\\nb"\n}', '{"jsonrpc":"2.0","id":1,"result":{    "x": "a\\nb" }}'],
])("a response of id %s is written around %j", (id, result, message) => {
  expect(encodeResult(id, raw(result)).toString()).toBe(message);
});
