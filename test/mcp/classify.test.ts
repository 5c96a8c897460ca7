import { describe, expect, it } from "vitest";
import { classify } from "../../src/mcp/classify.ts";
import { decodeHeaderValue } from "../../src/mcp/headers/header-value.ts";
import { missingCapability } from "../../src/mcp/missing-capability.ts";
import { reachesLevel, traceIdOf } from "../../src/mcp/request-meta.ts";

const version = "io.modelcontextprotocol/protocolVersion";
const capabilities = "io.modelcontextprotocol/clientCapabilities";
const none = { protocolVersion: undefined, method: undefined, name: undefined };
const meta = { [version]: "2026-07-28", [capabilities]: {} };
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };

describe("the era of a body", () => {
  it.each([
    ["a request that names a version", { ...list, params: { _meta: meta } }, undefined, "modern-request"],
    [
      "an initialize that names a version",
      { ...list, method: "initialize", params: { _meta: meta } },
      undefined,
      "modern-request",
    ],
    ["a request that names none", list, none, "legacy"],
    ["a request under a legacy header", list, { ...none, protocolVersion: "2025-06-18" }, "legacy"],
    ["a response", { jsonrpc: "2.0", id: 1, result: {} }, { ...none, protocolVersion: "2026-07-28" }, "legacy"],
    [
      "a notification under a modern header",
      { jsonrpc: "2.0", method: "x" },
      { ...none, protocolVersion: "2026-07-28" },
      "modern-notification",
    ],
    ["a request under a modern header without _meta", list, { ...none, protocolVersion: "2026-07-28" }, "rejected"],
    ["a request under an unknown header", list, { ...none, protocolVersion: "2" }, "rejected"],
    ["an array", [list], none, "legacy-batch"],
    ["an array with a modern request", [{ ...list, params: { _meta: meta } }], none, "rejected"],
    ["text", "hello", none, "rejected"],
  ])("%s", (_, body, headers, kind) => {
    expect(classify(body, { headers, maxBatch: 8 }).kind).toBe(kind);
  });

  it("echoes no more of an unknown version than a version needs", () => {
    const long = "9".repeat(1000);
    const rejected = classify(list, { headers: { ...none, protocolVersion: long }, maxBatch: 8 });
    expect(rejected).toMatchObject({ data: { requested: "9".repeat(64) } });
  });
});

it.each([
  ["Hello", "Hello"],
  ["=?base64?SGVsbG8=?=", "Hello"],
  ["=?base64?SGVsbG8?=", undefined],
  ["=?base64?SGVs!!!bG8=?=", undefined],
  ["=?base64?SGVsbG8=", "=?base64?SGVsbG8="],
  ["=?BASE64?SGVsbG8=?=", "=?BASE64?SGVsbG8=?="],
  ["=?base64?/w==?=", undefined],
  ["naïve", undefined],
])("decodes the header value %s to %s", (value, decoded) => {
  expect(decodeHeaderValue(value)).toBe(decoded);
});

describe("what an ask needs of a client", () => {
  const form = { method: "elicitation/create", params: {} };
  const url = { method: "elicitation/create", params: { mode: "url" } };
  const sampling = { method: "sampling/createMessage", params: {} };
  it.each([
    [form, {}, { elicitation: {} }],
    [form, { elicitation: {} }, undefined],
    [form, { elicitation: { form: {} } }, undefined],
    [form, { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    [url, { elicitation: {} }, { elicitation: { url: {} } }],
    [url, { elicitation: { url: {} } }, undefined],
    [sampling, {}, { sampling: {} }],
    [sampling, { sampling: {} }, undefined],
    [{ ...sampling, params: { tools: [] } }, { sampling: {} }, { sampling: { tools: {} } }],
    [{ method: "roots/list", params: {} }, {}, { roots: {} }],
    [{ method: "roots/list", params: {} }, { roots: {} }, undefined],
  ])("%j of a client with %j lacks %j", (ask, declared, missing) => {
    expect(missingCapability(ask, declared)).toEqual(missing);
  });
});

it.each([
  ["error", "info", true],
  ["info", "info", true],
  ["debug", "info", false],
  ["made-up", "info", false],
  ["made-up", "debug", true],
] as const)("a message of %s reaches %s: %s", (level, wanted, reaches) => {
  expect(reachesLevel(level, wanted)).toBe(reaches);
});

it.each([
  ["00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01", "0af7651916cd43dd8448eb211c80319c"],
  ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", undefined],
  ["nonsense", undefined],
])("reads the trace id of %s", (traceparent, traceId) => {
  expect(traceIdOf(traceparent)).toBe(traceId);
});
