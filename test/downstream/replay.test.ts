import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, open, type RawStream } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

const methods = (stream: RawStream) =>
  stream.events.filter((event) => event.data !== "").map((event) => JSON.parse(event.data).method ?? "response");
const lastId = (stream: RawStream): string => stream.events.at(-1)?.id ?? "none";

describe("the GET stream", () => {
  it("tells of changed lists of the endpoint's own servers, and of watched resources", async () => {
    const all = await initialize(served.port);
    const one = await initialize(served.port, { path: "/mcp/one" });
    await one.request("resources/subscribe", { uri: "test://a" });
    const [ofAll, ofOne] = [await all.get(), await one.get()];
    served.gateway.changed("tools", "two");
    served.gateway.updated("test://a");
    served.gateway.changed("resourceTemplates", "one");
    for (const stream of [ofAll, ofOne]) {
      await stream.event((message) => message["method"] === "notifications/resources/list_changed");
    }
    expect(methods(ofAll)).toEqual(["notifications/tools/list_changed", "notifications/resources/list_changed"]);
    expect(methods(ofOne)).toEqual(["notifications/resources/updated", "notifications/resources/list_changed"]);
  });

  it.each([
    ["2025-11-25", 1],
    ["2025-06-18", 0],
  ])("under %s begins with %i events that only set an id", async (version, primed) => {
    const own = await initialize(served.port, { version });
    const stream = await own.get();
    served.gateway.changed("tools", "one");
    await stream.event((message) => "method" in message);
    expect(stream.events.filter((event) => event.data === "" && event.id !== undefined)).toHaveLength(primed);
  });

  it("gives way to a second one", async () => {
    const own = await initialize(served.port);
    const first = await own.get();
    const second = await own.get();
    await first.ended;
    served.gateway.changed("tools", "one");
    await second.event((message) => "method" in message);
    expect(methods(first)).toEqual([]);
  });

  it("repeats what was missed, once, to a client that comes back with its last id", async () => {
    const own = await initialize(served.port);
    const first = await own.get();
    served.gateway.changed("tools", "one");
    await first.event((message) => message["method"] === "notifications/tools/list_changed");
    const seen = lastId(first);
    first.abort();
    await expect.poll(() => served.endpoint.stats().streams).toBe(0);
    served.gateway.changed("prompts", "one");
    served.gateway.changed("resources", "one");
    const second = await own.get({ "Last-Event-ID": seen });
    await second.event((message) => message["method"] === "notifications/resources/list_changed");
    expect(methods(second)).toEqual(["notifications/prompts/list_changed", "notifications/resources/list_changed"]);
  });

  it("holds no more than its bounds, whoever does not read", async () => {
    await served.stop();
    served = await serveMcp({ limits: { replayEventsPerStream: 2 } });
    const own = await initialize(served.port);
    const first = await own.get();
    await first.event((_, event) => event.id !== undefined);
    const seen = lastId(first);
    first.abort();
    await expect.poll(() => served.endpoint.stats().streams).toBe(0);
    for (const list of ["tools", "prompts", "resources"] as const) served.gateway.changed(list, "one");
    const second = await own.get({ "Last-Event-ID": seen });
    await second.event((message) => message["method"] === "notifications/resources/list_changed");
    expect(methods(second)).toEqual(["notifications/prompts/list_changed", "notifications/resources/list_changed"]);
  });

  it("of an earlier process is opened anew", async () => {
    const own = await initialize(served.port);
    const first = await own.get();
    await first.event((_, event) => event.id !== undefined);
    const seen = lastId(first);
    await served.stop();
    served = await serveMcp({ sessions: served.sessions });
    const second = await open(served.port, { method: "GET", headers: { ...own.headers, "Last-Event-ID": seen } });
    served.gateway.changed("tools", "one");
    await second.event((message) => "method" in message);
  });

  it("is kept alive while it is quiet, and ended when the gateway stops", async () => {
    const own = await initialize(served.port);
    const stream = await own.get();
    served.pass(15_000);
    await stream.contains(": keep-alive");
    await served.endpoint.close();
    await stream.ended;
    expect((await own.get()).status).toBe(503);
  });
});

describe("the stream of a POST", () => {
  const brokenCall = async (user = "alice") => {
    const own = await initialize(served.port, { user });
    const sent = own.stream("tools/call", { name: "wait" });
    await served.gateway.arrived(served.gateway.calls.length + 1);
    served.pass(10_000);
    const stream = await sent;
    await stream.event((_, event) => event.id !== undefined);
    stream.abort();
    await expect.poll(() => served.endpoint.stats().streams).toBe(0);
    return { own, seen: lastId(stream) };
  };

  it("can be resumed before the answer", async () => {
    const { own, seen } = await brokenCall();
    const resumed = await own.get({ "Last-Event-ID": seen });
    served.gateway.finish("late");
    const { message } = await resumed.event((candidate) => "result" in candidate);
    expect(message).toMatchObject({ id: 1, result: { content: [{ text: "late" }] } });
    await resumed.ended;
  });

  it("can be resumed after the answer, and then has nothing more", async () => {
    const { own, seen } = await brokenCall();
    served.gateway.finish("late");
    const resumed = await own.get({ "Last-Event-ID": seen });
    await resumed.event((candidate) => "result" in candidate);
    await resumed.ended;
    const again = await own.get({ "Last-Event-ID": lastId(resumed) });
    expect(again.status).toBe(204);
  });

  it("cannot be resumed by another session, another user, or with an id that is none", async () => {
    const { own, seen } = await brokenCall();
    served.gateway.finish("secret");
    const sibling = await initialize(served.port);
    const stranger = await initialize(served.port, { user: "bob" });
    const answers = [
      await sibling.get({ "Last-Event-ID": seen }),
      await stranger.get({ "Last-Event-ID": seen }),
      await own.get({ "Last-Event-ID": "nonsense" }),
      await own.get({ "Last-Event-ID": `${seen}9`.replace("p", "px") }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([400, 400, 400, 400]);
    for (const answer of answers) await answer.ended;
    expect(answers.map((answer) => answer.text()).join("")).not.toContain("secret");
  });

  it("is let go a minute after its end", async () => {
    const { own, seen } = await brokenCall();
    served.gateway.finish("late");
    await expect.poll(() => served.endpoint.stats().replayBytes).toBeGreaterThan(0);
    served.pass(60_001);
    expect(served.endpoint.stats().replayBytes).toBe(0);
    expect((await own.get({ "Last-Event-ID": seen })).status).toBe(400);
  });

  it("has ids that name it: two calls never share one", async () => {
    const own = await initialize(served.port);
    const steps = () => own.request("tools/call", { name: "steps", _meta: { progressToken: 1 } });
    const ids = [...(await steps()).events, ...(await steps()).events].map((event) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(undefined);
  });

  it("whose answer is too large to hold says so to a client that comes back", async () => {
    await served.stop();
    served = await serveMcp({ limits: { replayBytesPerStream: 1000 } });
    const { own, seen } = await brokenCall();
    served.gateway.finish("x".repeat(2000));
    const answer = await own.get({ "Last-Event-ID": seen });
    expect(answer.status).toBe(400);
    expect(served.endpoint.stats().replayBytes).toBe(0);
  });
});
