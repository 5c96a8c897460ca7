import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Notification } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { createIntake } from "../../src/upstream/messages/intake.ts";
import { Throttle } from "../../src/upstream/messages/throttle.ts";
import { Allowance } from "../../src/upstream/waiting/allowance.ts";
import { createNoise, FLOOD_DETAIL, WEIGHT, weightOf } from "../../src/upstream/waiting/flood.ts";
import {
  answer,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
  stream,
} from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, nodeUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

/** Within every limit for one message, and by far within the number of messages. */
const DENSE = note(Array(90_000).fill(1));
const DENSE_EVENT = `data: ${JSON.stringify(DENSE)}\n\n`;

function note(data: Json): JsonObject {
  return { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } };
}

const SLOWED = "it is read more slowly";

/** Messages of each kind in an honest burst. */
const BURST = 10_000;

/** Sends `text` without end, as fast as it is read. */
function pour(response: ServerResponse, text: string): void {
  const write = (): void => {
    if (response.destroyed) return;
    if (response.write(text)) setImmediate(write);
    else response.once("drain", write);
  };
  stream(response);
  write();
}

/** As many events as an honest burst has, then the answer. */
function burst(response: ServerResponse, { id, params }: JsonObject, zipped: boolean): void {
  const token = isObject(params) && isObject(params["_meta"]) ? params["_meta"]["progressToken"] : undefined;
  const messages: JsonObject[] = [];
  for (let progress = 1; progress <= BURST; progress++) {
    messages.push({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: token ?? null, progress },
    });
    messages.push(note(`Row ${progress} is done.`));
  }
  messages.push({ jsonrpc: "2.0", id: id ?? null, result: { resultType: "complete", content: [] } });
  const text = messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join("");
  response.writeHead(200, { "content-type": "text/event-stream", ...(zipped && { "content-encoding": "gzip" }) });
  response.end(zipped ? gzipSync(text) : text);
}

async function connect(handler: RawHandler) {
  const server = closing(await startRawUpstream(handler));
  const log = recordingLog();
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { log }));
  const up = await upstreamIn(upstreams, "up");
  const slowed = (): boolean => JSON.stringify(log.lines).includes(SLOWED);
  return { session: up.session(testPeer("p")), slowed };
}

it("honest messages are read without a pause, and noise without end is not", () => {
  let time = 0;
  let pauses = 0;
  const bytes = (message: object): Buffer => Buffer.from(JSON.stringify(message));
  const everySecond: readonly (readonly [count: number, message: object])[] = [
    [100, note("GET /orders/4711 took 12 ms: 200, 3 rows, cache miss")],
    [1_000, { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 1, total: 9 } }],
  ];
  const connection = { pause: () => void pauses++, resume: () => {} };
  const intake = createIntake({ upstream: "up", log: recordingLog(), onFault: () => {}, now: () => time });
  for (const [count, message] of everySecond) {
    const throttle = new Throttle(
      () => connection,
      intake,
      () => time,
    );
    for (let nth = 0; nth < count * 60; nth++) {
      time += 1_000 / count;
      throttle.take(bytes(message));
    }
  }
  const throttle = new Throttle(
    () => connection,
    intake,
    () => time,
  );
  for (let nth = 0; nth < BURST; nth++) throttle.take(bytes(everySecond[1]?.[1] ?? {}));
  time += 60_000;
  // One of any size is no more than a burst.
  throttle.take(Buffer.alloc(30_000_000, " "));
  time += 1_000;
  throttle.take(bytes(note("x")));
  expect(pauses).toBe(0);
  const noise = createNoise(() => time);
  expect(Array.from({ length: 3_000 }, () => noise.take(bytes({})))).toContain(false);
});

it("what is beyond the burst is not read until it is worked off", () => {
  let time = 0;
  const did: string[] = [];
  const due: Array<{ readonly work: () => void; readonly ms: number }> = [];
  const intake = createIntake({ upstream: "up", log: recordingLog(), onFault: () => {} });
  const later = (work: () => void, ms: number): NodeJS.Timeout => {
    due.push({ work, ms });
    return setTimeout(() => {}, 0);
  };
  const connection = { pause: () => void did.push("pause"), resume: () => void did.push("resume") };
  const throttle = new Throttle(
    () => connection,
    { ...intake, later, allowance: new Allowance(() => time, later) },
    () => time,
  );
  const half = Buffer.alloc(WEIGHT.burst / 2, " ");
  for (let nth = 0; nth < 2; nth++) throttle.take(half);
  const [first] = due;
  // What was read already comes all the same.
  throttle.take(half);
  time += first?.ms ?? 0;
  first?.work();
  expect(did).not.toContain("resume");
  time += due[1]?.ms ?? 0;
  due[1]?.work();
  expect(did).toEqual(["pause", "pause", "resume"]);
  expect(due.map(({ ms }) => ms)).toEqual([expect.any(Number), expect.any(Number)]);
});

it("what does not close weighs what it may hold", () => {
  expect(weightOf(Buffer.from(`[${"1,".repeat(100_000)}`))).toBeGreaterThan(WEIGHT.burst / 10);
});

