import { describe, expect, it } from "vitest";
import { idAtEnds, idOfOddRequest, idOfRefused } from "../../src/mcp/refused-id.ts";

describe("the id of a request that is refused", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"method":"x","params":{"n":9007199254740993}}', 7],
    ['{"method":"x","params":{"__proto__":{"id":8}},"jsonrpc":"2.0","id":7}', 7],
    [' {"method" : "x" , "params":{"id":8}, "id" : "a-b" }', "a-b"],
    [`{"method":"x","params":${"[".repeat(200)}${"]".repeat(200)},"id":-3}`, -3],
    // What came before the fault counts.
    ['{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":}}', 7],
    ['{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":1', 7],
    // An answer, two ids, none, and what two readers could read differently.
    ['{"jsonrpc":"2.0","id":7,"result":{"n":9007199254740993}}', undefined],
    ['{"id":7,"method":"x","id":8,"params":{"__proto__":1}}', undefined],
    ['{"method":"x","params":{"id":7,"__proto__":1}}', undefined],
    ['{"id":9007199254740993,"method":"x"}', undefined],
    ['{"id":7.5,"method":"x","params":{"__proto__":1}}', undefined],
    ['{"id":"a\\u0062","method":"x","params":{"__proto__":1}}', undefined],
    ['{"id":null,"method":"x","params":{"__proto__":1}}', undefined],
    ['[{"id":7,"method":"x","params":{"__proto__":1}}]', undefined],
    ["{", undefined],
    ["", undefined],
    ["[".repeat(50_000), undefined],
  ])("%.80j: %j", (text, id) => {
    expect(idOfRefused(text)).toBe(id);
  });

  it.each<[where: string, text: (many: string) => string, id: number | undefined]>([
    ["in front", (many) => `{"jsonrpc":"2.0","id":7,"method":"x","params":{${many}}}`, 7],
    ["at the end", (many) => `{"method":"x","params":{${many}},"jsonrpc":"2.0","id":7}`, 7],
    ["in the middle, where nobody reads so far", (many) => `{${many},"id":7,"method":"x",${many}}`, undefined],
  ])("with more names than are read in one go: %s", (_where, text, id) => {
    expect(idOfRefused(text(`"a":1,`.repeat(30_000).slice(0, -1)))).toBe(id);
  });

  it.each([
    ['{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":"xxx', 'xxx"}}', 7],
    ['{"method":"tools/call","params":{"a":"xxx', 'xxx"}},"jsonrpc":"2.0","id":"q1"}', "q1"],
    ['{"method":"tools/call","params":{"a":"xxx', 'xxx","jsonrpc":"2.0","id":7}}', undefined],
    ['{"method":"tools/call","params":{"a":"xxx', 'xxx \\"jsonrpc\\":\\"2.0\\",\\"id\\":7}"}}', undefined],
    ['{"result":{"a":"xxx', 'xxx"},"jsonrpc":"2.0","id":7}', undefined],
    ['{"jsonrpc":"2.0","id":7,"result":{"a":"xxx', 'xxx"}}', undefined],
    ["xxx", "xxx", undefined],
  ])("too long, from %j to %j: %j", (head, tail, id) => {
    expect(idAtEnds(head, tail)).toBe(id);
  });

  it.each([
    [{ jsonrpc: "1.0", id: 7, method: "x" }, 7],
    [{ id: "a", method: "x", params: [] }, "a"],
    [{ id: null, method: "x" }, undefined],
    [{ id: 7, result: {} }, undefined],
    [[], undefined],
    [null, undefined],
  ])("that is no message: %j: %j", (value, id) => {
    expect(idOfOddRequest(value)).toBe(id);
  });
});
