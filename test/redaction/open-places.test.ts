import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { redacted, redactedJson, redactedOf, rule } from "./helpers.ts";

/** Data with something in it that must not leave, at every depth that the paths below reach. */
const DATA: JsonObject = { secret: "s3cr3t", deep: { list: [{ secret: 42 }, { Secret: ["s3cr3t"] }] }, kept: "kept" };
const TEXT = JSON.stringify(DATA);

const RESULTS: Readonly<Record<string, (data: JsonObject, text: string) => JsonObject>> = {
  "structured content": (data) => ({ content: [], structuredContent: data }),
  "a text": (_, text) => ({ content: [{ type: "text", text }] }),
  "a resource's text": (_, text) => ({ content: [{ type: "resource", resource: { uri: "a://b", text } }] }),
  "its metadata": (data) => ({ content: [], _meta: data }),
  "metadata by a key": (data) => ({ content: [], _meta: { "acme.com/x": data } }),
  "members that no result has": (data) => ({ content: [], ...data }),
  "a member that no result has": (data) => ({ content: [], data }),
  "metadata of a block": (data) => ({ content: [{ type: "text", text: "x", _meta: data }] }),
  "metadata of a resource": (data) => ({
    content: [{ type: "resource", resource: { uri: "a://b", text: "x", _meta: data } }],
  }),
  "members that no block has": (data) => ({ content: [{ type: "text", text: "x", ...data }] }),
  "a block of an unknown type": (data) => ({ content: [{ type: "x", data }] }),
  annotations: (data) => ({ content: [{ type: "text", text: "x", annotations: { priority: 1, ...data } }] }),
  "a text that is none": (data) => ({ content: [{ type: "text", text: data }] }),
  "content that is no list": (data) => ({ content: data }),
  "a list in content": (data) => ({ content: [[data]] }),
  "a block that is a text": (_, text) => ({ content: [text] }),
  "a description": (_, text) => ({ content: [{ type: "resource_link", uri: "a://b", name: "n", description: text }] }),
};
const BESIDE: Readonly<Record<string, (data: JsonObject, text: string) => JsonObject>> = {
  "an error's data": (data) => ({ message: "m", data }),
  "an error's message": (_, text) => ({ message: text }),
  "an error's data as a text": (_, text) => ({ message: "m", data: text }),
  "what is logged": (data) => ({ level: "info", data }),
  "a list that is logged": (data) => ({ level: "info", data: [data] }),
  "what is logged as a text": (_, text) => ({ level: "info", data: text }),
  progress: (_, text) => ({ progressToken: 1, progress: 1, message: text }),
  "members that nothing of the kind has": (data) => ({ progressToken: 1, progress: 1, ...data }),
  metadata: (data) => ({ level: "info", data: 1, _meta: data }),
  "a question's text": (_, text) => ({
    mode: "form",
    message: text,
    requestedSchema: { type: "object", properties: {} },
  }),
  "a message to a model": (_, text) => ({
    messages: [{ role: "user", content: { type: "text", text } }],
    maxTokens: 1,
  }),
  "what a tool was given": (data) => ({
    messages: [{ role: "user", content: [{ type: "tool_use", name: "t", id: "1", input: data }] }],
  }),
  "what a tool gave": (data) => ({
    messages: [
      {
        role: "user",
        content: [
          { type: "tool_result", toolUseId: "1", content: [{ type: "text", text: "x" }], structuredContent: data },
        ],
      },
    ],
  }),
};
const PROMPTS: typeof BESIDE = {
  "a message": (_, text) => ({ messages: [{ role: "user", content: { type: "text", text } }] }),
  "a message that is a resource": (_, text) => ({
    messages: [{ role: "user", content: { type: "resource", resource: { uri: "a://b", text } } }],
  }),
  "several blocks": (_, text) => ({ messages: [{ role: "user", content: [{ type: "text", text }] }] }),
  "members that no message has": (data) => ({
    messages: [{ role: "user", content: { type: "text", text: "x" }, ...data }],
  }),
  "members that no block has": (data) => ({
    messages: [{ role: "user", content: { type: "text", text: "x", ...data } }],
  }),
  "metadata of a block": (data) => ({
    messages: [{ role: "user", content: { type: "text", text: "x", _meta: data } }],
  }),
  "its description": (_, text) => ({ description: text, messages: [] }),
  "its metadata": (data) => ({ messages: [], _meta: data }),
  "members that no result has": (data) => ({ messages: [], ...data }),
  "messages that are no list": (data) => ({ messages: data }),
  "content, as a tool's result has it": (data) => ({ messages: [], content: data, structuredContent: data }),
};
const RESOURCES: typeof BESIDE = {
  "a text": (_, text) => ({ contents: [{ uri: "a://b", mimeType: "application/json", text }] }),
  "metadata of a content": (data) => ({ contents: [{ uri: "a://b", text: "x", _meta: data }] }),
  "members that no content has": (data) => ({ contents: [{ uri: "a://b", text: "x", ...data }] }),
  "its metadata": (data) => ({ contents: [], ttlMs: 0, cacheScope: "private", _meta: data }),
  "members that no result has": (data) => ({ contents: [], ...data }),
  "contents that are no list": (data) => ({ contents: data }),
  "a content that is a text": (_, text) => ({ contents: [text] }),
};
const COMPLETIONS: typeof BESIDE = {
  "a value": (_, text) => ({ completion: { values: ["x", text] } }),
  "a value that is no text": (data) => ({ completion: { values: [data] } }),
  "members that no completion has": (data) => ({ completion: { values: [], ...data } }),
  "its metadata": (data) => ({ completion: { values: [] }, _meta: data }),
  "members that no result has": (data) => ({ completion: { values: [] }, ...data }),
};
const OF_KIND = { prompt: PROMPTS, resource: RESOURCES, completion: COMPLETIONS } as const;
const KINDS = ["prompt", "resource", "completion"] as const;

