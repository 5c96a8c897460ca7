import { PassThrough } from "node:stream";
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCallIds } from "../../src/core/ids.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { createStdioEdge, type StdioEdge } from "../../src/downstream/stdio/stdio.ts";
import { person, SILENT } from "../support/mcp-endpoint.ts";
import { modernMeta } from "../support/raw-mcp.ts";
import { UNHEARD } from "../support/refusals.ts";
import { ToolGateway } from "../support/tool-gateway.ts";

let gateway: ToolGateway;
let input: PassThrough;
let output: PassThrough;
let edge: StdioEdge;
let received: JsonObject[];
let tick: () => void;
let passed: number;

beforeEach(() => {
  gateway = new ToolGateway();
  input = new PassThrough();
  output = new PassThrough();
  received = [];
  passed = 0;
  let rest = "";
  output.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) received.push(JSON.parse(line));
  });
  const now = () => Date.now() + passed;
  edge = createStdioEdge({
    refusals: UNHEARD,
    gateway,
    log: SILENT,
    now,
    callIds: createCallIds(now),
    version: "1.2.3",
    input,
    output,
    principal: person("local"),
    limits: { maxBodyBytes: 10_000 },
    everySecond: (run) => {
      tick = run;
      return () => {};
    },
  });
});

afterEach(() => edge.close());

const write = (message: Json) => input.write(`${JSON.stringify(message)}\n`);
const request = (id: number | string, method: string, params: JsonObject = {}) =>
  write({ jsonrpc: "2.0", id, method, params });
const modern = (id: number | string, method: string, params: JsonObject = {}) =>
  request(id, method, { ...params, _meta: { ...modernMeta(), ...(isObject(params["_meta"]) ? params["_meta"] : {}) } });

async function answer(id: number | string): Promise<JsonObject> {
  await expect.poll(() => received.some((message) => message["id"] === id && !("method" in message))).toBe(true);
  return received.find((message) => message["id"] === id && !("method" in message)) ?? {};
}

async function told(method: string): Promise<JsonObject> {
  await expect.poll(() => received.some((message) => message["method"] === method)).toBe(true);
  return received.find((message) => message["method"] === method) ?? {};
}

function initialize(capabilities: JsonObject = {}, protocolVersion = "2025-06-18"): Promise<JsonObject> {
  request("init", "initialize", {
    protocolVersion,
    clientInfo: { name: "c", version: "1" },
    capabilities,
  });
  return answer("init");
}

describe("a modern client", () => {
  it("is served without a handshake", async () => {
    modern(1, "server/discover");
    modern(2, "tools/call", { name: "regional", arguments: { region: "eu" } });
    expect(await answer(1)).toMatchObject({ result: { resultType: "complete", supportedVersions: expect.any(Array) } });
    expect(await answer(2)).toMatchObject({ result: { resultType: "complete" } });
  });

  it("gets progress before the result", async () => {
    modern(1, "tools/call", { name: "steps", _meta: { progressToken: "p" } });
    await answer(1);
    expect(received.map((message) => message["method"] ?? "result")).toEqual([
      "notifications/progress",
      "notifications/progress",
      "notifications/progress",
      "result",
    ]);
  });

  it("cancels by notification and hears nothing more of it", async () => {
    modern(1, "tools/call", { name: "wait" });
    await gateway.arrived(1);
    write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "enough" } });
    modern(2, "tools/list");
    await answer(2);
    expect(gateway.calls[0]?.cancellation.reason).toBe("enough");
    expect(received.map((message) => message["id"])).toEqual([2]);
  });

  it("is told that the gateway stopped where that ends its call", async () => {
    modern(1, "tools/call", { name: "wait" });
    await gateway.arrived(1);
    edge.close();
    expect(await answer(1)).toMatchObject({ error: { message: expect.stringContaining("stopped") } });
    expect(gateway.calls[0]?.cancellation.by).toBe("GATEWAY_STOPPED");
  });

  it("listens, by subscription id, until it cancels", async () => {
    modern("a", "subscriptions/listen", { notifications: { toolsListChanged: true } });
    modern("b", "subscriptions/listen", { notifications: { toolsListChanged: true } });
    await expect.poll(() => received.length).toBe(2);
    write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "a" } });
    modern(3, "tools/list");
    await answer(3);
    gateway.changed("tools", "one");
    const changed = await told("notifications/tools/list_changed");
    expect(changed["params"]).toEqual({ _meta: { "io.modelcontextprotocol/subscriptionId": "b" } });
    edge.close();
    expect(await answer("b")).toMatchObject({ result: { resultType: "complete" } });
  });
});

