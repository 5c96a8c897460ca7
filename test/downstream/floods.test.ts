import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCallIds } from "../../src/core/ids.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { createStdioEdge } from "../../src/downstream/stdio/stdio.ts";
import { person, type Served, SILENT, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, modern, modernMeta, open, type RawStream } from "../support/raw-mcp.ts";
import { UNHEARD } from "../support/refusals.ts";
import { FLOOD_COUNT, ToolGateway } from "../support/tool-gateway.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

const LOG_META = { progressToken: "p", "io.modelcontextprotocol/logLevel": "info" };
const FLOOD = { name: "flood", arguments: {} };

const messagesOf = (stream: RawStream): JsonObject[] =>
  stream.events.filter(({ data }) => data !== "").map(({ data }) => JSON.parse(data));

const paramsOf = (messages: readonly JsonObject[], method: string): JsonObject[] =>
  messages.filter((message) => message["method"] === method).map(({ params }) => (isObject(params) ? params : {}));

/** How many log messages came, and how many the lines between them say were left out. */
function logsOf(messages: readonly JsonObject[]) {
  const logs = paramsOf(messages, "notifications/message");
  const lines = logs.filter(({ logger }) => logger === "portcullis");
  const leftOut = lines.map(({ data }) => Number(/^(\d+) log messages? w/.exec(String(data))?.[1]));
  const came = logs.length - lines.length;
  return { came, lines, total: leftOut.reduce((sum, count) => sum + count, came) };
}

/** The answer came, behind the last progress; no progress went back; no log message is missing without a word. */
function expectWhole(messages: readonly JsonObject[]) {
  const progress = paramsOf(messages, "notifications/progress").map((params) => Number(params["progress"]));
  expect(progress.at(-1)).toBe(FLOOD_COUNT);
  expect(progress).toEqual([...progress].sort((one, other) => one - other));
  expect(messages.at(-1)).toMatchObject({ result: { content: [{ text: "done" }] } });
  const { came, lines, total } = logsOf(messages);
  expect(total).toBe(FLOOD_COUNT);
  expect(came).toBeGreaterThan(100);
  expect(lines[0]).toMatchObject({ level: "info" });
}

describe("a burst of progress and log messages", () => {
  it("leaves a modern client its answer", async () => {
    const stream = await open(served.port, modern("tools/call", FLOOD, { meta: LOG_META }));
    await stream.ended;
    expectWhole(messagesOf(stream));
  });

  it.each(["2025-11-25", "2025-03-26"])("leaves a client of %s its answer", async (version) => {
    const own = await initialize(served.port, { version });
    const stream = await own.stream("tools/call", { ...FLOOD, _meta: { progressToken: 7 } });
    await stream.ended;
    expectWhole(messagesOf(stream));
  });

  it("leaves all calls of a batch their answers", async () => {
    const own = await initialize(served.port, { version: "2025-03-26" });
    const ids = [1, 2, 3];
    const call = (id: number) => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { ...FLOOD, _meta: { progressToken: id } },
    });
    const { events } = await own.post(ids.map(call));
    const messages: JsonObject[] = events.filter(({ data }) => data !== "").map(({ data }) => JSON.parse(data));
    for (const id of ids) {
      expect(messages).toContainEqual(expect.objectContaining({ id, result: expect.anything() }));
      const progress = paramsOf(messages, "notifications/progress").filter((params) => params["progressToken"] === id);
      expect(progress.at(-1)).toMatchObject({ progress: FLOOD_COUNT });
    }
    expect(logsOf(messages).total).toBe(ids.length * FLOOD_COUNT);
  });

  it.each(["modern", "legacy"])("leaves a %s client over stdio its answer, whenever it reads", async (era) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const gateway = new ToolGateway();
    const edge = createStdioEdge({
      refusals: UNHEARD,
      ...{ gateway, log: SILENT, now: Date.now, callIds: createCallIds(Date.now), version: "1.2.3", input, output },
      principal: person("local"),
      everySecond: () => () => {},
    });
    const write = (id: number, method: string, params: JsonObject) =>
      input.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    if (era === "legacy") {
      write(1, "initialize", {
        protocolVersion: "2025-11-25",
        clientInfo: { name: "c", version: "1" },
        capabilities: {},
      });
      write(2, "tools/call", { ...FLOOD, _meta: { progressToken: 7 } });
    } else write(2, "tools/call", { ...FLOOD, _meta: modernMeta(LOG_META) });
    await gateway.arrived(1);
    await new Promise(setImmediate);
    let text = "";
    output.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    await expect.poll(() => text.includes('"done"') && text.endsWith("\n"), { timeout: 30_000 }).toBe(true);
    edge.close();
    const messages: Json[] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expectWhole(messages.filter((message) => isObject(message)).filter(({ id }) => id !== 1));
  });
});

