import { isCreateTaskResultV2, isDetailedTaskV2 } from "@modelcontextprotocol/ext-tasks/core/v2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { NOON, PausingGateway } from "../support/pausing-gateway.ts";
import { modern, send } from "../support/raw-mcp.ts";

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const TASKS = { "io.modelcontextprotocol/tasks": {} };
const declared = { [CAPABILITIES]: { extensions: TASKS } };

let gateway: PausingGateway;
let served: Served;

beforeEach(async () => {
  gateway = new PausingGateway();
  served = await serveMcp({ gateway });
});

afterEach(() => served.stop());

const pay = (meta: JsonObject = declared) => send(served.port, modern("tools/call", { name: "pay" }, { meta }));

function ask(method: string, params: JsonObject, more: Parameters<typeof modern>[2] = {}) {
  const headers = { "Mcp-Name": String(params["taskId"]), ...more.headers };
  return send(served.port, modern(method, params, { meta: declared, ...more, headers }));
}

const get = (more: Parameters<typeof modern>[2] = {}) => ask("tasks/get", { taskId: "apr_1" }, more);

describe("a client that declares tasks", () => {
  it("gets one at once for a call that waits", async () => {
    const { json, status } = await pay();
    expect(status).toBe(200);
    expect(isCreateTaskResultV2(json["result"])).toBe(true);
    expect(json["result"]).toMatchObject({
      resultType: "task",
      taskId: "apr_1",
      status: "working",
      statusMessage: "Waiting for approval 1 of 2 (finance)",
      createdAt: "2026-08-01T12:00:00.000Z",
      lastUpdatedAt: "2026-08-01T12:00:00.000Z",
      ttlMs: 2 * 86_400_000,
      pollIntervalMs: 5_000,
      _meta: { "portcullis/approval": { id: "apr_1", state: "pending" } },
    });
    expect(gateway.calls[0]?.acceptsTasks).toBe(true);
    expect(gateway.waits).toEqual([0]);
  });

  it("gets the result itself where there is one already", async () => {
    gateway.answer("paid");
    expect((await pay()).json).toMatchObject({ result: { resultType: "complete", content: [{ text: "paid" }] } });
    expect(gateway.delivered).toBe(1);
  });

  it("has none of it told to the servers behind, whose tasks it could not follow", async () => {
    await pay({ [CAPABILITIES]: { extensions: { ...TASKS, "com.example/other": {} }, roots: {} } });
    await pay();
    expect(gateway.calls.map(({ peer }) => peer.capabilities)).toEqual([
      { extensions: { "com.example/other": {} }, roots: {} },
      {},
    ]);
  });

  it.each([
    ["nothing", {}],
    ["another extension", { [CAPABILITIES]: { extensions: { "com.example/other": {} } } }],
    ["tasks as they were before", { [CAPABILITIES]: { tasks: { requests: {} } } }],
    [
      "tasks in a way that means nothing",
      { [CAPABILITIES]: { extensions: { "io.modelcontextprotocol/tasks": true } } },
    ],
  ])("is not who declares %s", async (_what, meta) => {
    gateway.answer("paid");
    await pay(meta);
    expect(gateway.calls[0]?.acceptsTasks).toBe(false);
  });
});

