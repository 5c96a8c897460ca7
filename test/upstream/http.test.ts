import { describe, expect, it } from "vitest";
import type { Notification } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import { isObject } from "../../src/core/json.ts";
import type { Round } from "../../src/core/round.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import {
  httpUpstream,
  nextEvent,
  testPeer,
  toolCall,
  upstreamIn,
  upstreamRequest,
} from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

async function modern() {
  const server = closing(await startModernUpstream());
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  return { server, upstreams, up: await upstreamIn(upstreams, "up") };
}

async function legacy() {
  const server = closing(await startLegacyUpstream());
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  return { server, upstreams, up: await upstreamIn(upstreams, "up") };
}

function text(round: Round): unknown {
  if (round.kind !== "result") throw new Error(`Not a result: ${JSON.stringify(round)}`);
  return round.result.value();
}

const ELICITING = { elicitation: {} };

describe("a modern upstream over HTTP", () => {
  it("is recognised by server/discover, with what it said of itself", async () => {
    const { up } = await modern();
    expect(up.status()).toMatchObject({
      state: "ready",
      era: "modern",
      transport: "http",
      instructions: "For tests.",
      serverInfo: { name: "modern-test-server" },
    });
  });

  it("answers a call, and sees the headers that the revision wants and no others of ours", async () => {
    const { up, server } = await modern();
    const round = await up.session(testPeer("p")).request(toolCall("echo", { text: "grüß Gott" }));
    expect(text(round)).toMatchObject({ content: [{ type: "text", text: "grüß Gott" }] });
    expect(server.seen.at(-1)).toMatchObject({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
    });
    expect(Object.keys(server.seen.at(-1) ?? {}).sort()).toEqual([
      "accept",
      "connection",
      "content-length",
      "content-type",
      "host",
      "mcp-method",
      "mcp-name",
      "mcp-protocol-version",
      "user-agent",
    ]);
  });

  it("reports progress without its token, and log messages only where a level is wanted", async () => {
    const { up } = await modern();
    const heard: Notification[] = [];
    const onNotification = (notification: Notification): void => {
      heard.push(notification);
    };
    const session = up.session(testPeer("p"));
    await session.request(toolCall("work", {}, { wantsProgress: true, onNotification }));
    expect(heard.map(({ params }) => params)).toEqual([
      { progress: 1, total: 2 },
      { progress: 2, total: 2 },
    ]);
    await session.request(toolCall("work", {}, { logLevel: "info", onNotification }));
    expect(heard.at(-1)).toMatchObject({ method: "notifications/message", params: { level: "info", data: "working" } });
  });

  it("asks in rounds, and goes on with the answers", async () => {
    const { up } = await modern();
    const round = await up.session(testPeer("p", { capabilities: ELICITING })).request(toolCall("ask"));
    if (round.kind !== "input_required") throw new Error("no input requests");
    expect(round).toMatchObject({ era: "modern", inputRequests: { who: { method: "elicitation/create" } } });
    const next = await round.resume({ who: { ok: true, result: { action: "accept", content: { name: "Ada" } } } });
    expect(text(next)).toMatchObject({ content: [{ text: "Hello, Ada." }] });
  });

  it("ends a modern call with the error that the client answered with", async () => {
    const { up } = await modern();
    const round = await up.session(testPeer("p", { capabilities: ELICITING })).request(toolCall("ask"));
    if (round.kind !== "input_required") throw new Error("no input requests");
    const error = { code: -1, message: "The user went away." };
    expect(await round.resume({ who: { ok: false, error } })).toEqual({ kind: "error", error });
  });

  it("passes the upstream's own errors on", async () => {
    const { up } = await modern();
    const round = await up.session(testPeer("p")).request(toolCall("no-such-tool"));
    expect(round).toMatchObject({ kind: "error", error: { code: -32602 } });
  });

  it("tells of changed lists and of updates to the resources that a peer watches", async () => {
    const { up, upstreams, server } = await modern();
    const first = await new Promise<Notification>((resolve) => {
      void up
        .session(testPeer("p"))
        .subscribe("test://config", resolve)
        .then((subscription) => {
          expect(subscription.ok).toBe(true);
          server.notify.resourceUpdated("test://config");
        });
    });
    expect(first).toEqual({ method: "notifications/resources/updated", params: { uri: "test://config" } });
    const changed = nextEvent(upstreams, (event) => event.kind === "list_changed");
    server.notify.toolsChanged();
    expect(await changed).toMatchObject({ kind: "list_changed", upstream: "up", list: "tools" });
  });
});

