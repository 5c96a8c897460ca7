import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Notification } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import type { Round } from "../../src/core/round.ts";
import type { UpstreamsDeps } from "../../src/upstream/upkeep/upstreams.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { EVERYTHING, startEverything } from "../support/everything.ts";
import { modernStdio } from "../support/modern-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import {
  httpUpstream,
  nextEvent,
  nodeUpstream,
  testPeer,
  toolCall,
  upstreamIn,
  upstreamRequest,
} from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
const ODD = fileURLToPath(new URL("../support/odd-stdio.mjs", import.meta.url));
const ELICITING = { elicitation: {} };

async function connect(options: UpstreamOptions, deps: Partial<UpstreamsDeps> = {}) {
  const log = recordingLog();
  const upstreams = closing(startUpstreams([options], { log, ...deps }));
  return { up: await upstreamIn(upstreams, options.name), upstreams, log };
}

function odd(habit: string, more: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return nodeUpstream("up", [ODD, habit], more);
}

function value(round: Round): unknown {
  if (round.kind !== "result") throw new Error(`Not a result: ${JSON.stringify(round)}`);
  return round.result.value();
}

function pidOf(round: Round): number {
  const found = value(round);
  if (typeof found !== "object" || found === null) throw new Error("no pid");
  return Number(Reflect.get(found, "pid"));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the example server of 2025", () => {
  it("works over stdio: lists, calls, progress, prompts, resources, completion", async () => {
    const { up } = await connect(nodeUpstream("up", [EVERYTHING, "stdio"]));
    expect(up.status()).toMatchObject({ era: "legacy", transport: "stdio", state: "ready" });
    for (const kind of ["tools", "prompts", "resources", "resourceTemplates"] as const) {
      const list = await up.list(kind);
      expect(list.ok && list.items.length).toBeGreaterThan(0);
    }
    const session = up.session(testPeer("p"));
    expect(value(await session.request(toolCall("echo", { message: "hi" })))).toMatchObject({
      content: [{ text: "Echo: hi" }],
    });
    const progress: Notification[] = [];
    const onNotification = (notification: Notification): void => {
      progress.push(notification);
    };
    const args = { duration: 0.2, steps: 2 };
    await session.request(toolCall("trigger-long-running-operation", args, { wantsProgress: true, onNotification }));
    expect(progress.map(({ params }) => params)).toEqual([
      { progress: 1, total: 2 },
      { progress: 2, total: 2 },
    ]);
    const prompt = await session.request(upstreamRequest("prompts/get", { name: "simple-prompt" }));
    expect(value(prompt)).toMatchObject({ messages: [{ role: "user" }] });
  });

  it("works over HTTP+SSE, which is found by falling back", async () => {
    const server = await startEverything("sse");
    closing({ close: () => server.kill() });
    const { up } = await connect(httpUpstream("up", server.url));
    expect(up.status()).toMatchObject({ era: "legacy", transport: "sse", state: "ready" });
    const round = await up.session(testPeer("p")).request(toolCall("echo", { message: "hi" }));
    expect(value(round)).toMatchObject({ content: [{ text: "Echo: hi" }] });
  });

  it("is back after a crash, and the next call works", async () => {
    const first = await startEverything("streamableHttp");
    closing({ close: () => first.kill() });
    const { up, upstreams } = await connect(httpUpstream("up", first.url));
    const session = up.session(testPeer("p"));
    await session.request(toolCall("echo", { message: "1" }));
    await first.kill();
    await upstreamIn(upstreams, "up", "down");
    const back = nextEvent(upstreams, (event) => event.kind === "state" && event.status.state === "ready");
    const second = await startEverything("streamableHttp", first.port);
    closing({ close: () => second.kill() });
    await back;
    const round = await session.request(toolCall("echo", { message: "2" }));
    expect(value(round)).toMatchObject({ content: [{ text: "Echo: 2" }] });
  });
});

