import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { EdgeLimits } from "../../src/downstream/options.ts";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { LINK, PausingGateway } from "../support/pausing-gateway.ts";
import { modern, open, send } from "../support/raw-mcp.ts";

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const SHORT = { legMs: 20 };
const LONG = { legMs: 60_000 };

let gateway: PausingGateway;
let served: Served;

beforeEach(async () => {
  gateway = new PausingGateway();
  served = await serveMcp({ gateway, limits: SHORT });
});

afterEach(() => served.stop());

async function serveAgain(limits: Partial<EdgeLimits>, errors?: "result" | "protocol"): Promise<void> {
  await served.stop();
  served = await serveMcp({ gateway, limits, ...(errors && { errors }) });
}

const pay = (params: JsonObject = {}, more: Parameters<typeof modern>[2] = {}) =>
  modern("tools/call", { name: "pay", ...params }, more);
const post = (...parts: Parameters<typeof pay>) => send(served.port, pay(...parts));
const link = { [CAPABILITIES]: { elicitation: { url: {} } } };

describe("a leg of a call that waits for people", () => {
  it("waits as long as clients do, and sends the client away with a state", async () => {
    const { json, status } = await post();
    expect(status).toBe(200);
    expect(gateway.waits).toEqual([20]);
    expect(json["result"]).toEqual({
      resultType: "input_required",
      requestState: "state-1",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "portcullis", version: "1.2.3" } },
    });
  });

  it("waits anew when the client comes back, and counts on", async () => {
    expect((await post({ requestState: "state-8" })).json).toHaveProperty("result.requestState", "state-9");
    expect(gateway.waits).toEqual([20]);
  });

  it("shows the client's user where the request is, at once, if the client can", async () => {
    await serveAgain(LONG);
    const { json } = await post({}, { meta: link });
    expect(json["result"]).toMatchObject({
      resultType: "input_required",
      requestState: "state-1",
      inputRequests: {
        approval: {
          method: "elicitation/create",
          params: { mode: "url", url: LINK, message: expect.stringContaining("Waiting for approval 1 of 2 (finance)") },
        },
      },
    });
  });

  it.each([
    ["on a later leg", { requestState: "state-1" }, link],
    ["to a client that shows forms only", {}, { [CAPABILITIES]: { elicitation: {} } }],
  ])("shows nothing %s", async (_when, params, meta) => {
    const { json } = await post(params, { meta });
    expect(json).toHaveProperty("result.resultType", "input_required");
    expect(json).not.toHaveProperty("result.inputRequests");
  });

  it("shows nothing to a user whose call runs already", async () => {
    gateway.request = { ...gateway.request, state: "executing" };
    const { json } = await post({}, { meta: link });
    expect(gateway.waits).toEqual([20]);
    expect(json).not.toHaveProperty("result.inputRequests");
  });

  it("is the last one before clients give up: the model is told what it waits for", async () => {
    const { json } = await post({ requestState: "state-9" });
    expect(gateway.waits).toEqual([20]);
    expect(json["result"]).toMatchObject({
      resultType: "complete",
      isError: true,
      content: [{ type: "text", text: expect.stringMatching(/^Not executed.*Waiting for approval 1 of 2/s) }],
      _meta: {
        "portcullis/approval": {
          id: "apr_1",
          state: "pending",
          flow: "finance",
          stage: 1,
          stages: 2,
          pending_until: "2026-08-02T12:00:00.000Z",
          link: LINK,
        },
      },
    });
  });

  it("ends with the tool's result as soon as there is one, and says that it was delivered", async () => {
    await serveAgain(LONG);
    const sent = post();
    await gateway.untilWaiting(1);
    expect(served.endpoint.stats().held).toBe(1);
    gateway.answer("paid");
    expect((await sent).json).toHaveProperty("result.content", [{ type: "text", text: "paid" }]);
    expect(gateway.delivered).toBe(1);
    expect(served.endpoint.stats().held).toBe(0);
  });

  it("gets what ended before it came without a wait, even where a link would be shown", async () => {
    gateway.answer("paid");
    expect((await post({}, { meta: link })).json).toHaveProperty("result.content", [{ type: "text", text: "paid" }]);
    expect(gateway.delivered).toBe(1);
  });

  it("becomes a stream after ten quiet seconds, which is kept alive", async () => {
    await serveAgain(LONG);
    const sent = open(served.port, pay());
    await gateway.untilWaiting(1);
    served.pass(10_000);
    const stream = await sent;
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    served.pass(15_000);
    await stream.contains(": keep-alive");
    gateway.answer("paid");
    await stream.event((message) => "result" in message);
    await stream.ended;
    expect(gateway.delivered).toBe(1);
  });

  it("tells a client that wants progress where the request is, in growing numbers below the tool's own", async () => {
    await serveAgain({ legMs: 45, keepAliveMs: 20 });
    const { events } = await post({}, { meta: { progressToken: "p" } });
    const told = events.map(({ data }) => JSON.parse(data)).slice(0, -1);
    expect(told.map(({ method, params }) => [method, params.progressToken, params.progress, params.message])).toEqual(
      [-1, -1 / 2, -1 / 3].map((progress) => [
        "notifications/progress",
        "p",
        progress,
        "Waiting for approval 1 of 2 (finance)",
      ]),
    );
    expect(gateway.waits).toEqual([20, 20, 5]);
  });

  it.each(["before it streams", "while it streams"])(
    "ends with a client that goes away %s, and nothing else does",
    async (when) => {
      await serveAgain(LONG);
      const abort = new AbortController();
      const { body, headers } = pay();
      const fetched = fetch(`${served.url}/mcp`, {
        method: "POST",
        headers: { Authorization: "Bearer alice", "Content-Type": "application/json", ...(headers as object) },
        body: JSON.stringify(body),
        signal: abort.signal,
      });
      await gateway.untilWaiting(1);
      if (when === "while it streams") {
        served.pass(10_000);
        await fetched;
        abort.abort();
      } else {
        abort.abort();
        await expect(fetched).rejects.toThrow();
      }
      await expect.poll(() => gateway.waiting).toBe(0);
      gateway.answer("paid");
      expect(gateway.cancelled).toEqual([]);
      expect((await post()).json).toHaveProperty("result.content", [{ type: "text", text: "paid" }]);
      expect(gateway.delivered).toBe(1);
    },
  );
});

