import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createCallIds } from "../../src/core/ids.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { createStdioEdge, type StdioEdge } from "../../src/downstream/stdio/stdio.ts";
import { person, SILENT } from "../support/mcp-endpoint.ts";
import { PausingGateway } from "../support/pausing-gateway.ts";
import { modernMeta } from "../support/raw-mcp.ts";
import { UNHEARD } from "../support/refusals.ts";

let gateway: PausingGateway;
let input: PassThrough;
let output: PassThrough;
let edge: StdioEdge;
let answers: Map<Json | undefined, JsonObject>;

beforeEach(() => {
  gateway = new PausingGateway();
  input = new PassThrough();
  output = new PassThrough();
  answers = new Map();
  let rest = "";
  output.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message: Json = JSON.parse(line);
      if (isObject(message)) answers.set(message["id"], message);
    }
  });
  edge = createStdioEdge({
    refusals: UNHEARD,
    gateway,
    log: SILENT,
    now: Date.now,
    callIds: createCallIds(Date.now),
    version: "1.2.3",
    input,
    output,
    principal: person("alice"),
    limits: { holdMs: 60_000, legMs: 60_000 },
    everySecond: () => () => {},
  });
});

afterEach(() => edge.close());

const write = (message: Json) => input.write(`${JSON.stringify(message)}\n`);
const PAY = { name: "pay", arguments: {} };
const modernPay = (id: number, params: JsonObject = {}, meta: JsonObject = {}) =>
  write({ jsonrpc: "2.0", id, method: "tools/call", params: { ...PAY, ...params, _meta: modernMeta(meta) } });
const legacyPay = (id: number) => write({ jsonrpc: "2.0", id, method: "tools/call", params: PAY });

async function answer(id: number): Promise<JsonObject> {
  await expect.poll(() => answers.has(id)).toBe(true);
  return answers.get(id) ?? {};
}

async function initialize(): Promise<void> {
  const params = { protocolVersion: "2025-11-25", clientInfo: { name: "c", version: "1" }, capabilities: {} };
  write({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  await answer(0);
}

it("holds a legacy call until it has ended, and knows that the line was written", async () => {
  await initialize();
  legacyPay(1);
  await gateway.untilWaiting(1);
  gateway.answer("paid");
  expect(await answer(1)).toMatchObject({ result: { content: [{ text: "paid" }] } });
  expect(gateway.delivered).toBe(1);
});

it("gives a modern client a task if it takes one, and a leg if not", async () => {
  const extensions = { "io.modelcontextprotocol/tasks": {} };
  const meta = { "io.modelcontextprotocol/clientCapabilities": { extensions } };
  modernPay(1, {}, meta);
  expect(await answer(1)).toMatchObject({ result: { resultType: "task", taskId: "apr_1" } });
  write({ jsonrpc: "2.0", id: 2, method: "tasks/get", params: { taskId: "apr_1", _meta: modernMeta(meta) } });
  expect(await answer(2)).toMatchObject({ result: { status: "working" } });
  modernPay(3);
  await gateway.untilWaiting(1);
  gateway.answer("paid");
  expect(await answer(3)).toMatchObject({ result: { content: [{ text: "paid" }] } });
});

it("cancels the wait and nothing else when the client cancels", async () => {
  modernPay(1);
  await gateway.untilWaiting(1);
  write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await expect.poll(() => gateway.waiting).toBe(0);
  gateway.answer("paid");
  modernPay(2);
  await answer(2);
  expect(answers.has(1)).toBe(false);
  expect(gateway.delivered).toBe(1);
  expect(gateway.cancelled).toEqual([]);
});

it.each([
  ["the client closes its side", () => input.end()],
  ["the edge is closed", () => edge.close()],
])("tells all that wait what they wait for when %s, then lets go", async (_when, stop) => {
  await initialize();
  legacyPay(1);
  modernPay(2);
  await gateway.untilWaiting(2);
  stop();
  await edge.closed;
  for (const id of [1, 2]) {
    expect(await answer(id)).toMatchObject({
      result: { isError: true, _meta: { "portcullis/approval": { state: "pending" } } },
    });
  }
  expect(gateway.delivered).toBe(0);
});

it("gives what runs already the time that any call has when the client closes its side, and none when it is closed", async () => {
  await initialize();
  legacyPay(1);
  modernPay(2);
  await gateway.untilWaiting(2);
  gateway.request = { ...gateway.request, state: "executing" };
  input.end();
  await expect.poll(() => gateway.waits.length).toBe(4);
  edge.close();
  await edge.closed;
  expect(await answer(1)).toMatchObject({ result: { isError: true } });
  expect(await answer(2)).toMatchObject({ result: { isError: true } });
});
