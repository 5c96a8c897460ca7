import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { modern, open, send } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

const post = (...parts: Parameters<typeof modern>) => send(served.port, modern(...parts));
const tool = (name: string, more: Parameters<typeof modern>[2] = {}) => post("tools/call", { name }, more);
const ask = { "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } };

describe("results", () => {
  it("discovers versions, capabilities, identity and how long they hold", async () => {
    served.gateway.capabilitiesNow = { tools: { listChanged: true }, tasks: {} };
    const { json, headers } = await post("server/discover");
    expect(json["result"]).toEqual({
      resultType: "complete",
      supportedVersions: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"],
      capabilities: { tools: { listChanged: true }, extensions: { "io.modelcontextprotocol/tasks": {} } },
      instructions: "Tools that each do one thing.",
      ttlMs: 60_000,
      cacheScope: "private",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "portcullis", version: "1.2.3" } },
    });
    expect(headers).not.toHaveProperty("mcp-session-id");
  });

  it("are one JSON object when nothing streams, with resultType and the gateway's name spliced in", async () => {
    const { json, headers } = await tool("echo");
    expect(headers["content-type"]).toBe("application/json");
    expect(json).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        resultType: "complete",
        content: [{ type: "text", text: "{}" }],
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "portcullis", version: "1.2.3" } },
      },
    });
  });

  it("are one line in an event stream, however the server printed them", async () => {
    const answer = await tool("pretty", { headers: { Accept: "text/event-stream" } });
    expect(answer.json).toHaveProperty("result.content", [{ type: "text", text: "a\nb" }]);
  });

  it("of resources/read say that they must not be cached, where the server said nothing", async () => {
    const { json } = await post(
      "resources/read",
      { uri: "test://é" },
      { headers: { "Mcp-Name": "=?base64?dGVzdDovL8Op?=" } },
    );
    expect(json["result"]).toMatchObject({ resultType: "complete", ttlMs: 0, cacheScope: "private" });
  });

  it("turn into a stream with progress under the client's own token", async () => {
    const answer = await post("tools/call", { name: "steps" }, { meta: { progressToken: 7 } });
    expect(answer.headers["content-type"]).toBe("text/event-stream");
    const messages = answer.events.map((event) => JSON.parse(event.data));
    expect(messages.slice(0, 3).map((message) => message.params)).toEqual(
      [1, 2, 3].map((progress) => ({ progressToken: 7, progress, total: 3 })),
    );
    expect(messages[3]).toMatchObject({ id: 1, result: { resultType: "complete" } });
    expect(answer.events.map((event) => event.id)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each(["steps", "talk"])("do not stream what %s tells when the client asked for nothing", async (name) => {
    expect((await tool(name)).headers["content-type"]).toBe("application/json");
  });

  it("carry log messages at or above the level asked for", async () => {
    const answer = await tool("talk", { meta: { "io.modelcontextprotocol/logLevel": "info" } });
    const levels = answer.events.map((event) => JSON.parse(event.data).params?.level);
    expect(levels).toEqual(["info", "error", undefined]);
  });

  it("never stream to a client that takes only JSON", async () => {
    const answer = await tool("steps", { meta: { progressToken: 1 }, headers: { Accept: "application/json" } });
    expect(answer.json).toHaveProperty("result.content");
  });

  it("open their stream after ten quiet seconds, and keep it alive", async () => {
    const sent = open(served.port, modern("tools/call", { name: "wait" }));
    await served.gateway.arrived(1);
    served.pass(10_000);
    const stream = await sent;
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    served.pass(15_000);
    await stream.contains(": keep-alive");
    served.gateway.finish("late");
    await stream.event((message) => "result" in message);
    await stream.ended;
  });
});

describe("outcomes", () => {
  it("denied: words for the model, facts for programs", async () => {
    const { json, status } = await tool("deny");
    expect(status).toBe(200);
    expect(json["result"]).toEqual({
      resultType: "complete",
      content: [{ type: "text", text: "Not today." }],
      isError: true,
      _meta: {
        "portcullis/decision": { decision: "deny", policy: "no-deny", call: served.gateway.calls[0]?.id },
        "io.modelcontextprotocol/serverInfo": { name: "portcullis", version: "1.2.3" },
      },
    });
  });

  it.each([
    ["gone", "cannot be reached", "safe to try again"],
    ["maybe", "did not answer in time", "may or may not"],
  ])("fault of %s: a tool error that names the server and the next step", async (name, what, next) => {
    const { json, text } = await tool(name);
    expect(json).toHaveProperty("result.isError", true);
    expect(text).toContain(what);
    expect(text).toContain("Server: one.");
    expect(text).toContain(next);
  });

  it("error of the server: as it is, under 200", async () => {
    const { json, status } = await tool("fail");
    expect(status).toBe(200);
    expect(json["error"]).toEqual({ code: -32602, message: "Bad arguments", data: { key: "x" } });
  });

  it("refused: the table's code", async () => {
    const { json, status } = await tool("nobody-has-this");
    expect(status).toBe(200);
    expect(json).toMatchObject({ error: { code: -32602, message: "Unknown tool" } });
  });

  it("asks of a modern server: input_required with the sealed state", async () => {
    const { json } = await tool("form_modern", { meta: ask });
    expect(json["result"]).toMatchObject({
      resultType: "input_required",
      inputRequests: { who: { method: "elicitation/create", params: { message: "Your name?" } } },
      requestState: "sealed-state",
    });
    expect(json["result"]).not.toHaveProperty("ttlMs");
  });

  it("asks that the client did not declare: -32021 with what is missing", async () => {
    const { json, status } = await tool("form_modern");
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: -32021, data: { requiredCapabilities: { elicitation: {} } } } });
    expect(served.gateway.abandoned).toHaveLength(1);
  });

  it("asks of a legacy server: given up, with a text that says who can be asked", async () => {
    const { json, text } = await tool("form", { meta: ask });
    expect(json).toHaveProperty("result.isError", true);
    expect(text).toContain("2025-11-25");
    expect(text).toContain("may have been carried out up to its question");
    expect(served.gateway.abandoned).toHaveLength(1);
  });
});

