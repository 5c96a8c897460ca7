import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

const call = (name: string, more: object = {}) => ({ name, ...more });
const elicitation = { elicitation: {} };

describe("requests", () => {
  it("are answered in one JSON object, bytes untouched", async () => {
    const own = await initialize(served.port);
    const answer = await own.request("tools/call", call("echo", { arguments: { b: 1, a: 2 } }));
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.json["result"]).toEqual({ content: [{ type: "text", text: '{"b":1,"a":2}' }] });
  });

  it.each([
    ["ping", {}, {}],
    ["prompts/list", {}, { prompts: [] }],
    ["resources/templates/list", {}, { resourceTemplates: [] }],
    ["prompts/get", { name: "p" }, { messages: [] }],
    ["completion/complete", { ref: {}, argument: {} }, { completion: { values: [] } }],
    ["logging/setLevel", { level: "info" }, {}],
    ["resources/unsubscribe", { uri: "test://never" }, {}],
  ])("%s", async (method, params, result) => {
    const own = await initialize(served.port);
    expect((await own.request(method, params)).json["result"]).toEqual(result);
  });

  it.each([
    ["server/discover", {}, -32601],
    ["no/such", {}, -32601],
    ["logging/setLevel", { level: "loud" }, -32602],
    ["resources/subscribe", {}, -32602],
    ["resources/subscribe", { uri: "nobody://x" }, -32602],
    ["tools/call", {}, -32602],
    ["tools/list", { cursor: "x" }, -32602],
    ["tools/call", { name: "nobody-has-this" }, -32602],
    ["tools/call", { name: "fail" }, -32602],
  ])("%s %j is an error %i under status 200, since 404 would mean a lost session", async (method, params, code) => {
    const own = await initialize(served.port);
    const answer = await own.request(method, { ...params });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ error: { code } });
  });

  it.each([
    ["tools/list", ""],
    ["prompts/list", null],
    ["resources/list", ""],
    ["resources/templates/list", null],
  ])("%s with cursor %j is the first page", async (method, cursor) => {
    const own = await initialize(served.port);
    const answer = await own.request(method, { cursor });
    expect(answer.json).toEqual({ ...(await own.request(method)).json, id: answer.json["id"] });
    expect(answer.json).toHaveProperty("result");
  });

  it("that a policy denies end in a tool result, or in an error where the operator wants one", async () => {
    const own = await initialize(served.port);
    const denied = await own.request("tools/call", call("deny"));
    expect(denied.json["result"]).toMatchObject({ isError: true, content: [{ text: "Not today." }] });
    await served.stop();
    served = await serveMcp({ errors: "protocol" });
    const other = await initialize(served.port);
    const answer = await other.request("tools/call", call("deny"));
    expect(answer.json["error"]).toEqual({
      code: -32001,
      message: "Not today.",
      data: { decision: "deny", policy: "no-deny", call: served.gateway.calls[0]?.id },
    });
  });

  it("stream all log messages until a level is set", async () => {
    const own = await initialize(served.port);
    const all = await own.request("tools/call", call("talk"));
    await own.request("logging/setLevel", { level: "error" });
    const some = await own.request("tools/call", call("talk"));
    const levels = (answer: typeof all) =>
      answer.events.map((event) => event.data && JSON.parse(event.data).params?.level).filter(Boolean);
    expect(levels(all)).toEqual(["debug", "info", "error"]);
    expect(levels(some)).toEqual(["error"]);
  });

  it("are cancelled by a notification, and then get no response", async () => {
    const own = await initialize(served.port);
    const waiting = own.request("tools/call", call("wait"));
    await served.gateway.arrived(1);
    await own.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "enough" } });
    expect((await waiting).text).toBe("");
    expect(served.gateway.calls[0]?.cancellation.reason).toBe("enough");
  });

  it("are cancelled also while they wait for servers that start", async () => {
    const own = await initialize(served.port);
    let start = (): void => {};
    served.gateway.waitsFor = new Promise<void>((resolve) => {
      start = resolve;
    });
    const waiting = own.request("tools/call", call("wait"));
    await expect.poll(() => served.gateway.waited).toBe(1);
    await own.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "enough" } });
    start();
    expect((await waiting).text).toBe("");
    await served.gateway.arrived(1);
    expect(served.gateway.calls[0]?.cancellation.reason).toBe("enough");
  });

  it("are cancelled by a notification that overtakes them, for some seconds", async () => {
    const cancel = (requestId: number) => ({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId, reason: "enough" },
    });
    const own = await initialize(served.port);
    await own.post(cancel(1));
    expect((await own.request("tools/call", call("wait"))).text).toBe("");
    expect(served.gateway.calls[0]?.cancellation.reason).toBe("enough");
    await own.post(cancel(2));
    served.pass(10_000);
    const late = own.request("tools/call", call("wait"));
    await served.gateway.arrived(2);
    expect(served.gateway.calls[1]?.cancellation.cancelled).toBe(false);
    served.gateway.finish("done");
    expect((await late).json).toHaveProperty("result");
  });

  it("remember no more than some notifications that overtook", async () => {
    const own = await initialize(served.port);
    for (let requestId = 1; requestId <= 40; requestId++) {
      await own.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
    }
    const first = own.request("tools/call", call("wait"));
    await served.gateway.arrived(1);
    expect(served.gateway.calls[0]?.cancellation.cancelled).toBe(false);
    served.gateway.finish("done");
    expect((await first).json).toHaveProperty("result");
  });

  it("go on when the connection breaks", async () => {
    const own = await initialize(served.port);
    const sent = own.stream("tools/call", call("wait"));
    await served.gateway.arrived(1);
    served.pass(10_000);
    (await sent).abort();
    await expect.poll(() => served.endpoint.stats().streams).toBe(0);
    expect(served.gateway.calls[0]?.cancellation.cancelled).toBe(false);
  });

  it("are bounded per session", async () => {
    await served.stop();
    served = await serveMcp({ limits: { maxInFlightPerSession: 1 } });
    const own = await initialize(served.port);
    const waiting = own.request("tools/call", call("wait"));
    await served.gateway.arrived(1);
    expect((await own.request("tools/call", call("echo"))).json).toMatchObject({ error: { code: -32603 } });
    served.gateway.finish("done");
    expect((await waiting).json).toHaveProperty("result");
  });
});

