import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold } from "../../src/core/fold.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { checkKeys } from "../../src/mcp/call-params.ts";
import { type Members, PARAMS } from "../../src/mcp/members/members.ts";
import { notificationText, requestText } from "../../src/upstream/messages/request-text.ts";

const modern = { clientInfo: { name: "portcullis", version: "0" }, capabilities: {}, logLevel: undefined };
const METHODS = Object.keys(PARAMS);

/** Ways to write a name that some reader takes for it. */
function spellings(name: string): readonly string[] {
  return [
    name,
    name.toUpperCase(),
    `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    name.replace("s", "ſ"),
    name.replace("k", "\u212A"),
    name.replace("i", "ı"),
    `${name}\u0000`,
    `\u200B${name}`,
    `${name}\uFE0F`,
    name.replaceAll(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)),
  ];
}

const names = new Set<string>(["_meta", "amount", "portcullis/request", "progressToken", "elicit", "sample"]);
const collect = (members: Members): void => {
  for (const [name, member] of Object.entries(members)) {
    names.add(name);
    if (typeof member !== "string") collect("of" in member ? member.of : "each" in member ? member.each : member.list);
  }
};
for (const members of Object.values(PARAMS)) collect(members);

const anyKey = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...[...names].flatMap(spellings)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }).filter((text) => text !== "__proto__") },
);

/** Params with keys that are, or read like, members of a method; `wanted` of them more often than not. */
function hostile(wanted: Members): fc.Arbitrary<JsonObject> {
  const { value } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.integer(),
      fc.string(),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.dictionary(anyKey, tie("value"), { maxKeys: 4 }),
  }));
  const fitting = (member: Members[string]): fc.Arbitrary<Json> => {
    if (typeof member === "string") return value;
    if ("of" in member) return fc.oneof(hostile(member.of), value);
    return "list" in member ? fc.array(hostile(member.list)) : fc.dictionary(anyKey, hostile(member.each));
  };
  const own = Object.fromEntries(Object.entries(wanted).map(([name, member]) => [name, fitting(member)]));
  const more = fc.dictionary(anyKey, value, { maxKeys: 3 });
  return fc.tuple(fc.record(own, { requiredKeys: [] }), more).map(([members, others]) => ({ ...members, ...others }));
}

/** What a decoder that ignores case finds in a message: of all keys that it takes for `name`, the last. */
function decoded(object: JsonObject, name: string): Json | undefined {
  const last = Object.keys(object).findLast((spelling) => fold(spelling) === fold(name));
  return last === undefined ? undefined : object[last];
}

function paramsIn(text: string): JsonObject {
  const message: unknown = JSON.parse(text);
  const params = isObject(message) ? message["params"] : undefined;
  return isObject(params) ? params : {};
}

function expectDecided(sent: JsonObject, decided: JsonObject, members: Members): void {
  for (const key of Object.keys(sent)) expect(key === "_meta" || Object.hasOwn(members, key), key).toBe(true);
  for (const [name, member] of Object.entries(members)) {
    const own = Object.hasOwn(decided, name) ? decided[name] : undefined;
    const read = decoded(sent, name);
    if (member === "data") expect(read).toEqual(own);
    else if (member === "unsent") expect(read).toBeUndefined();
    else if (member !== "meta" && "of" in member && isObject(own)) {
      expect(isObject(read)).toBe(true);
      if (isObject(read)) expectDecided(read, own, member.of);
    } else if (read !== undefined) expect(own).toBeDefined();
  }
}

function expectOneMeaning(value: Json | undefined): void {
  if (typeof value !== "object" || value === null) return;
  if (isObject(value)) {
    const keys = Object.keys(value);
    expect(new Set(keys.map(fold)).size).toBe(keys.length);
  }
  for (const child of Object.values(value)) expectOneMeaning(child);
}

describe.each(METHODS)("%s", (method) => {
  const members = PARAMS[method] ?? {};

  it("tells a reader that ignores case what was decided on, or is refused", () => {
    let passed = 0;
    fc.assert(
      fc.property(hostile(members), (params) => {
        if (checkKeys(method, params) !== undefined) return;
        passed += 1;
        const sent = paramsIn(requestText(1, method, params, { modern, progressToken: 7 }));
        expectDecided(sent, params, members);
        expectOneMeaning(sent);
        const { _meta: meta } = sent;
        expect(meta).toMatchObject({ progressToken: 7, "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
        for (const key of isObject(meta) ? Object.keys(meta) : []) expect(fold(key)).not.toMatch(/^portcullis\//);
      }),
      { numRuns: 300 },
    );
    expect(passed).toBeGreaterThan(30);
  });

  it("is refused with a key that reads like one of its members", () => {
    for (const name of [...Object.keys(members), "_meta"]) {
      for (const spelling of spellings(name)) {
        if (spelling === name) continue;
        expect(checkKeys(method, { [spelling]: {} }), spelling).toMatchObject({ code: "KEYS_AMBIGUOUS" });
      }
    }
  });
});

it("keeps of a caller's _meta what is neither the protocol's nor the gateway's", () => {
  const _meta = {
    traceparent: "00-1",
    "acme/tenant": { Portcullis: 1 },
    progressToken: 1,
    ProgressToken: 1,
    "io.modelcontextprotocol/logLevel": "debug",
    "IO.modelcontextprotocol/clientinfo": {},
    "io.modelcontextprotocol/unheard-of": 1,
    "portcullis/request": "apr_1",
    "Portcullis/Request": "apr_1",
    "port\u00ADcullis/request": "apr_1",
    "portcullis\uFF0Frequest": "apr_1",
  };
  const sent = paramsIn(
    requestText(1, "tools/call", { name: "t", _meta }, { meta: { "portcullis/request": "apr_2" } }),
  );
  expect(sent).toEqual({
    name: "t",
    _meta: { traceparent: "00-1", "acme/tenant": { Portcullis: 1 }, "portcullis/request": "apr_2" },
  });
});

it("gives a legacy server nothing that only modern ones know", () => {
  const params = { name: "t", inputResponses: { a: { action: "accept" } }, requestState: "x", task: {} };
  expect(paramsIn(requestText(1, "tools/call", params, {}))).toEqual({ name: "t" });
});

it("builds answers from what the protocol has, without the gateway's keys in them", () => {
  const content = { type: "text", text: "hi", _meta: { "portcullis/approval": {}, mine: 1 } };
  const inputResponses = {
    elicit: { action: "accept", content: { Name: "Ada" }, resultType: "complete", extra: 1 },
    sample: { role: "assistant", model: "m", content, _meta: { "portcullis/x": 1, y: 2 } },
    roots: { roots: [{ uri: "file:///", more: 1 }, "no root"] },
  };
  const sent = paramsIn(requestText(1, "tools/call", { name: "t", inputResponses }, { modern }));
  expect(sent["inputResponses"]).toEqual({
    elicit: { action: "accept", content: { Name: "Ada" } },
    sample: {
      role: "assistant",
      model: "m",
      content: { type: "text", text: "hi", _meta: { mine: 1 } },
      _meta: { y: 2 },
    },
    roots: { roots: [{ uri: "file:///" }] },
  });
});

it("builds notifications in the same way", () => {
  const params = { requestId: 1, reason: "r", Reason: 2, _meta: { "portcullis/x": 1 } };
  expect(JSON.parse(notificationText("notifications/cancelled", params))).toEqual({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: 1, reason: "r" },
  });
});

it("knows no other methods", () => {
  for (const method of ["tools/Call", "constructor", "made/up"]) {
    expect(() => requestText(1, method, {}, {})).toThrow("No server is sent");
  }
});