describe("a legacy upstream over HTTP", () => {
  it("is recognised, and gives each peer a session of its own with that peer's capabilities", async () => {
    const { up, server } = await legacy();
    expect(up.status()).toMatchObject({ era: "legacy", transport: "http" });
    const asking = testPeer("a", { capabilities: ELICITING });
    await up.session(asking).request(toolCall("echo", { a: 1 }));
    await up.session(asking).request(toolCall("echo", { a: 2 }));
    await up.session(testPeer("b")).request(toolCall("echo", { b: 1 }));
    const [system, a, b, ...more] = [...server.sessions.values()].map((s) => s.server.getClientCapabilities());
    expect([a, b, more]).toEqual([{ elicitation: { form: {} } }, {}, []]);
    // Lists are read as the most able client would: some servers hide a tool from those who cannot answer its questions.
    expect(Object.keys(system ?? {}).sort()).toEqual(["elicitation", "roots", "sampling"]);
  });

  it("asks one thing after the other on the same call, and goes on with each answer", async () => {
    const { up } = await legacy();
    const first = await up.session(testPeer("p", { capabilities: ELICITING })).request(toolCall("greet"));
    if (first.kind !== "input_required") throw new Error("no input requests");
    expect(first).toMatchObject({ era: "legacy", inputRequests: { ask: { params: { message: "Your first name?" } } } });
    const second = await first.resume({ ask: { ok: true, result: { action: "accept", content: { name: "Ada" } } } });
    if (second.kind !== "input_required") throw new Error("no second ask");
    const last = await second.resume({ ask: { ok: true, result: { action: "accept", content: { name: "L." } } } });
    expect(text(last)).toMatchObject({ content: [{ text: "Hello, Ada L.." }] });
  });

  it("attributes asks to the right one of two calls in flight", async () => {
    const { up } = await legacy();
    const session = up.session(testPeer("p", { capabilities: ELICITING }));
    const rounds = await Promise.all([session.request(toolCall("greet")), session.request(toolCall("greet"))]);
    const finish = async (round: Round, name: string): Promise<unknown> => {
      let current = round;
      while (current.kind === "input_required") {
        current = await current.resume({ ask: { ok: true, result: { action: "accept", content: { name } } } });
      }
      return text(current);
    };
    const [one, two] = rounds;
    if (one === undefined || two === undefined) throw new Error("no rounds");
    expect(await Promise.all([finish(one, "X"), finish(two, "Y")])).toMatchObject([
      { content: [{ text: "Hello, X X." }] },
      { content: [{ text: "Hello, Y Y." }] },
    ]);
  });

  it("hears of a cancellation before anything is torn down", async () => {
    const { up, server, upstreams } = await legacy();
    const cancellation = new Cancellation();
    const session = up.session(testPeer("p"));
    await session.request(toolCall("echo"));
    const round = session.request(toolCall("wait", {}, { cancellation }));
    const own = [...server.sessions.values()][1];
    // Another answered request on the same session shows that the first one has arrived.
    await session.request(toolCall("echo"));
    cancellation.cancel("The user pressed stop.");
    expect(await round).toMatchObject({ kind: "fault", fault: { code: "CALL_CANCELLED", executed: "unknown" } });
    await upstreams.close();
    expect(own?.cancelled).toHaveLength(1);
  });

  it("puts requests outside any call to the client, and its notifications too", async () => {
    const { up, server } = await legacy();
    const asked: string[] = [];
    const peer = testPeer("p", {
      capabilities: { roots: {} },
      request: async (ask) => {
        asked.push(ask.method);
        return { ok: true, result: { roots: [{ uri: "file:///home" }] } };
      },
    });
    await up.session(peer).request(toolCall("echo"));
    const own = [...server.sessions.values()][1];
    await own?.listening;
    expect(await own?.server.listRoots()).toEqual({ roots: [{ uri: "file:///home" }] });
    expect(await own?.server.ping()).toEqual({});
    expect(asked).toEqual(["roots/list"]);
    await own?.server.sendLoggingMessage({ level: "info", data: "hello" });
    await own?.server.ping();
    expect(peer.notifications).toMatchObject([{ method: "notifications/message", params: { data: "hello" } }]);
  });

  it("is re-initialised when it lost its sessions, once for all calls, and nobody notices", async () => {
    const { up, server } = await legacy();
    const session = up.session(testPeer("p"));
    await session.request(toolCall("echo"));
    server.forgetSessions();
    const before = server.initialized;
    const rounds = await Promise.all([1, 2, 3, 4].map((n) => session.request(toolCall("echo", { n }))));
    expect(rounds.map((round) => round.kind)).toEqual(["result", "result", "result", "result"]);
    // One for the peer; the system connection may or may not have come back already.
    expect(server.initialized - before).toBeLessThanOrEqual(2);
  });

  it("keeps subscriptions through a lost session", async () => {
    const { up, server } = await legacy();
    const heard: Notification[] = [];
    let wake = (): void => {};
    const session = up.session(testPeer("p"));
    const subscription = await session.subscribe("test://a", (notification) => {
      heard.push(notification);
      wake();
    });
    expect(subscription.ok).toBe(true);
    await [...server.sessions.values()][1]?.listening;
    const renewed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    server.forgetSessions();
    server.breakConnections();
    await renewed;
    const uris = [...server.sessions.values()].map(({ subscribed }) => [...subscribed]);
    expect(uris).toContainEqual(["test://a"]);
    expect(heard).toEqual([{ method: "notifications/resources/updated", params: { uri: "test://a" } }]);
  });

  it("forgets a released peer's session upstream, and leaves none behind when closed", async () => {
    const { up, server, upstreams } = await legacy();
    await up.session(testPeer("p")).request(toolCall("echo"));
    expect(server.sessions.size).toBe(2);
    upstreams.release("p");
    await upstreams.close();
    expect(server.sessions.size).toBe(0);
  });

  it("gets what is asked of it by its own names: pages, prompts, anything", async () => {
    const { up } = await legacy();
    const list = await up.list("tools");
    expect(list.ok && list.items.map((item) => isObject(item) && item["name"])).toEqual([
      "echo",
      "greet",
      "wait",
      "count",
      "log",
      "link",
      "impatient",
    ]);
    expect(await up.list("prompts")).toEqual({ ok: true, items: [] });
    const round = await up.session(testPeer("p")).request(upstreamRequest("prompts/get", { name: "x" }));
    expect(round).toMatchObject({ kind: "error", error: { code: -32601 } });
  });
});
