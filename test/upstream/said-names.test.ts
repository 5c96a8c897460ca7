import { describe, expect, it } from "vitest";
import { JSON_LIMITS } from "../../src/core/limits.ts";
import { readIncoming } from "../../src/upstream/messages/response-envelope.ts";

const read = (text: string) => readIncoming(Buffer.from(text), JSON_LIMITS);
const AMBIGUOUS = { kind: "unreadable", code: "UPSTREAM_INVALID" };

describe.each([
  ["short", "s"],
  ["long", "z".repeat(20_000)],
])("a %s message of a server", (_size, fill) => {
  const block = (members: string) => `"content":[{"type":"text","text":"${fill}"},{${members}}]`;

  it.each([
    '"isError":false,"IsError":true',
    '"IsError":true',
    '"ISERROR":true',
    '"is\\u200bError":true',
    '"\\u0131sError":true',
    '"content":[],"Content":[{"type":"text","text":"other"}]',
    '"resultType":"complete","ResultType":"input_required"',
    '"ｒesultType":"input_required"',
    '"StructuredContent":{}',
    '"own":1,"OWN":2',
    '"structuredContent":{"a":1},"Content":[]',
    block('"type":"text","Text":"other","text":"x"'),
    block('"type":"text","text":"x","Annotations":{}'),
    block('"type":"text","text":"x","annotations":{"Audience":["user"]}'),
    block('"type":"resource","resource":{"uri":"a:b","text":"x","Text":"other"}'),
    block('"type":"resource","resource":{"uri":"a:b","_Meta":{}}'),
    block('"type":"text","text":"x","_meta":{"own":1,"Own":2}'),
    '"contents":[{"uri":"a:b","Blob":"x"}]',
    '"messages":[{"role":"user","content":{"type":"text","text":"x","Text":"y"}}]',
    '"completion":{"values":[],"Values":["x"]}',
    '"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create","params":{"mode":"form","Mode":"url"}}}',
    '"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create","Params":{}}}',
  ])("whose result holds %s is no answer", (members) => {
    for (const text of [
      `{"jsonrpc":"2.0","id":3,"result":{${members},"f":"${fill}"}}`,
      `{"result":{"f":"${fill}",${members}},"jsonrpc":"2.0","id":3}`,
      `{"jsonrpc":"2.0", "id":3,"result":{${members},"f":"${fill}"}}`,
    ]) {
      expect(read(text), text.slice(0, 120)).toMatchObject({ ...AMBIGUOUS, id: 3 });
    }
  });

  it.each([
    [`"content":[],"content":[{"type":"text","text":"${fill}"}]`, { content: [{ type: "text", text: fill }] }],
    [`"isError":false,"isError":true,"f":"${fill}"`, { isError: true, f: fill }],
    [`"content":[{"type":"text","text":"a","text":"${fill}"}]`, { content: [{ type: "text", text: fill }] }],
    [`"_meta":{"a":1,"a":2},"f":"${fill}"`, { _meta: { a: 2 }, f: fill }],
  ])("is written anew where a name stands twice (%#)", (members, result) => {
    const incoming = read(`{"jsonrpc":"2.0","id":3,"result":{${members}}}`);
    expect(incoming.kind === "result" && incoming.result.bytes.toString()).toBe(JSON.stringify(result));
  });

  it.each([
    `{"structuredContent":{"Content":1,"content":2,"a":{"Text":1},"README":1,"readme":2},"f":"${fill}"}`,
    `{"tools":[{"name":"a","Name":"b"}],"f":"${fill}"}`,
    `{"content":[{"type":"tool_use","id":"a","name":"b","input":{"Type":1,"type":2}}],"f":"${fill}"}`,
    `{"content":[],"_meta":{"Name":1,"a":{"B":1,"b":2}},"f":"${fill}"}`,
    `{"inputRequests":{"Text":{"method":"elicitation/create","params":{"mode":"form","requestedSchema":{"properties":{"Name":{}}}}}},"f":"${fill}"}`,
    `{"capabilities":{"experimental":{"Type":{}},"extensions":{"X":{},"x":{}}},"f":"${fill}"}`,
    `{"vendorField":1,"Vendor":2,"f":"${fill}"}`,
  ])("keeps its bytes where names are data of a tool, or nobody's: %s", (result) => {
    const incoming = read(`{"jsonrpc":"2.0","id":1,"result":${result}}`);
    expect(incoming.kind === "result" && incoming.result.bytes.toString()).toBe(result);
  });

  it.each([
    '"id":3,"error":{"code":1,"message":"m","Message":"n"}',
    '"id":3,"error":{"code":1,"message":"m","data":{"elicitations":[{"mode":"url","Mode":"form"}]}}',
    '"id":3,"error":{"code":1,"message":"m","data":{"Elicitations":[]}}',
    '"id":3,"error":{"code":1,"message":"m"},"Result":{}',
    '"id":3,"error":{"code":1,"message":"m"},"result":{}',
    '"id":3,"ID":4,"result":{}',
  ])("is no answer with %s", (members) => {
    expect(read(`{"jsonrpc":"2.0",${members},"f":"${fill}"}`)).toMatchObject(AMBIGUOUS);
  });

  it("may have names of its own in the data of an error", () => {
    const data = { Message: "m", Type: "t", f: fill };
    const text = JSON.stringify({ jsonrpc: "2.0", id: 3, error: { code: 1, message: "m", data } });
    expect(read(text)).toMatchObject({ kind: "error", id: 3, error: { data } });
  });

  it.each([
    '"id":3,"method":"elicitation/create","params":{"message":"m","mode":"form","Mode":"url"}',
    '"id":3,"method":"sampling/createMessage","params":{"messages":[{"role":"user","Content":{}}]}',
    '"method":"notifications/progress","params":{"progressToken":1,"progress":1,"Message":"m"}',
    '"method":"notifications/message","params":{"Level":"error","level":"info","data":1}',
  ])("is not taken for the answer to anything where it asks or tells %s", (members) => {
    expect(read(`{"jsonrpc":"2.0",${members},"f":"${fill}"}`)).toMatchObject({ ...AMBIGUOUS, id: undefined });
  });

  it("may tell what it likes as data of a line in the log", () => {
    const params = { level: "info", data: { Level: 1, level: 2 } };
    const text = JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params, f: fill });
    expect(read(text)).toMatchObject({ kind: "notification", params });
  });

  it("with more names to be compared than there is time for is no answer", () => {
    const names = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`${at}${"\ufdfa".repeat(100)}`, 1]));
    for (const result of [names, { ["\ufdfa".repeat(300)]: 1 }]) {
      expect(read(JSON.stringify({ jsonrpc: "2.0", id: 3, result: { ...result, f: fill } }))).toMatchObject(AMBIGUOUS);
    }
  });
});

it.each([
  `{"a":["${"z".repeat(20_000)}",oops]}`,
  `{"a":"${"z".repeat(20_000)}\u0001"}`,
  `{"a":"${"z".repeat(20_000)}\\q"}`,
  `{"a":01,"b":"${"z".repeat(20_000)}"}`,
  `{"a":1,,"b":"${"z".repeat(20_000)}"}`,
  `{"a" "${"z".repeat(20_000)}"}`,
  `{"a":[1},"b":["${"z".repeat(20_000)}"]}`,
])("a long result that is no JSON is no answer (%#)", (result) => {
  expect(read(`{"jsonrpc":"2.0","id":3,"result":${result}}`)).toMatchObject({ ...AMBIGUOUS, id: 3 });
});