it("tells upstreams that the client's roots changed", async () => {
  const own = await initialize(served.port);
  const answer = await own.post({ jsonrpc: "2.0", method: "notifications/roots/list_changed" });
  expect(answer.status).toBe(202);
  expect(served.gateway.notified).toEqual([
    {
      peer: `legacy:${sha256(own.id)}`,
      notification: { method: "notifications/roots/list_changed", params: {} },
    },
  ]);
});

describe("input requests", () => {
  it("go to the client on the call's own stream, under an id of the gateway's", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    const stream = await own.stream("tools/call", call("form"));
    const { message: ask } = await stream.event((message) => message["method"] === "elicitation/create");
    expect(ask["params"]).toMatchObject({ message: "Your name?" });
    const answered = await own.post({
      jsonrpc: "2.0",
      id: String(ask["id"]),
      result: { action: "accept", content: { name: "Bo" } },
    });
    expect(answered.status).toBe(202);
    const { message } = await stream.event((candidate) => "result" in candidate);
    expect(message).toMatchObject({ id: 1, result: { content: [{ text: "hello Bo" }] } });
    await stream.ended;
  });

  it("of a modern server are answered and the call is made again", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    const stream = await own.stream("tools/call", call("form_modern"));
    const { message: ask } = await stream.event((message) => message["method"] === "elicitation/create");
    await own.post({ jsonrpc: "2.0", id: String(ask["id"]), result: { action: "decline" } });
    const { message } = await stream.event((candidate) => "result" in candidate);
    expect(message).toMatchObject({ result: { content: [{ text: "action decline" }] } });
  });

  it.each([
    '"result":7',
    '"result":null',
    '"result":[]',
    '"result":{},"error":{"code":1,"message":"m"}',
    '"error":"no"',
    '"error":{"message":"no"}',
    '"result":{"a":}',
    '"result":{"action":"accept","content":{"name":9007199254740993,"__proto__":1}}',
    `"result":{"a":${"[".repeat(200)}${"]".repeat(200)}}`,
  ])("that the client answers in a form that is not read end at once: %.60s", async (members) => {
    const own = await initialize(served.port, { capabilities: elicitation });
    const stream = await own.stream("tools/call", call("form"));
    const { message: ask } = await stream.event((message) => message["method"] === "elicitation/create");
    await own.post(`{"jsonrpc":"2.0","id":"${String(ask["id"])}",${members}}`);
    const { message } = await stream.event((candidate) => "result" in candidate);
    expect(message).toMatchObject({ result: { content: [{ text: "error -32603" }] } });
  });

  it("that the client answers with an error go back as one", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    const stream = await own.stream("tools/call", call("form"));
    const { message: ask } = await stream.event((message) => message["method"] === "elicitation/create");
    await own.post({ jsonrpc: "2.0", id: String(ask["id"]), error: { code: -1, message: "no" } });
    const { message } = await stream.event((candidate) => "result" in candidate);
    expect(message).toMatchObject({ result: { content: [{ text: "error -1" }] } });
  });

  it.each([
    ["declares no such capability", {}, {}],
    ["takes only JSON", elicitation, { Accept: "application/json" }],
  ])("reach no client that %s: a legacy server goes on with an error", async (_, capabilities, headers) => {
    const own = await initialize(served.port, { capabilities });
    const answer = await own.request("tools/call", call("form"), headers);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.json).toMatchObject({ result: { content: [{ text: "error -32601" }] } });
  });

  it("of a modern server end the call where the client cannot be asked", async () => {
    const own = await initialize(served.port);
    const answer = await own.request("tools/call", call("form_modern"));
    expect(answer.json).toMatchObject({ result: { isError: true } });
    expect(answer.text).toContain("elicitation/create");
    expect(served.gateway.abandoned).toHaveLength(1);
  });

  it("are withdrawn when the client takes too long", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    const stream = await own.stream("tools/call", call("form"));
    const { message: ask } = await stream.event((message) => message["method"] === "elicitation/create");
    served.pass(10 * 60_000);
    const { message } = await stream.event((candidate) => candidate["method"] === "notifications/cancelled");
    expect(message["params"]).toMatchObject({ requestId: ask["id"] });
    await stream.event((candidate) => "result" in candidate);
  });

  it("cannot be answered from another session", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    const other = await initialize(served.port, { capabilities: elicitation });
    const stream = await own.stream("tools/call", call("form"));
    const { message: ask } = await stream.event((message) => message["method"] === "elicitation/create");
    await other.post({ jsonrpc: "2.0", id: String(ask["id"]), result: { action: "accept", content: { name: "Eve" } } });
    await own.post({ jsonrpc: "2.0", id: String(ask["id"]), result: { action: "accept", content: { name: "Ann" } } });
    const { message } = await stream.event((candidate) => "result" in candidate);
    expect(message).toMatchObject({ result: { content: [{ text: "hello Ann" }] } });
  });

  it("outside a call go to the GET stream, and fail where there is none", async () => {
    const own = await initialize(served.port, { capabilities: elicitation });
    await own.request("tools/call", call("echo"));
    const peer = served.gateway.calls[0]?.peer;
    expect(await peer?.request({ method: "roots/list", params: {} })).toMatchObject({
      ok: false,
      error: { code: -32601 },
    });
    const stream = await own.get();
    const answer = peer?.request({ method: "roots/list", params: {} });
    const { message: ask } = await stream.event((message) => message["method"] === "roots/list");
    await own.post({ jsonrpc: "2.0", id: String(ask["id"]), result: { roots: [] } });
    expect(await answer).toEqual({ ok: true, result: { roots: [] } });
  });
});
