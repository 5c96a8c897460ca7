import { afterEach, beforeEach, expect, it } from "vitest";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { modern, open, send } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp({ limits: { maxListens: 2, maxSubscriptions: 3 } });
});

afterEach(() => served.stop());

const subscription = "io.modelcontextprotocol/subscriptionId";

function listen(notifications: object, id: string | number = "sub", path = "/mcp") {
  const request = modern("subscriptions/listen", { notifications: { ...notifications } }, { id });
  return open(served.port, { ...request, path });
}

it("acknowledges first, and only what the gateway can tell", async () => {
  served.gateway.capabilitiesNow = { tools: { listChanged: true }, prompts: {}, resources: { subscribe: true } };
  const stream = await listen({
    toolsListChanged: true,
    promptsListChanged: true,
    resourcesListChanged: true,
    resourceSubscriptions: ["test://a", "other://b"],
  });
  const { message } = await stream.event(() => true);
  expect(message).toEqual({
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: {
      notifications: { toolsListChanged: true, resourceSubscriptions: ["test://a"] },
      _meta: { [subscription]: "sub" },
    },
  });
  expect(stream.headers["content-type"]).toBe("text/event-stream");
});

it("tells what was asked for, of the endpoint's own servers, under the subscription's id", async () => {
  const stream = await listen({ toolsListChanged: true, resourceSubscriptions: ["test://a"] }, 9, "/mcp/one");
  await stream.event(() => true);
  served.gateway.changed("tools", "two");
  served.gateway.changed("prompts", "one");
  served.gateway.changed("tools", "one");
  served.gateway.updated("test://b");
  served.gateway.updated("test://a");
  await stream.event((message) => message["method"] === "notifications/resources/updated");
  expect(stream.events.slice(1).map((event) => JSON.parse(event.data))).toEqual([
    { jsonrpc: "2.0", method: "notifications/tools/list_changed", params: { _meta: { [subscription]: 9 } } },
    {
      jsonrpc: "2.0",
      method: "notifications/resources/updated",
      params: { uri: "test://a", _meta: { [subscription]: 9 } },
    },
  ]);
});

it("stops watching when the client goes away", async () => {
  const stream = await listen({ resourceSubscriptions: ["test://a"] });
  await stream.event(() => true);
  expect(served.gateway.watching.get("test://a")?.size).toBe(1);
  stream.abort();
  await expect.poll(() => served.gateway.watching.get("test://a")?.size).toBe(0);
  await expect.poll(() => served.endpoint.stats().listens).toBe(0);
});

it("keeps a quiet stream alive", async () => {
  const stream = await listen({ toolsListChanged: true });
  await stream.event(() => true);
  served.pass(14_000);
  served.pass(1_000);
  await stream.contains(": keep-alive");
});

it("completes when the gateway stops", async () => {
  const stream = await listen({ toolsListChanged: true, resourceSubscriptions: ["test://a"] });
  await stream.event(() => true);
  await served.endpoint.close();
  const { message } = await stream.event((candidate) => "result" in candidate);
  expect(message).toEqual({
    jsonrpc: "2.0",
    id: "sub",
    result: {
      resultType: "complete",
      _meta: {
        [subscription]: "sub",
        "io.modelcontextprotocol/serverInfo": { name: "portcullis", version: "1.2.3" },
      },
    },
  });
  await stream.ended;
  expect(served.gateway.watching.get("test://a")?.size).toBe(0);
  expect((await listen({})).status).toBe(503);
});

it.each([
  ["no filter", undefined, 400, -32602],
  ["resources that are no list", { resourceSubscriptions: "test://a" }, 400, -32602],
  ["too many resources", { resourceSubscriptions: ["a", "b", "c", "d"] }, 400, -32602],
  ["a URI longer than anybody writes one", { resourceSubscriptions: [`test://${"a".repeat(8_200)}`] }, 400, -32602],
])("refuses %s", async (_, notifications, status, code) => {
  const params = notifications === undefined ? {} : { notifications };
  const answer = await send(served.port, modern("subscriptions/listen", params));
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject({ error: { code } });
});

it("refuses an id that is too long to be kept as long as a stream may stay open", async () => {
  const request = modern("subscriptions/listen", { notifications: {} }, { id: "i".repeat(8_200) });
  expect((await send(served.port, request)).status).toBe(400);
});

it("leaves room for others however much one principal listens", async () => {
  await served.stop();
  served = await serveMcp({ limits: { maxListens: 3, maxListensPerPerson: 2 } });
  const as = (user: string) => {
    const { headers, body } = modern("subscriptions/listen", { notifications: {} });
    return open(served.port, { body: body ?? {}, headers: { ...headers, Authorization: `Bearer ${user}` } });
  };
  const alice = [await as("alice"), await as("alice"), await as("alice")];
  expect(alice.map((stream) => stream.status)).toEqual([200, 200, 503]);
  expect((await as("bob")).status).toBe(200);
});

it("refuses a client that takes no event stream", async () => {
  const request = modern("subscriptions/listen", { notifications: {} }, { headers: { Accept: "application/json" } });
  expect((await send(served.port, request)).status).toBe(406);
});

it("holds a bounded number of streams", async () => {
  for (const id of [1, 2]) await (await listen({ toolsListChanged: true }, id)).event(() => true);
  const answer = await send(served.port, modern("subscriptions/listen", { notifications: {} }));
  expect(answer.status).toBe(503);
});

it("cuts off a reader that never reads, once more has changed than is kept", async () => {
  const uris = Array.from({ length: 3 }, (_, nth) => `test://${nth}`);
  const stream = await listen({ resourceSubscriptions: uris });
  await stream.event(() => true);
  stream.pause();
  const big = "x".repeat(2_000_000);
  const update = (uri: string): void => {
    const watcher = [...(served.gateway.watching.get(uri)?.values() ?? [])][0];
    watcher?.({ method: "notifications/resources/updated", params: { uri, big } });
  };
  for (let nth = 0; nth < 20; nth++) update("test://0");
  await new Promise(setImmediate);
  expect(served.endpoint.stats().listens).toBe(1);
  for (const uri of uris) update(uri);
  await expect.poll(() => served.endpoint.stats().listens).toBe(0);
});