const PATHS = ["$..secret", "$..['secret']", "$..[?@.secret]"];
const WITH = ["replace", "hash", "drop"] as const;

const all = (table: typeof RESULTS) => Object.entries(table).map(([name, make]) => [name, make(DATA, TEXT)] as const);

describe.each(PATHS)("the path %s", (path) => {
  it.each(all(RESULTS))("reaches %s of a result", (_name, result) => {
    for (const how of WITH) expectNone(redacted(result, rule({ paths: [path, "$.secret"], with: how })).result);
  });

  describe.each(KINDS)("in a result of a %s", (kind) => {
    it.each(all(OF_KIND[kind]))("reaches %s", (_name, result) => {
      for (const how of WITH) {
        expectNone(redactedOf(kind, result, rule({ paths: [path, "$.secret"], with: how })).result);
      }
    });
  });

  it.each(all(BESIDE))("reaches %s beside a result", (_name, params) => {
    for (const how of WITH) expectNone(redactedJson(params, rule({ paths: [path, "$.secret"], with: how })));
  });
});

function expectNone(value: Json): void {
  expect(JSON.stringify(value)).not.toMatch(/s3cr3t|42/);
}

it("begins where data does, and keeps the order of members", () => {
  const first = rule({ paths: ["$.secret"], with: "drop" });
  const result = {
    secret: 1,
    content: [{ a: 1, secret: 2, type: "text", text: '{"secret":3,"b":1}' }],
    b: 2,
    _meta: { c: { secret: 4 } },
  };
  expect(JSON.stringify(redacted(result, first).result)).toBe(
    '{"content":[{"a":1,"type":"text","text":"{\\"b\\":1}"}],"b":2,"_meta":{"c":{"secret":4}}}',
  );
});

it("leaves what the protocol names", () => {
  const names =
    "type text content data mimeType uri name role resource annotations priority level logger message progress progressToken mode requestedSchema description messages contents blob completion values total hasMore resultType ttlMs cacheScope";
  const paths = rule({ paths: names.split(" ").map((name) => `$..${name}`) });
  const result = {
    content: [
      { type: "text", text: "x", annotations: { priority: 1 } },
      { type: "image", data: "AAAA", mimeType: "image/png" },
      { type: "resource", resource: { uri: "a://b", mimeType: "text/plain", text: "y" } },
    ],
    isError: false,
  };
  expect(redacted(result, paths).result).toBe(result);
  const prompt = {
    resultType: "complete",
    description: "d",
    messages: [
      { role: "user", content: { type: "text", text: "x", annotations: { priority: 1 } } },
      { role: "user", content: { type: "resource", resource: { uri: "a://b", mimeType: "text/plain", text: "y" } } },
    ],
  };
  expect(redactedOf("prompt", prompt, paths).result).toBe(prompt);
  const resource = {
    resultType: "complete",
    contents: [
      { uri: "a://b", mimeType: "text/plain", text: "x" },
      { uri: "a://c", mimeType: "image/png", blob: "AAAA" },
    ],
    ttlMs: 0,
    cacheScope: "private",
  };
  expect(redactedOf("resource", resource, paths).result).toBe(resource);
  const completion = { resultType: "complete", completion: { values: ["x"], total: 1, hasMore: false } };
  expect(redactedOf("completion", completion, paths).result).toBe(completion);
  for (const params of [
    { level: "info", logger: "l", data: 1 },
    { progressToken: 1, progress: 2, message: "m" },
    { mode: "form", message: "m", requestedSchema: { type: "object", properties: { name: { type: "string" } } } },
    { messages: [{ role: "user", content: { type: "text", text: "x" } }] },
  ]) {
    expect(redactedJson(params, paths)).toBe(params);
  }
});
