import { expect, it } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { oddMessageIn, refusedMessageIn } from "../../src/mcp/refused-call.ts";

const HEAD = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":';

it.each<[text: string, tool: string | undefined]>([
  [`${HEAD}{"name":"up__pay","arguments":{"nr":9007199254740993}}}`, "up__pay"],
  [`${HEAD}{"arguments":{"name":"other","__proto__":1},"name":"up__pay"}}`, "up__pay"],
  [` { "params" : { "x" : {"name":"no"} , "name" : "up__pay" } , "method" : "tools/call"`, "up__pay"],
  [`${HEAD}{"name":"up__pay","arguments":{"nr":`, "up__pay"],
  [`${HEAD}{"arguments":{`, ""],
  [`${HEAD}{"name":7,"nr":1e400}}`, ""],
  [`${HEAD}{"name":"up__\\u0070ay","nr":1e400}}`, ""],
  [`${HEAD}{"name":"${"x".repeat(300)}","nr":1e400}}`, ""],
  [`${HEAD}[{"name":"no"},1e400]}`, ""],
  ['{"method":"tools/list","params":{"name":"up__pay","nr":1e400}}', undefined],
  ['{"params":{"method":"tools/call","name":"up__pay","nr":1e400}}', undefined],
  ['{"result":{"method":"tools/call"},"nr":1e400}', undefined],
  ["{,", undefined],
  ["", undefined],
])("of a text that breaks the rules: %s", (text, tool) => {
  expect(refusedMessageIn(text).call?.tool).toBe(tool);
});

it("is read in front of more names than are read in one go, and not behind them", () => {
  const many = `"a":1,`.repeat(30_000);
  expect(refusedMessageIn(`${HEAD}{"name":"up__pay",${many}"b":1e400}}`).call?.tool).toBe("up__pay");
  expect(refusedMessageIn(`${HEAD}{${many}"name":"up__pay"}}`).call?.tool).toBe("");
});

it("is found behind values that are nested too deeply", () => {
  expect(
    refusedMessageIn(`${HEAD}{"arguments":${"[".repeat(200)}${"]".repeat(200)},"name":"up__pay"}}`).call?.tool,
  ).toBe("up__pay");
});

it.each<[value: Json, tool: string | undefined]>([
  [{ method: "tools/call", params: { name: "up__pay" } }, "up__pay"],
  [{ method: "tools/call", params: { name: ["up__pay"] } }, ""],
  [{ method: "tools/call", params: 7 }, ""],
  [{ method: "tools/call" }, ""],
  [[7, { method: "ping" }, { method: "tools/call", params: { name: "up__pay" } }], "up__pay"],
  [[[{ method: "tools/call" }]], undefined],
  [{ method: "prompts/get", params: { name: "up__pay" } }, undefined],
  ["tools/call", undefined],
])("of %j", (value, tool) => {
  expect(oddMessageIn(value).call?.tool).toBe(tool);
});

const CLIENT = '"io.modelcontextprotocol/clientInfo":{"x":{"name":"no"},"name":"t","version":"1"}';

it.each([
  `${HEAD}{"_meta":{"a":{"name":"no"},${CLIENT}},"name":"up__pay","arguments":{"nr":1e400}}}`,
  `${HEAD}{"name":"up__pay","_meta":{${CLIENT},"b":{"name":"no","version":"no"}},"arguments":{"nr":`,
])("the client is the one that the text names: %s", (text) => {
  expect(refusedMessageIn(text).call).toEqual({ tool: "up__pay", clientInfo: { name: "t", version: "1" } });
});

it.each([
  `${HEAD}{"name":"up__pay","arguments":{${CLIENT}},"nr":1e400}}`,
  `${HEAD}{"name":"up__pay","nr":1e400},"_meta":{${CLIENT}}}`,
  `${HEAD}{"name":"up__pay","x":{"_meta":{${CLIENT}}},"nr":1e400}}`,
])("and none where the client speaks of itself nowhere: %s", (text) => {
  expect(refusedMessageIn(text).call).toEqual({ tool: "up__pay", clientInfo: undefined });
});