describe("a call that asks how long it waits", () => {
  it("waits that long and is told what it waits for, whatever else the client can take", async () => {
    const declared = { elicitation: { url: {} }, extensions: { "io.modelcontextprotocol/tasks": {} } };
    const { json } = await send(
      served.port,
      modern("tools/call", { name: "poll" }, { meta: { [CAPABILITIES]: declared } }),
    );
    expect(gateway.waits).toEqual([40]);
    expect(json).toMatchObject({ result: { isError: true, _meta: { "portcullis/approval": { state: "pending" } } } });
  });
});

describe("bounds of held calls", () => {
  it("tell who holds too many at once what they wait for, and nobody else", async () => {
    await serveAgain({ ...LONG, maxHeldPerPerson: 1 });
    const first = post();
    await gateway.untilWaiting(1);
    expect((await post()).json).toHaveProperty(["result", "_meta", "portcullis/approval", "state"], "pending");
    const other = post({}, { headers: { Authorization: "Bearer bob" } });
    await gateway.untilWaiting(2);
    gateway.answer("paid");
    await Promise.all([first, other]);
    expect(served.endpoint.stats().held).toBe(0);
  });

  it("hold for everybody together, too", async () => {
    await serveAgain({ ...LONG, maxHeld: 1 });
    const first = post();
    await gateway.untilWaiting(1);
    const { json } = await post({}, { headers: { Authorization: "Bearer bob" } });
    expect(json).toHaveProperty("result.isError", true);
    gateway.answer("paid");
    await first;
  });
});

it("is told what it waits for at once when the gateway stops, and so is who comes then", async () => {
  await serveAgain(LONG);
  const sent = post();
  await gateway.untilWaiting(1);
  await served.endpoint.close();
  expect((await sent).json).toHaveProperty(["result", "_meta", "portcullis/approval", "state"], "pending");
  expect((await post({}, { meta: link })).json).toHaveProperty("result.isError", true);
  expect(gateway.delivered).toBe(0);
});

it("gets the result of what runs already when the gateway stops", async () => {
  await serveAgain(LONG);
  const sent = post();
  await gateway.untilWaiting(1);
  gateway.request = { ...gateway.request, state: "executing" };
  const closed = served.endpoint.close();
  await expect.poll(() => gateway.waits).toEqual([60_000, 5_000]);
  gateway.answer("paid");
  expect((await sent).json).toHaveProperty("result.content", [{ type: "text", text: "paid" }]);
  await closed;
});

describe("a call that nobody will run", () => {
  it.each(["rejected", "expired", "cancelled", "invalidated", "indeterminate"] as const)(
    "%s: words for the model, facts for programs",
    async (state) => {
      gateway.refuse(state);
      const { json } = await post();
      expect(json["result"]).toMatchObject({
        resultType: "complete",
        isError: true,
        content: [{ type: "text", text: `It is ${state}.` }],
        _meta: { "portcullis/approval": { id: "apr_1", state, link: LINK } },
      });
      expect(gateway.delivered).toBe(1);
    },
  );

  it.each(["rejected", "expired", "cancelled", "invalidated"] as const)(
    "%s: an error like any denial where the operator wants errors",
    async (state) => {
      await serveAgain(SHORT, "protocol");
      gateway.refuse(state);
      expect((await post()).json).toMatchObject({
        error: { code: -32001, message: `It is ${state}.`, data: { id: "apr_1", state, link: LINK } },
      });
    },
  );

  it("but may have run is no denial, and neither is one that waits", async () => {
    await serveAgain(SHORT, "protocol");
    expect((await post({ requestState: "state-9" })).json).toHaveProperty("result.isError", true);
    gateway.refuse("indeterminate");
    expect((await post()).json).toHaveProperty("result.isError", true);
  });
});