describe("a legacy client", () => {
  it("is refused until it initializes, but for a ping", async () => {
    request(1, "ping");
    request(2, "tools/list");
    expect(await answer(1)).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(await answer(2)).toMatchObject({ error: { code: -32600 } });
  });

  it.each(SUPPORTED_PROTOCOL_VERSIONS)("is answered in its revision: %s", async (version) => {
    expect(await initialize({}, version)).toMatchObject({ result: { protocolVersion: version } });
    request(1, "tools/call", { name: "echo" });
    expect(await answer(1)).toMatchObject({ result: { content: [{ type: "text" }] } });
  });

  it("initializes, lists, calls, is asked, and hears of changes", async () => {
    expect(await initialize({ elicitation: {} })).toMatchObject({ result: { protocolVersion: "2025-06-18" } });
    request(1, "tools/call", { name: "form" });
    const ask = await told("elicitation/create");
    write({ jsonrpc: "2.0", id: String(ask["id"]), result: { action: "accept", content: { name: "Cy" } } });
    expect(await answer(1)).toMatchObject({ result: { content: [{ text: "hello Cy" }] } });
    gateway.changed("prompts", "two");
    await told("notifications/prompts/list_changed");
    request(2, "resources/subscribe", { uri: "test://a" });
    await answer(2);
    gateway.updated("test://a");
    await told("notifications/resources/updated");
  });

  it.each(['"result":7', '"result":{"a":}'])("whose answer is not read is heard all the same: %s", async (members) => {
    await initialize({ elicitation: {} });
    request(1, "tools/call", { name: "form" });
    const ask = await told("elicitation/create");
    input.write(`{"jsonrpc":"2.0","id":"${String(ask["id"])}",${members}}\n`);
    expect(await answer(1)).toMatchObject({ result: { content: [{ text: "error -32603" }] } });
  });

  it("hears of each request in a batch that it is not taken", async () => {
    await initialize();
    input.write('[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","id":"b","method":"ping"}]\n');
    expect(await answer("a")).toMatchObject({ error: { code: -32600 } });
    expect(await answer("b")).toMatchObject({ error: { code: -32600 } });
  });

  it("cancels by notification", async () => {
    await initialize();
    request(1, "tools/call", { name: "wait" });
    await gateway.arrived(1);
    write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await expect.poll(() => gateway.calls[0]?.cancellation.cancelled).toBe(true);
  });
});

it.each([
  ["broken JSON", "{", -32700],
  ["a __proto__ key", '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{}}}', -32600],
  ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
  ["a line beyond the bound", `"${"x".repeat(20_000)}"`, -32600],
])("answers %s with an error, and serves on", async (_, line, code) => {
  input.write(`${line}\n`);
  request(7, "ping");
  await answer(7);
  expect(received[0]).toMatchObject({ error: { code } });
});

it.each([
  ["an unsafe number", '{"jsonrpc":"2.0","id":5,"method":"ping","params":{"n":9007199254740993}}'],
  ["a __proto__ key", '{"method":"ping","params":{"__proto__":{}},"jsonrpc":"2.0","id":5}'],
  ["params that are a list", '{"jsonrpc":"2.0","id":5,"method":"ping","params":[7]}'],
  ["too long a line", `{"method":"ping","params":{"a":"${"x".repeat(20_000)}"},"jsonrpc":"2.0","id":5}`],
])("answers a request with %s by its id", async (_, line) => {
  input.write(`${line}\n`);
  expect(await answer(5)).toMatchObject({ error: { code: -32600 } });
});

it("reads a line that comes in pieces, split inside a character", async () => {
  const line = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id: "ü", method: "ping" })}\n`);
  const middle = line.indexOf(0xc3) + 1;
  input.write(line.subarray(0, middle));
  input.write(line.subarray(middle));
  expect(await answer("ü")).toMatchObject({ result: {} });
});

describe("when the client closes its side", () => {
  it("answers what is in flight, then lets go", async () => {
    await initialize();
    request(1, "tools/call", { name: "wait" });
    await gateway.arrived(1);
    input.end();
    gateway.finish("done");
    expect(await answer(1)).toMatchObject({ result: { content: [{ text: "done" }] } });
    await edge.closed;
    expect(gateway.released).toEqual(["legacy:stdio"]);
  });

  it("waits a moment and no longer", async () => {
    modern(1, "tools/call", { name: "wait" });
    await gateway.arrived(1);
    input.end();
    await new Promise((resolve) => input.once("close", resolve));
    passed = 1500;
    tick();
    await edge.closed;
    expect(gateway.calls[0]?.cancellation.cancelled).toBe(true);
  });
});