describe("a modern stdio server", () => {
  it("is one child for all peers, asks in rounds, reports updates", async () => {
    const { up } = await connect(nodeUpstream("up", modernStdio()));
    expect(up.status()).toMatchObject({ era: "modern", transport: "stdio", instructions: "For tests." });
    const round = await up.session(testPeer("a", { capabilities: ELICITING })).request(toolCall("ask"));
    if (round.kind !== "input_required") throw new Error("no input requests");
    const next = await round.resume({ who: { ok: true, result: { action: "accept", content: { name: "Ada" } } } });
    expect(value(next)).toMatchObject({ content: [{ text: "Hello, Ada." }] });
    const heard: Notification[] = [];
    const onNotification = (notification: Notification): void => {
      heard.push(notification);
    };
    const work = toolCall("work", {}, { wantsProgress: true, logLevel: "debug", onNotification });
    await up.session(testPeer("b")).request(work);
    expect(heard.map(({ method }) => method)).toEqual([
      "notifications/progress",
      "notifications/progress",
      "notifications/message",
    ]);
  });
});

describe("a stdio server with habits", () => {
  it.each(["exits", "silent", "plain"])("that %s on an unknown first request is a legacy one", async (habit) => {
    const { up } = await connect(odd(habit), { timing: { stdioProbeMs: habit === "silent" ? 1_500 : 15_000 } });
    expect(up.status()).toMatchObject({ era: "legacy", state: "ready", serverInfo: { name: habit } });
  });

  it("gives each peer a child of its own, and evicts the idlest beyond the limit", async () => {
    let time = 0;
    const { up } = await connect(odd("plain", { maxSessions: 2, era: "legacy" }), { now: () => ++time });
    const pids = [];
    for (const key of ["a", "b", "a", "c"]) pids.push(pidOf(await up.session(testPeer(key)).request(toolCall("pid"))));
    const [a, b, again, c] = pids;
    expect(new Set(pids).size).toBe(3);
    expect(again).toBe(a);
    // `b` was used longest ago: it made room for `c`, and gets a new child when it comes back.
    expect(pidOf(await up.session(testPeer("b")).request(toolCall("pid")))).not.toBe(b);
    expect(isAlive(c ?? 0)).toBe(true);
  });

  it("is busy when every session is in use", async () => {
    const { up } = await connect(odd("plain", { maxSessions: 1, era: "legacy" }));
    const cancellation = new Cancellation();
    const session = up.session(testPeer("a"));
    await session.request(toolCall("pid"));
    const held = session.request(toolCall("hang", {}, { cancellation }));
    const refused = await up.session(testPeer("b")).request(toolCall("pid"));
    expect(refused).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_BUSY", executed: "no", ours: true } });
    cancellation.cancel("done");
    expect(await held).toMatchObject({ kind: "fault", fault: { code: "CALL_CANCELLED" } });
    expect(await up.session(testPeer("b")).request(toolCall("pid"))).toMatchObject({ kind: "result" });
  });

  it("shares one child among all peers where the operator says so", async () => {
    const { up } = await connect(odd("plain", { isolation: "shared", era: "legacy" }));
    const a = pidOf(await up.session(testPeer("a")).request(toolCall("pid")));
    expect(pidOf(await up.session(testPeer("b")).request(toolCall("pid")))).toBe(a);
  });

  it("that dies in a call fails that call, and has a new child for the next", async () => {
    const { up } = await connect(odd("plain", { era: "legacy" }));
    const session = up.session(testPeer("a"));
    const first = pidOf(await session.request(toolCall("pid")));
    const died = await session.request(toolCall("die"));
    expect(died).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_CLOSED", executed: "unknown" } });
    expect(pidOf(await session.request(toolCall("pid")))).not.toBe(first);
  });

  it("is still heard when it answers with its last words", async () => {
    const { up } = await connect(odd("plain", { era: "legacy" }));
    expect(value(await up.session(testPeer("a")).request(toolCall("last-words")))).toEqual({ said: true });
  });

  it.each(["big", "big-sdk-order"])("that writes a line beyond the limit (%s) fails that call alone", async (tool) => {
    const { up } = await connect(odd("plain", { era: "legacy", maxResponseBytes: 100_000 }));
    const session = up.session(testPeer("a"));
    const first = pidOf(await session.request(toolCall("pid")));
    expect(await session.request(toolCall(tool))).toMatchObject({
      kind: "fault",
      fault: { code: "UPSTREAM_TOO_LARGE" },
    });
    expect(pidOf(await session.request(toolCall("pid")))).toBe(first);
  });

  it("asks one call at a time, so that every question has its call", async () => {
    const { up } = await connect(odd("plain", { era: "legacy" }));
    const session = up.session(testPeer("a", { capabilities: ELICITING }));
    const rounds = ["X", "Y"].map(async (name) => {
      const round = await session.request(toolCall("greet"));
      if (round.kind !== "input_required") throw new Error("no input requests");
      return round.resume({ ask: { ok: true, result: { action: "accept", content: { name } } } });
    });
    expect((await Promise.all(rounds)).map(value)).toMatchObject([
      { content: [{ text: "Hello, X." }] },
      { content: [{ text: "Hello, Y." }] },
    ]);
  });

  it("is told of a cancellation before its child is closed", async () => {
    const { up, upstreams, log } = await connect(odd("plain", { era: "legacy" }));
    const cancellation = new Cancellation();
    const session = up.session(testPeer("a"));
    await session.request(toolCall("pid"));
    const round = session.request(toolCall("hang", {}, { cancellation }));
    cancellation.cancel("pressed stop");
    expect(await round).toMatchObject({ kind: "fault", fault: { code: "CALL_CANCELLED" } });
    await upstreams.close();
    expect(log.lines.map(({ fields }) => fields["stderr"])).toContain("cancelled pressed stop");
  });

  it("that will not go is killed", async () => {
    const { up, upstreams } = await connect(odd("stubborn", { era: "legacy" }), { timing: { killMs: 100 } });
    const pid = pidOf(await up.session(testPeer("a")).request(toolCall("pid")));
    expect(isAlive(pid)).toBe(true);
    await upstreams.close();
    // Killed it is at once, and gone when the kernel comes to it.
    await eventually(async () => !isAlive(pid) || undefined);
  });

  it("that is noisy works, and its stderr is in the log, cut", async () => {
    const { up, log } = await connect(odd("noisy", { era: "legacy" }));
    expect(await up.session(testPeer("a")).request(toolCall("pid"))).toMatchObject({ kind: "result" });
    const lines = log.lines.flatMap(({ fields }) => (typeof fields["stderr"] === "string" ? [fields["stderr"]] : []));
    expect(lines).toContain("hello");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(1_000);
    expect(log.lines.some(({ message }) => message.includes("not JSON-RPC"))).toBe(true);
  });

  it("reports updates of a watched resource", async () => {
    const { up } = await connect(odd("plain", { era: "legacy" }));
    const updated = new Promise<Notification>((resolve) => {
      void up.session(testPeer("a")).subscribe("test://a", resolve);
    });
    expect(await updated).toEqual({ method: "notifications/resources/updated", params: { uri: "test://a" } });
  });

  it("that is not there is down, and says why", async () => {
    const options = nodeUpstream("up", []);
    const upstreams = closing(
      startUpstreams([
        {
          ...options,
          transport: {
            ...options.transport,
            kind: "stdio",
            command: "/no/such/program",
            args: [],
            env: {},
            cwd: undefined,
          },
        },
      ]),
    );
    const up = await upstreamIn(upstreams, "up", "down");
    expect(up.status().lastError).toMatch(/Cannot start: .*ENOENT/);
  });

  it.each(["/no/such/folder", process.execPath])("whose folder is none is down, and says so of it: %s", async (cwd) => {
    const options = nodeUpstream("up", []);
    const transport = { kind: "stdio", command: process.execPath, args: [], env: {}, cwd } as const;
    const upstreams = closing(startUpstreams([{ ...options, transport }]));
    const up = await upstreamIn(upstreams, "up", "down");
    expect(up.status().lastError).toContain(`Cannot start: its cwd is no folder: ${cwd}`);
  });

  it("loses its session when it was idle for long enough", async () => {
    let time = 0;
    const { up } = await connect(odd("plain", { era: "legacy", idleMs: 1_000 }), {
      now: () => time,
      timing: { reapMs: 5 },
    });
    const session = up.session(testPeer("a"));
    const first = pidOf(await session.request(toolCall("pid")));
    time = 5_000;
    while (isAlive(first)) await new Promise((resolve) => setImmediate(resolve));
    expect(pidOf(await session.request(toolCall("pid")))).not.toBe(first);
  });
});