describe("cancellation", () => {
  it("is what closing the response means, before a stream is open", async () => {
    const sent = modern("tools/call", { name: "wait" });
    const abort = new AbortController();
    const fetched = fetch(`${served.url}/mcp`, {
      method: "POST",
      headers: { Authorization: "Bearer alice", "Content-Type": "application/json", ...(sent.headers as object) },
      body: JSON.stringify(sent.body),
      signal: abort.signal,
    });
    await served.gateway.arrived(1);
    abort.abort();
    await expect(fetched).rejects.toThrow();
    await expect.poll(() => served.gateway.calls[0]?.cancellation.reason).toBe("the client closed the response");
  });

  it("is what closing the response means, while it streams", async () => {
    const sent = open(served.port, modern("tools/call", { name: "wait" }));
    await served.gateway.arrived(1);
    served.pass(10_000);
    (await sent).abort();
    await expect.poll(() => served.gateway.calls[0]?.cancellation.cancelled).toBe(true);
    expect(served.endpoint.stats()).toMatchObject({ waiting: 0 });
  });

  it("does not follow an answer that arrived", async () => {
    await tool("echo");
    await tool("echo");
    expect(served.gateway.calls.map((call) => call.cancellation.cancelled)).toEqual([false, false]);
  });
});

it("accepts notifications and does nothing about them", async () => {
  const answer = await send(served.port, {
    headers: { "MCP-Protocol-Version": "2026-07-28" },
    body: { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
  });
  expect(answer.status).toBe(202);
  expect(answer.text).toBe("");
});

it("does not serve GET and DELETE, and ignores a session header", async () => {
  const headers = { "MCP-Protocol-Version": "2026-07-28", "Mcp-Session-Id": "made-up" };
  expect((await send(served.port, { method: "GET", headers })).status).toBe(405);
  expect((await send(served.port, { method: "DELETE", headers })).status).toBe(405);
  const answer = await tool("echo", { headers });
  expect(answer.status).toBe(200);
  expect(answer.headers).not.toHaveProperty("mcp-session-id");
});

it("shows one peer to an upstream for equal requests, and another for another user or other capabilities", async () => {
  await tool("echo");
  await tool("echo");
  await tool("echo", { meta: ask });
  await tool("echo", { headers: { Authorization: "Bearer bob" } });
  const keys = served.gateway.calls.map((call) => call.peer.key);
  expect(keys[1]).toBe(keys[0]);
  expect(new Set(keys).size).toBe(3);
});