describe("tasks/get", () => {
  it.each(["pending", "approved", "executing"] as const)("says of a request that is %s: working", async (state) => {
    gateway.request = { ...gateway.request, state };
    const { json } = await get();
    expect(isDetailedTaskV2(json["result"])).toBe(true);
    expect(json["result"]).toMatchObject({ resultType: "complete", taskId: "apr_1", status: "working" });
    expect(gateway.delivered).toBe(0);
  });

  it("brings the tool's result, as it is, and that counts as delivery", async () => {
    gateway.answer("paid");
    const { json } = await get();
    expect(isDetailedTaskV2(json["result"])).toBe(true);
    expect(json["result"]).toMatchObject({
      status: "completed",
      result: { resultType: "complete", content: [{ type: "text", text: "paid" }] },
    });
    expect(gateway.delivered).toBe(1);
  });

  it("brings a JSON-RPC error of the tool's server: failed", async () => {
    gateway.end("failed", { kind: "error", error: { code: -32602, message: "Bad arguments", data: { key: "x" } } });
    const { json } = await get();
    expect(isDetailedTaskV2(json["result"])).toBe(true);
    expect(json["result"]).toMatchObject({
      status: "failed",
      error: { code: -32602, message: "Bad arguments", data: { key: "x" } },
    });
    expect(gateway.delivered).toBe(1);
  });

  it.each(["rejected", "expired", "invalidated", "indeterminate"] as const)(
    "says of a request that is %s: completed, with a tool error",
    async (state) => {
      gateway.refuse(state);
      const { json } = await get();
      expect(isDetailedTaskV2(json["result"])).toBe(true);
      expect(json["result"]).toMatchObject({ status: "completed", result: { isError: true } });
      expect(gateway.delivered).toBe(1);
    },
  );

  it("says of a request that was taken back: cancelled, and nothing else", async () => {
    gateway.refuse("cancelled");
    const { json } = await get();
    expect(json).toHaveProperty("result.status", "cancelled");
    expect(json).not.toHaveProperty("result.result");
    expect(gateway.delivered).toBe(1);
  });

  it("goes on while an attempt to run it was refused, which is no end", async () => {
    const decision = { effect: "deny", policy: "budget", message: "Later.", matched: [], set: "0" } as const;
    gateway.end("approved", { kind: "denied", decision });
    const { json } = await get();
    expect(json).toHaveProperty("result.status", "working");
    expect(json).not.toHaveProperty("result.result");
    expect(gateway.delivered).toBe(0);
  });

  it("says when anything happened last, and until when it can be asked", async () => {
    const approver = { issuer: "i", subject: "fin", name: undefined, email: undefined, traces: undefined };
    const decision = {
      stage: 0,
      approver,
      decision: "approve",
      reason: undefined,
      at: NOON + 5,
      channel: "api",
    } as const;
    gateway.request = {
      ...gateway.request,
      decisions: [decision],
      executeUntil: NOON + 2 * 86_400_000,
      state: "approved",
    };
    expect((await get()).json["result"]).toMatchObject({
      lastUpdatedAt: "2026-08-01T12:00:00.005Z",
      ttlMs: 3 * 86_400_000,
      pollIntervalMs: 1_000,
    });
  });
});

describe("the other methods", () => {
  it("tasks/update is acknowledged: there is nothing that it could answer", async () => {
    const { json } = await ask("tasks/update", { taskId: "apr_1", inputResponses: { x: { action: "accept" } } });
    expect(json["result"]).toEqual({
      resultType: "complete",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "portcullis", version: "1.2.3" } },
    });
  });

  it("tasks/cancel is acknowledged, and asks for the end", async () => {
    expect((await ask("tasks/cancel", { taskId: "apr_1" })).json).toHaveProperty("result.resultType", "complete");
    expect(gateway.cancelled).toEqual(["apr_1"]);
  });

  it.each(["tasks/result", "tasks/list"])("%s is gone", async (method) => {
    expect((await ask(method, { taskId: "apr_1" })).json).toHaveProperty("error.code", -32601);
  });
});

describe("who asks for a task", () => {
  const METHODS = ["tasks/get", "tasks/update", "tasks/cancel"].map((method) => [method]);

  it.each(METHODS)("%s tells an unknown one and somebody else's in the same words", async (method) => {
    const rest = method === "tasks/update" ? { inputResponses: {} } : {};
    const bob = { headers: { Authorization: "Bearer bob" } };
    const unknown = await ask(method, { taskId: "apr_2", ...rest });
    const foreign = await ask(method, { taskId: "apr_1", ...rest }, bob);
    expect(unknown.json).toHaveProperty("error.code", -32602);
    expect(foreign.text).toBe(unknown.text);
    expect(foreign.status).toBe(unknown.status);
    expect(gateway.cancelled).toEqual([]);
  });

  it.each(METHODS)("%s wants the extension declared on this very request", async (method) => {
    const { json, status } = await ask(method, { taskId: "apr_1", inputResponses: {} }, { meta: {} });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: -32021, data: { requiredCapabilities: { extensions: TASKS } } } });
    expect(gateway.cancelled).toEqual([]);
  });

  it.each(METHODS)("%s wants the id in the header, too", async (method) => {
    const { json, status } = await ask(method, { taskId: "apr_1" }, { headers: { "Mcp-Name": "apr_2" } });
    expect(status).toBe(400);
    expect(json).toHaveProperty("error.code", -32020);
  });

  it.each(METHODS)("%s wants an id", async (method) => {
    expect((await ask(method, { inputResponses: {} })).json).toHaveProperty("error.code", -32602);
  });

  it("and listens for some has to declare them, and hears that none is listened to", async () => {
    const listen = (meta: JsonObject) =>
      send(served.port, modern("subscriptions/listen", { notifications: { taskIds: ["apr_1"] } }, { meta }));
    expect((await listen({})).json).toMatchObject({
      error: { code: -32021, data: { requiredCapabilities: { extensions: TASKS } } },
    });
    const granted = listen(declared);
    await expect.poll(() => served.endpoint.stats().listens).toBe(1);
    await served.endpoint.close();
    const [acknowledged] = (await granted).events.map(({ data }) => JSON.parse(data));
    expect(acknowledged.params.notifications).toEqual({});
  });
});
