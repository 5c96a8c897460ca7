import { describe, expect, it } from "vitest";
import { readIncoming } from "../../src/upstream/response-envelope.ts";

const LARGE = "z".repeat(20_000);

function read(text: string): unknown {
  const incoming = readIncoming(Buffer.from(text));
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
      const incoming = readIncoming(Buffer.from(text));
      expect(incoming).toMatchObject({ kind: "result", id: 12 });
      expect(incoming?.kind === "result" && incoming.result.bytes.toString()).toBe(result);
    }
  });

  it.each([
    ["after the result", `{"jsonrpc":"2.0","id":1,"result":{"a":"${LARGE}"},"x":{}}`],
    ["a second result", `{"result":{"a":"${LARGE}"},"result":{"b":1},"jsonrpc":"2.0","id":1}`],
  ])("cannot write members of its own into the gateway's envelope: %s", (_name, text) => {
    const incoming = readIncoming(Buffer.from(text));
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
    expect(readIncoming(Buffer.from(text))).toBeUndefined();
  });

  it("that is not UTF-8 never passes as it came", () => {
    const bytes = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"a":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}'),
    ]);
    const incoming = readIncoming(bytes);
    expect(incoming?.kind === "result" && incoming.result.bytes.includes(0xff)).toBe(false);
  });

  it("with line breaks is written anew on one line", () => {
    const incoming = readIncoming(Buffer.from('{"jsonrpc":"2.0","id":1,"result":{\n"a":\r\n"line\\nbreak"}}'));
    expect(incoming?.kind === "result" && incoming.result.bytes.toString()).toBe('{"a":"line\\nbreak"}');
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
});
