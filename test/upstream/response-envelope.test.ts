import { describe, expect, it } from "vitest";
import { JSON_LIMITS } from "../../src/core/limits.ts";
import { readIncoming } from "../../src/upstream/messages/response-envelope.ts";

const LARGE = "z".repeat(20_000);

function read(text: string): unknown {
  const incoming = readIncoming(Buffer.from(text), JSON_LIMITS);
  return incoming?.kind === "result" ? { id: incoming.id, result: incoming.result.value() } : incoming;
}

describe("a response", () => {
  it.each([
    ["small", "s"],
    ["large", LARGE],
  ])("keeps the very bytes of a %s result in both known envelopes", (_name, fill) => {
    const result = `{"text":"${fill}\\"}{","n": 1.50,"list":[{}]}`;
    for (const text of [
      `{"jsonrpc":"2.0","id":12,"result":${result}}`,
      `{"result":${result},"jsonrpc":"2.0","id":12}`,
    ]) {
      const incoming = readIncoming(Buffer.from(text), JSON_LIMITS);
      expect(incoming).toMatchObject({ kind: "result", id: 12 });
      expect(incoming?.kind === "result" && incoming.result.bytes.toString()).toBe(result);
    }
  });

  it.each([
    '{"resultType":"complete","content":[]}',
    '{"content":[],"resultType":"complete"}',
    '{"content":[{"type":"text","text":"isError"}],"isError":true}',
    '{"isError":true,"content":[],"resultType":"complete"}',
    '{"structuredContent":{"isError":true,"resultType":"input_required"}}',
    '{"content":[{"type":"text","text":",\\"isError\\":\\"x\\"}"}]}',
    '{"_meta":{"resultType":"x"},"content":[{"isError":true,"_meta":{"a":{"resultType":"y"}}}]}',
    '{"resultType":"com\\u0070lete","isError":false}',
    "{}",
  ])("tells of its own members what a parser tells: %s", (result) => {
    for (const text of [
      `{"jsonrpc":"2.0","id":1234567,"result":${result}}`,
      `{"result":${result},"jsonrpc":"2.0","id":1}`,
    ]) {
      const incoming = readIncoming(Buffer.from(text), JSON_LIMITS);
      for (const name of ["resultType", "isError", "ttlMs"]) {
        expect(incoming?.kind === "result" && incoming.result.member(name), name).toEqual(JSON.parse(result)[name]);
      }
    }
  });

  it.each([
    ["after the result", `{"jsonrpc":"2.0","id":1,"result":{"a":"${LARGE}"},"x":{}}`],
    ["a second result", `{"result":{"a":"${LARGE}"},"result":{"b":1},"jsonrpc":"2.0","id":1}`],
  ])("cannot write members of its own into the gateway's envelope: %s", (_name, text) => {
    const incoming = readIncoming(Buffer.from(text), JSON_LIMITS);
    expect(incoming?.kind === "result" && JSON.parse(incoming.result.bytes.toString())).toEqual(
      JSON.parse(text).result,
    );
  });

  it.each([
    ["unbalanced", `{"jsonrpc":"2.0","id":1,"result":{"a":["${LARGE}"}}`],
    ["cut off in a string", `{"jsonrpc":"2.0","id":1,"result":{"a":"${LARGE}}}`],
    ["no object", '{"jsonrpc":"2.0","id":1,"result":[1,2,3,4,5,6,7]}'],
    ["empty", ""],
    ["another protocol", '{"jsonrpc":"1.0","id":1,"result":{"aaaaaaaaaaaaaaaa":1}}'],
  ])("is refused when it is %s", (_name, text) => {
    expect(readIncoming(Buffer.from(text), JSON_LIMITS)).toMatchObject({
      kind: "unreadable",
      code: "UPSTREAM_INVALID",
    });
  });

  it("that is not UTF-8 never passes as it came", () => {
    const bytes = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"a":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}'),
    ]);
    const incoming = readIncoming(bytes, JSON_LIMITS);
    expect(incoming?.kind === "result" && incoming.result.bytes.includes(0xff)).toBe(false);
  });

  it("with line breaks comes on one line", () => {
    const incoming = readIncoming(
      Buffer.from('{"jsonrpc":"2.0","id":1,"result":{\n"a":\r\n"line\\nbreak"}}'),
      JSON_LIMITS,
    );
    expect(incoming?.kind === "result" && incoming.result.bytes.toString()).toBe('{ "a":  "line\\nbreak"}');
  });

  it.each([
    ['{"jsonrpc":"2.0","id":"a","result":{}}', { id: "a", result: {} }],
    [
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"m"}}',
      { kind: "error", error: { code: -32000, message: "m" } },
    ],
    ['{"error":{"code":-1}}', { kind: "error", error: { code: -1, message: "" } }],
    ['{"jsonrpc":"2.0","method":"ping","id":4}', { kind: "request", id: 4, method: "ping", params: {} }],
  ])("of another form is parsed: %s", (text, expected) => {
    expect(read(text)).toMatchObject(expected);
  });

  const deep = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
  const wide = (count: number): string => `{"a":[${"1,".repeat(count)}1]}`;

  it.each([
    ["a deep result", `{"jsonrpc":"2.0","id":7,"result":${deep(65)}}`],
    ["a deep result in the SDK's order", `{"result":${deep(3_000)},"jsonrpc":"2.0","id":7}`],
    ["a deep result in another order", `{"id":7,"result":${deep(3_000)},"jsonrpc":"2.0"}`],
    ["a deep result printed prettily", `{"jsonrpc":"2.0","id":7,\n"result":${deep(3_000)}}`],
    ["the data of an error", `{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"m","data":${deep(3_000)}}}`],
    ["a deep notification", `{"jsonrpc":"2.0","method":"notifications/message","params":${deep(200_000)}}`],
    ["a deep question", `{"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":${deep(3_000)}}`],
    ["many values", `{"jsonrpc":"2.0","id":7,"result":${wide(100_001)}}`],
    ["many values in another order", `{"id":7,"jsonrpc":"2.0","result":${wide(100_001)}}`],
  ])("or another message is refused beyond the limits, before anything is made of it: %s", (_name, text) => {
    const read = readIncoming(Buffer.from(text), JSON_LIMITS);
    expect(read).toMatchObject({ kind: "unreadable", code: "UPSTREAM_TOO_LARGE" });
    // The id of a question is its server's own, and no call's.
    expect(read).toMatchObject({ id: text.includes('"method"') ? undefined : 7 });
  });

  it("is taken up to the limits", () => {
    for (const result of [deep(64), wide(99_990)]) {
      const text = `{"jsonrpc":"2.0","id":7,"result":${result}}`;
      expect(readIncoming(Buffer.from(text), JSON_LIMITS)).toMatchObject({ kind: "result", id: 7 });
    }
  });
});