describe("a reader who is behind", () => {
  it("of a GET stream gets the latest of each thing, and a line for the log messages that were left out", async () => {
    const own = await initialize(served.port);
    for (const uri of ["test://a", "test://b"]) await own.request("resources/subscribe", { uri });
    await own.request("tools/call", { name: "echo" });
    const stream = await own.get();
    const peer = served.gateway.calls[0]?.peer;
    for (let count = 1; count <= FLOOD_COUNT; count++) {
      peer?.notify({
        method: "notifications/message",
        params: { level: "error", data: `${count} ${"x".repeat(500)}` },
      });
      served.gateway.updated("test://a");
      served.gateway.changed("tools", "one");
    }
    served.gateway.updated("test://b");
    await expect.poll(() => stream.text().includes("test://b"), { timeout: 30_000 }).toBe(true);
    const { came, lines, total } = logsOf(messagesOf(stream));
    expect(total).toBe(FLOOD_COUNT);
    expect(came).toBeGreaterThan(100);
    expect(lines[0]).toMatchObject({ level: "error" });
    for (const method of ["notifications/resources/updated", "notifications/tools/list_changed"]) {
      const count = paramsOf(messagesOf(stream), method).length;
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThan(FLOOD_COUNT);
    }
  });

  it("of a listen stream gets the latest of each thing", async () => {
    const notifications = { toolsListChanged: true, resourceSubscriptions: ["test://a", "test://b"] };
    const stream = await open(served.port, modern("subscriptions/listen", { notifications }));
    await stream.contains("acknowledged");
    for (let count = 1; count <= FLOOD_COUNT; count++) {
      served.gateway.updated("test://a");
      served.gateway.changed("tools", "one");
    }
    served.gateway.updated("test://b");
    await expect.poll(() => stream.text().includes("test://b"), { timeout: 30_000 }).toBe(true);
    expect(stream.events.length).toBeLessThan(FLOOD_COUNT);
  });

  it("who comes back to a stream finds the question, the latest progress, a line, and then the answer", async () => {
    const own = await initialize(served.port, { capabilities: { elicitation: {} } });
    const first = await own.stream("tools/call", { name: "form", _meta: { progressToken: "p" } });
    await first.event((message) => message["method"] === "elicitation/create");
    first.abort();
    await expect.poll(() => served.endpoint.stats().streams, { timeout: 30_000 }).toBe(0);
    const [call] = served.gateway.calls;
    for (let count = 1; count <= FLOOD_COUNT; count++) {
      call?.notify({ method: "notifications/message", params: { level: "info", data: count } });
      call?.notify({ method: "notifications/progress", params: { progress: count } });
    }
    const second = await own.get({ "Last-Event-ID": first.events[0]?.id ?? "none" });
    await second.contains(`"progress":${FLOOD_COUNT}`);
    const { message: question } = await second.event((message) => message["method"] === "elicitation/create");
    const messages = messagesOf(second);
    expect(paramsOf(messages, "notifications/progress")).toMatchObject([{ progress: FLOOD_COUNT }]);
    expect(logsOf(messages)).toMatchObject({ total: FLOOD_COUNT, lines: [{ level: "info" }] });
    await own.post({
      jsonrpc: "2.0",
      id: question["id"] ?? null,
      result: { action: "accept", content: { name: "Ann" } },
    });
    await second.ended;
    expect(messagesOf(second).at(-1)).toMatchObject({ result: { content: [{ text: "hello Ann" }] } });
  });
});
