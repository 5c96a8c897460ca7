import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import { writeResultLinks } from "../../src/gateway/steps/result-links.ts";

const write = (uri: string): string => (uri.startsWith("stays:") ? uri : `${uri}#portcullis=a`);
const written = (text: string): string =>
  writeResultLinks(RawJson.fromBytes(Buffer.from(text)), write).bytes.toString();

/** Every place of a result where the protocol, or an extension for apps, has the URI of a resource. */
const PLACES: Readonly<Record<string, (uri: string) => JsonObject>> = {
  "a link": (uri) => ({
    content: [
      { type: "text", text: uri },
      { type: "resource_link", name: uri, uri },
    ],
  }),
  "an embedded resource": (uri) => ({ content: [{ type: "resource", resource: { uri, text: "t" } }] }),
  "contents that were read": (uri) => ({
    contents: [
      { uri, text: "t" },
      { uri: `${uri}/2`, blob: "" },
    ],
  }),
  "a message of a prompt": (uri) => ({
    messages: [{ role: "user", content: { type: "resource", resource: { uri } } }],
  }),
  "a message with several blocks": (uri) => ({ messages: [{ content: [{ type: "resource_link", uri, name: "n" }] }] }),
  "the result of a tool in a message": (uri) => ({
    messages: [{ content: [{ type: "tool_result", content: [{ type: "resource_link", uri, name: "n" }] }] }],
  }),
  "the page of an app": (uri) => ({ content: [], _meta: { ui: { resourceUri: uri } } }),
  "the page of an app, as written before": (uri) => ({ content: [], _meta: { "ui/resourceUri": uri } }),
  "the page of an app, for one vendor": (uri) => ({ content: [], _meta: { "openai/outputTemplate": uri } }),
};

describe.each(Object.entries(PLACES))("%s", (_what, at) => {
  it("is written as it is shown, and nothing else is", () => {
    const changed = JSON.parse(written(JSON.stringify(at("x://1"))));
    const expected = JSON.stringify(at("x://1"));
    const marked = expected.replaceAll(
      /("(?:uri|resourceUri|ui\/resourceUri|openai\/outputTemplate)":")([^"]*)"/g,
      '$1$2#portcullis=a"',
    );
    expect(changed).toEqual(JSON.parse(marked));
    expect(marked).not.toBe(expected);
  });

  it("leaves every byte where it is shown as the server wrote it", () => {
    const text = JSON.stringify({ ...at("stays://1"), n: 1 }, undefined, 2).replace('"n": 1', '"n": 1.0');
    expect(written(text)).toBe(text);
  });
});

it.each([
  ["a URI in structured content", '{"content":[],"structuredContent":{"uri":"x:1","items":[{"uri" : "x:2"}]}}'],
  ["a text that holds JSON", '{"content":[{"type":"text","text":"{\\"uri\\":\\"x:1\\"}"}]}'],
  ["a text that is the name", '{"content":[{"type":"text","text":"uri"}],"list":["uri","x:1"]}'],
  ["a URI that is none", '{"content":[{"uri":7},{"uri":null},{"resource":"x:1"},"uri"],"_meta":{"ui":"x:1"}}'],
  ["what is no list", '{"content":"x","contents":{"a":{"uri":"x:1"}},"messages":null}'],
])("%s stays as it is, to the byte", (_what, text) => {
  expect(written(text)).toBe(text);
});

it("keeps the digits of what stands around a link, and reads escapes", () => {
  const text =
    '{"content":[{"uri":"x:\\u0031\\"\\\\","name":"n"}],"structuredContent":{"id":9007199254740993,"x":1.0}}';
  expect(written(text)).toBe(
    '{"content":[{"uri":"x:1\\"\\\\#portcullis=a","name":"n"}],"structuredContent":{"id":9007199254740993,"x":1.0}}',
  );
});

it("takes a text that is cut off for what it is", () => {
  for (const text of ['{"uri":"x', '{"uri":', '{"uri"', '{"uri":"x\\', '{"uri":"\\q"}']) {
    expect(written(text)).toBe(text);
  }
});
