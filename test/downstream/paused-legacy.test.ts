import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EdgeLimits } from "../../src/downstream/options.ts";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { LINK, PausingGateway } from "../support/pausing-gateway.ts";
import { initialize, open, send } from "../support/raw-mcp.ts";

const LONG = { holdMs: 60_000 };

let gateway: PausingGateway;
let served: Served;

beforeEach(async () => {
  gateway = new PausingGateway();
  served = await serveMcp({ gateway, limits: LONG });
});

afterEach(() => served.stop());

async function serveAgain(limits: Partial<EdgeLimits>, errors?: "result" | "protocol"): Promise<void> {
  await served.stop();
  served = await serveMcp({ gateway, limits, ...(errors && { errors }) });
}

const PAY = { name: "pay" };

describe("a legacy call that waits for people", () => {
  it("is held until it has ended", async () => {
    const session = await initialize(served.port);
    const sent = session.request("tools/call", PAY);
    await gateway.untilWaiting(1);
    // The hold counts from when the call came, by the real clock.
    expect(gateway.waits).toHaveLength(1);
    expect(gateway.waits[0]).toBeLessThanOrEqual(60_000);
    expect(gateway.waits[0]).toBeGreaterThan(50_000);
    gateway.answer("paid");
    const { json, headers } = await sent;
    expect(headers["content-type"]).toBe("application/json");
    expect(json["result"]).toEqual({ content: [{ type: "text", text: "paid" }] });
    expect(gateway.delivered).toBe(1);
  });

  it("is held no longer than the operator wants, and told what it waits for", async () => {
    await serveAgain({ holdMs: 20 });
    const session = await initialize(served.port);
    const { json } = await session.request("tools/call", PAY);
    expect(gateway.waits).toHaveLength(1);
    expect(gateway.waits[0]).toBeLessThanOrEqual(20);
    expect(json["result"]).toEqual({
      isError: true,
      content: [{ type: "text", text: expect.stringContaining("portcullis_approval_status") }],
      _meta: { "portcullis/approval": expect.objectContaining({ id: "apr_1", state: "pending", link: LINK }) },
    });
    expect(gateway.delivered).toBe(0);
  });

  it("is not held at all where the operator wants that", async () => {
    await serveAgain({ holdMs: 0 });
    const session = await initialize(served.port);
    expect((await session.request("tools/call", PAY)).json).toHaveProperty("result.isError", true);
    expect(gateway.waits).toEqual([0]);
  });

  it("waits as long as it asks to where it asks", async () => {
    const session = await initialize(served.port);
    expect((await session.request("tools/call", { name: "poll" })).json).toHaveProperty("result.isError", true);
    expect(gateway.waits).toEqual([40]);
  });

  it("is no task, whatever the client asks for", async () => {
    const session = await initialize(served.port, {
      capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
    });
    const sent = session.request("tools/call", { ...PAY, task: { ttl: 60_000 } });
    await gateway.untilWaiting(1);
    expect(gateway.calls[0]?.acceptsTasks).toBe(false);
    gateway.answer("paid");
    expect((await sent).json).toHaveProperty("result.content", [{ type: "text", text: "paid" }]);
    expect((await session.request("tasks/get", { taskId: "apr_1" })).json).toHaveProperty("error.code", -32601);
  });

  it("has comments on its stream, and progress if the client wants it", async () => {
    await serveAgain({ holdMs: 60_000, keepAliveMs: 20 });
    const session = await initialize(served.port);
    const stream = await session.stream("tools/call", { ...PAY, _meta: { progressToken: 7 } });
    await stream.event(({ params }) => JSON.stringify(params) === JSON.stringify(progress(-1)));
    await stream.event(({ params }) => JSON.stringify(params) === JSON.stringify(progress(-1 / 2)));
    served.pass(15_000);
    await stream.contains(": keep-alive");
    gateway.answer("paid");
    await stream.event((message) => "result" in message);
  });

  it("is not cancelled at its request when the client cancels it", async () => {
    const session = await initialize(served.port);
    const sent = session.request("tools/call", PAY);
    await gateway.untilWaiting(1);
    await session.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    expect((await sent).status).toBe(202);
    await expect.poll(() => served.endpoint.stats().held).toBe(0);
    gateway.answer("paid");
    expect((await session.request("tools/call", PAY)).text).toContain("paid");
    expect(gateway.cancelled).toEqual([]);
    expect(gateway.delivered).toBe(1);
  });

  it("is delivered to a client that lost its connection only when it has come back for the answer", async () => {
    const session = await initialize(served.port);
    const sent = session.stream("tools/call", PAY);
    await gateway.untilWaiting(1);
    served.pass(10_000);
    const stream = await sent;
    const { event } = await stream.event((_, { id }) => id !== undefined);
    stream.abort();
    await expect.poll(() => served.endpoint.stats().streams).toBe(0);
    gateway.answer("paid");
    await expect.poll(() => served.endpoint.stats().held).toBe(0);
    expect(gateway.delivered).toBe(0);
    const resumed = await session.get({ "Last-Event-ID": event.id ?? "" });
    await resumed.event((message) => "result" in message);
    await resumed.ended;
    expect(gateway.delivered).toBe(1);
  });

  it("is not delivered to a client that has gone for good", async () => {
    const session = await initialize(served.port);
    const abort = new AbortController();
    const fetched = fetch(`${served.url}/mcp`, {
      method: "POST",
      headers: {
        ...session.headers,
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: PAY }),
      signal: abort.signal,
    });
    await gateway.untilWaiting(1);
    abort.abort();
    await expect(fetched).rejects.toThrow();
    await expect.poll(() => served.endpoint.stats().waiting).toBe(0);
    gateway.answer("paid");
    await expect.poll(() => served.endpoint.stats().held).toBe(0);
    expect(gateway.delivered).toBe(0);
  });

  it("is told what it waits for at once when the gateway stops", async () => {
    const session = await initialize(served.port);
    const sent = session.request("tools/call", PAY);
    await gateway.untilWaiting(1);
    await served.endpoint.close();
    expect((await sent).json).toHaveProperty("result.isError", true);
  });

  it("is answered in its place of a batch", async () => {
    const session = await initialize(served.port, { version: "2025-03-26" });
    const call = (id: number) => ({ jsonrpc: "2.0", id, method: "tools/call", params: PAY });
    const sent = send(served.port, { headers: session.headers, body: [call(1), call(2)] });
    await gateway.untilWaiting(2);
    gateway.answer("paid");
    expect((await sent).json["list"]).toMatchObject([
      { id: 1, result: {} },
      { id: 2, result: {} },
    ]);
    expect(gateway.delivered).toBe(2);
  });

  it("that was rejected is an error where the operator wants errors", async () => {
    await serveAgain(LONG, "protocol");
    gateway.refuse("rejected");
    const session = await initialize(served.port);
    expect((await session.request("tools/call", PAY)).json).toMatchObject({
      error: { code: -32001, data: { id: "apr_1", state: "rejected" } },
    });
  });
});

function progress(value: number) {
  return { progress: value, message: "Waiting for approval 1 of 2 (finance)", progressToken: 7 };
}

it("opens no stream for a client that takes only JSON, however long it is held", async () => {
  const session = await initialize(served.port);
  const sent = open(served.port, {
    headers: { ...session.headers, Accept: "application/json" },
    body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: PAY },
  });
  await gateway.untilWaiting(1);
  served.pass(20_000);
  gateway.answer("paid");
  expect((await sent).headers["content-type"]).toBe("application/json");
});