describe.each([
  ["modern", (handler: RawHandler) => modernScript(handler)],
  ["legacy", (handler: RawHandler) => legacyScript(handler, { session: "s1" })],
] as const)("on the stream of a %s call", (_era, script) => {
  it.each([false, true])(
    "the answer comes behind a burst of progress and log messages (compressed: %s)",
    async (zipped) => {
      const { session } = await connect(
        script((request, response) => {
          if (request.method !== "tools/call") answer(request, response, {});
          else burst(response, request.body, zipped);
        }),
      );
      const heard: Notification[] = [];
      const call = { ...toolCall("t"), wantsProgress: true, logLevel: "info" as const };
      const round = await session.request({ ...call, onNotification: (notification) => heard.push(notification) });
      expect(round.kind === "fault" ? round.fault : round).toMatchObject({ kind: "result" });
      expect(heard.filter(({ method }) => method === "notifications/progress")).toHaveLength(BURST);
      expect(heard.filter(({ method }) => method === "notifications/message")).toHaveLength(BURST);
    },
  );

  it("dense messages are read no faster than they may be worked on, and cost nobody else an answer", async () => {
    const { session, slowed } = await connect(
      script((request, response) => {
        if (request.method !== "tools/call") response.writeHead(202).end();
        else if (JSON.stringify(request.body).includes('"dense"')) pour(response, DENSE_EVENT);
        else answer(request, response, { content: [], numbers: Array(90_000).fill(1) });
      }),
    );
    const cancellation = new Cancellation();
    const dense = session.request({ ...toolCall("dense"), cancellation });
    await expect.poll(slowed, { timeout: 30_000 }).toBe(true);
    expect(await session.request(toolCall("fine"))).toMatchObject({ kind: "result" });
    cancellation.cancel("enough");
    expect(await dense).toMatchObject({ kind: "fault", fault: { code: "CALL_CANCELLED" } });
  });

  it("answers to nothing end the call", async () => {
    const { session } = await connect(
      script((request, response) => {
        if (request.method !== "tools/call") response.writeHead(202).end();
        else pour(response, `data: ${JSON.stringify({ jsonrpc: "2.0", id: 4711, result: {} })}\n\n`);
      }),
    );
    const fault = { code: "UPSTREAM_INVALID", detail: expect.stringContaining(FLOOD_DETAIL) };
    expect(await session.request(toolCall("t"))).toMatchObject({ kind: "fault", fault });
  });
});

it("dense messages on the stream of a legacy session are read no faster", async () => {
  const legacy = legacyScript((request, response) => {
    if (request.verb === "POST") answer(request, response, { content: [] });
  });
  const { session, slowed } = await connect((request, response) => {
    if (request.verb === "GET") pour(response, DENSE_EVENT);
    else legacy(request, response);
  });
  expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
  await expect.poll(slowed, { timeout: 30_000 }).toBe(true);
  expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
});

it("dense messages on the subscription to a modern server are read no faster", async () => {
  const { session, slowed } = await connect((request, response) => {
    if (request.method === "server/discover") {
      const capabilities = { tools: { listChanged: true } };
      const versions = { resultType: "complete", supportedVersions: ["2026-07-28"], ttlMs: 0, cacheScope: "private" };
      answer(request, response, { ...versions, capabilities });
    } else if (request.method === "subscriptions/listen") pour(response, DENSE_EVENT);
    else answer(request, response, { resultType: "complete", tools: [], ttlMs: 0, cacheScope: "private" });
  });
  await expect.poll(slowed, { timeout: 30_000 }).toBe(true);
  expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
});

describe("over stdio", () => {
  const server = (flood: string) => `
    let text = "";
    const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
    process.stdin.on("data", (chunk) => {
      text += chunk;
      for (let end; (end = text.indexOf("\\n")) >= 0; text = text.slice(end + 1)) {
        const { id, method, params } = JSON.parse(text.slice(0, end));
        if (method === "initialize") {
          const serverInfo = { name: "d", version: "1" };
          say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {}, logging: {} }, serverInfo } });
        } else if (method === "tools/call") {
          const progressToken = params._meta?.progressToken;
          ${flood}
          say({ id, result: { content: [] } });
          if (params.name === "last") process.stdin.destroy();
        } else if (id !== undefined) say({ id, result: {} });
      }
    });`;

  it.each(["t", "last"])(
    "the answer comes behind a burst, also when it is the last thing that is said (%s)",
    async (name) => {
      const messages = `for (let progress = 1; progress <= ${BURST}; progress++) {
      say({ method: "notifications/progress", params: { progressToken, progress } });
      say({ method: "notifications/message", params: { level: "info", data: "Row " + progress + " is done." } });
    }`;
      const up = await upstreamIn(
        closing(startUpstreams([nodeUpstream("up", ["-e", server(messages)], { era: "legacy" })])),
        "up",
      );
      const heard: Notification[] = [];
      const call = { ...toolCall(name), wantsProgress: true, logLevel: "info" as const };
      const round = await up
        .session(testPeer("p"))
        .request({ ...call, onNotification: (notification) => heard.push(notification) });
      expect(round.kind === "fault" ? round.fault : round).toMatchObject({ kind: "result" });
      expect(heard.filter(({ method }) => method === "notifications/progress")).toHaveLength(BURST);
    },
  );

  it("dense messages do not end the server", async () => {
    const dense = `const line = ${JSON.stringify(JSON.stringify(note([])))}.replace("[]", JSON.stringify(Array(90000).fill(1))) + "\\n";
      for (let n = 0; n < 5; n++) process.stdout.write(line);`;
    const upstreams = closing(startUpstreams([nodeUpstream("up", ["-e", server(dense)], { era: "legacy" })]));
    const up = await upstreamIn(upstreams, "up");
    expect(await up.session(testPeer("p")).request(toolCall("t"))).toMatchObject({ kind: "result" });
    expect(up.status().state).toBe("ready");
  });
});
