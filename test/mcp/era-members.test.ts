import { expect, it } from "vitest";
import { RawJson } from "../../src/core/raw-json.ts";
import { asLegacyResult } from "../../src/mcp/members/era-members.ts";

it.each([
  [
    '{"content":[],"structuredContent":{"a":9007199254740993}}',
    '{"content":[],"structuredContent":{"a":9007199254740993}}',
  ],
  ['{"structuredContent":\n {"a":1} ,"content":[]}', '{"structuredContent":\n {"a":1} ,"content":[]}'],
  [
    '{"content":[],"structuredContent":[9007199254740993, {"b":1.0}]}',
    '{"content":[],"structuredContent":{"result":[9007199254740993, {"b":1.0}]}}',
  ],
  ['{"structuredContent":"a \\"text\\"","content":[]}', '{"content":[],"structuredContent":{"result":"a \\"text\\""}}'],
  ['{"structuredContent": 1e400 ,"content":[]}', '{"content":[],"structuredContent":{"result": 1e400 }}'],
  ['{"structuredContent":null}', '{"structuredContent":{"result":null}}'],
  ['{"content":[{"structuredContent":[]}]}', '{"content":[{"structuredContent":[]}]}'],
])("structured content for clients to whom it is an object: %s", (result, text) => {
  expect(asLegacyResult(RawJson.fromBytes(Buffer.from(result))).bytes.toString()).toBe(text);
});
