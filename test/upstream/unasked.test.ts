import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { createUnasked, FLOOD_DETAIL } from "../../src/upstream/flood.ts";
import {
  answer,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
  stream,
} from "../support/raw-upstream.ts";
import { httpUpstream, nextEvent, nodeUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

/** Within every limit for one message, and by far within the number of messages. */
const DENSE = note(Array(90_000).fill(1));
const DENSE_MESSAGES = 40;

function note(data: Json): JsonObject {
  return { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } };
}

/** Sends them all, and leaves the stream open. */
function flood(response: ServerResponse): void {
  stream(response);
  response.write(`data: ${JSON.stringify(DENSE)}\n\n`.repeat(DENSE_MESSAGES));
}

async function connect(handler: RawHandler) {
  const server = closing(await startRawUpstream(handler));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  return { server, up, session: up.session(testPeer("p")) };
}

it("honest messages are within what a connection may send unasked", () => {
  let time = 0;
  const bytes = (message: object): Buffer => Buffer.from(JSON.stringify(message));
  const everySecond: readonly (readonly [count: number, message: object])[] = [
    [100, note("GET /orders/4711 took 12 ms: 200, 3 rows, cache miss")],
    [500, { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 1, total: 9 } }],
  ];
  for (const [count, message] of everySecond) {
    const unasked = createUnasked(() => time);
    const taken = Array.from({ length: count * 60 }, () => {
      time += 1_000 / count;
      return unasked.take(bytes(message));
    });
    expect(taken).not.toContain(false);
  }
  const unasked = createUnasked(() => time);
  for (const size of [1_000_000, 1_000_000, 100]) expect(unasked.take(bytes(note("x".repeat(size))))).toBe(true);
  // One of any size is taken while nothing else comes, and small ones after it.
  time += 60_000;
  expect(unasked.take(Buffer.alloc(30_000_000, " "))).toBe(true);
  time += 10;
  expect(unasked.take(bytes(note("x")))).toBe(true);
});

it("what does not close weighs what it may hold", () => {
  const unasked = createUnasked(() => 0);
  const open = Buffer.from(`[${"1,".repeat(100_000)}`);
  const taken = Array.from({ length: 20 }, () => unasked.take(open)).filter((fits) => fits);
  expect(taken.length).toBeLessThan(10);
});

it.each([
  ["modern", (handler: RawHandler) => modernScript(handler)],
  ["legacy", (handler: RawHandler) => legacyScript(handler, { session: "s1" })],
] as const)(
  "dense messages on the stream of a %s call end that call, and its answer is no such message",
  async (_era, script) => {
    const { session } = await connect(
      script((request, response) => {
        if (request.method !== "tools/call") response.writeHead(202).end();
        else if (JSON.stringify(request.body).includes('"dense"')) flood(response);
        else {
          const send = stream(response);
          send(note("Soon."));
          send({
            jsonrpc: "2.0",
            id: Number(request.body["id"]),
            result: { content: [], numbers: Array(90_000).fill(1) },
          });
          response.end();
        }
      }),
    );
    const fault = { code: "UPSTREAM_INVALID", detail: expect.stringContaining(FLOOD_DETAIL) };
    expect(await session.request(toolCall("dense"))).toMatchObject({ kind: "fault", fault });
    expect(await session.request(toolCall("fine"))).toMatchObject({ kind: "result" });
  },
);

it("dense messages on the stream of a legacy session close it", async () => {
  const legacy = legacyScript((request, response) => {
    if (request.verb === "POST") answer(request, response, { content: [] });
  });
  const { server, session } = await connect((request, response) => {
    if (request.verb !== "GET") {
      legacy(request, response);
      return;
    }
    flood(response);
  });
  await session.request(toolCall("t"));
  const { aborted } = await server.request(({ verb }) => verb === "GET");
  await aborted;
});

it("dense messages on the subscription to a modern server close it", async () => {
  const { server } = await connect((request, response) => {
    if (request.method === "server/discover") {
      const capabilities = { tools: { listChanged: true } };
      const versions = { resultType: "complete", supportedVersions: ["2026-07-28"], ttlMs: 0, cacheScope: "private" };
      answer(request, response, { ...versions, capabilities });
    } else if (request.method === "subscriptions/listen") {
      flood(response);
    } else answer(request, response, { resultType: "complete", tools: [], ttlMs: 0, cacheScope: "private" });
  });
  const { aborted } = await server.request(({ method }) => method === "subscriptions/listen");
  await aborted;
});

it("dense messages of a server over stdio end its connection", async () => {
  const program = `
    const line = JSON.stringify(${JSON.stringify(note([])).replace("[]", `Array(90000).fill(1)`)}) + "\\n";
    let text = "";
    process.stdin.on("data", (chunk) => {
      text += chunk;
      for (let end; (end = text.indexOf("\\n")) >= 0; text = text.slice(end + 1)) {
        const { id, method } = JSON.parse(text.slice(0, end));
        if (method !== "initialize") {
          if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "No" } }));
          continue;
        }
        const result = { protocolVersion: "2025-11-25", capabilities: { logging: {} }, serverInfo: { name: "d", version: "1" } };
        console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
        setTimeout(() => { for (let n = 0; n < ${DENSE_MESSAGES}; n++) process.stdout.write(line); }, 500);
      }
    });`;
  const upstreams = closing(startUpstreams([nodeUpstream("up", ["-e", program], { era: "legacy" })]));
  const lost = nextEvent(upstreams, (event) => event.kind === "state" && event.status.state !== "ready");
  const up = await upstreamIn(upstreams, "up");
  await lost;
  await expect.poll(() => JSON.stringify(up.status())).toContain(FLOOD_DETAIL);
});
