import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, modern, open, send } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

const call = (name: string) => ({ name });

describe("a call in flight of a legacy session", () => {
  const enders = [
    [
      "an operator ends its session",
      "SESSION_ENDED",
      async () => {
        const [client] = served.endpoint.clients.list();
        await served.endpoint.clients.end(client?.id ?? "");
      },
    ],
    ["the gateway stops", "GATEWAY_STOPPED", async () => served.endpoint.cut()],
  ] as const;

  it.each(enders)("is answered with an error of its id when %s, streamed or not", async (_, code, end) => {
    const own = await initialize(served.port);
    const waiting = own.request("tools/call", call("wait"));
    await served.gateway.arrived(1);
    const streaming = own.request("tools/call", call("wait"));
    await served.gateway.arrived(2);
    served.gateway.calls[1]?.notify({ method: "notifications/message", params: { level: "error", data: "begun" } });
    await end();
    for (const answer of [await waiting, await streaming]) {
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({ id: expect.any(Number), error: { code: -32603 } });
    }
    expect(served.gateway.calls.map(({ cancellation }) => cancellation.by)).toEqual([code, code]);
  });

  it("is the client's to end with its session", async () => {
    const own = await initialize(served.port);
    const waiting = own.request("tools/call", call("wait"));
    await served.gateway.arrived(1);
    await send(served.port, { method: "DELETE", headers: own.headers });
    expect((await waiting).text).toBe("");
    expect(served.gateway.calls[0]?.cancellation.by).toBe("CALL_CANCELLED");
  });
});

describe("a modern call in flight", () => {
  const waits = modern("tools/call", { name: "wait" });
  const enders = () => served.gateway.calls.map(({ cancellation }) => [cancellation.cancelled, cancellation.by]);

  it("ends by the gateway when that stops, and is answered where nothing was streamed", async () => {
    const waiting = send(served.port, waits);
    await served.gateway.arrived(1);
    served.endpoint.cut();
    expect((await waiting).json).toMatchObject({ id: expect.anything(), result: { isError: true } });
    expect(enders()).toEqual([[true, "GATEWAY_STOPPED"]]);
  });

  it("ends by its client when that leaves", async () => {
    const sent = open(
      served.port,
      modern("tools/call", { name: "wait" }, { meta: { "io.modelcontextprotocol/logLevel": "debug" } }),
    );
    await served.gateway.arrived(1);
    served.gateway.calls[0]?.notify({ method: "notifications/message", params: { level: "error", data: "begun" } });
    (await sent).abort();
    await expect.poll(enders).toEqual([[true, "CALL_CANCELLED"]]);
  });
});
