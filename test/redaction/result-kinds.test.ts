import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { DECIDED_METHODS, type DecidedMethod } from "../../src/core/subject.ts";
import { RESULT_KINDS, type ResultKind } from "../../src/redaction/shapes/result-kinds.ts";
import { redactedOf, rule } from "./helpers.ts";

const at = "ann@example.com";
const gone = "[redacted:email]";

/** A result with an address in every text that people or models read, and how many there are. */
const FULL: Readonly<Record<ResultKind, (it: string) => JsonObject>> = {
  tool: (it) => ({
    content: [
      { type: "text", text: it, annotations: { audience: [it] }, _meta: { it } },
      { type: "resource_link", uri: `mail:${it}`, name: it, title: it, description: it },
      { type: "resource", resource: { uri: `mail:${it}`, text: it } },
    ],
    structuredContent: { [it]: it },
    _meta: { it },
    other: it,
  }),
  prompt: (it) => ({
    description: it,
    messages: [
      { role: "user", content: { type: "text", text: it, annotations: { audience: [it] }, _meta: { it } }, other: it },
      {
        role: "assistant",
        content: { type: "resource_link", uri: `mail:${it}`, name: it, title: it, description: it },
      },
      { role: "user", content: { type: "resource", resource: { uri: `mail:${it}`, text: it, _meta: { it } } } },
      { role: "user", content: [{ type: "text", text: it }] },
    ],
    _meta: { [it]: it },
    other: it,
  }),
  resource: (it) => ({
    contents: [
      { uri: `mail:${it}`, mimeType: "text/plain", text: it, _meta: { it }, other: it },
      { uri: "a://b", mimeType: "application/json", text: JSON.stringify({ it, [it]: 1 }) },
      it,
    ],
    _meta: { it },
    other: [it],
  }),
  completion: (it) => ({ completion: { values: [it, `x ${it}`], total: 2, other: it }, _meta: { it }, [it]: 1 }),
};

describe.each(Object.entries(FULL))("a result of a %s", (kind, make) => {
  const of = kind as ResultKind;

  it("is looked at everywhere, also in the URIs of what it holds", () => {
    expect(redactedOf(of, make(at), rule({ detect: ["email"] })).result).toEqual(make(gone));
  });

  it("is the very same object where nothing has to go", () => {
    const result = make("all well");
    expect(redactedOf(of, result, rule({ detect: ["email"], paths: ["$..gone"] })).result).toBe(result);
    expect(redactedOf(of, result).result).toBe(result);
  });
});

// A method that comes to be decided on is missing here, and does not compile.
const KIND_OF: Readonly<Record<DecidedMethod, ResultKind | "says nothing">> = {
  "tools/call": "tool",
  "prompts/get": "prompt",
  "resources/read": "resource",
  "resources/subscribe": "says nothing",
  "completion/complete": "completion",
};

it.each(Object.keys(DECIDED_METHODS))("there is a kind for the result of %s", (method) => {
  const kind = KIND_OF[method as DecidedMethod];
  expect([...Object.keys(RESULT_KINDS), "says nothing"]).toContain(kind);
});

it("leaves pictures in messages and blobs of contents alone", () => {
  const bytes = "4111111111111111";
  const card = rule({ detect: ["credit_card"] });
  const prompt = { messages: [{ role: "user", content: { type: "image", mimeType: "image/png", data: bytes } }] };
  expect(redactedOf("prompt", prompt, card).result).toBe(prompt);
  const resource = { contents: [{ uri: "a://b", mimeType: "image/png", blob: bytes }] };
  expect(redactedOf("resource", resource, card).result).toBe(resource);
});
