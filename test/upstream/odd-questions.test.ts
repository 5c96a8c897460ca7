import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { openLegacyLink } from "../../src/upstream/link/legacy.ts";
import { createIntake } from "../../src/upstream/messages/intake.ts";
import { readIncoming } from "../../src/upstream/messages/response-envelope.ts";
import type { MessageChannelEvents } from "../../src/upstream/process/message-channel.ts";
import { legacyScript, startRawUpstream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

const DEEP = "[".repeat(100) + "]".repeat(100);
const MANY = `[${"0,".repeat(2_000)}0]`;

/** Questions of a server under the id 77 that no reader of the protocol takes, and the code that each is answered with. */
const QUESTIONS: Readonly<Record<string, readonly [text: string, code: number]>> = {
  "parameters by place": ['{"jsonrpc":"2.0","id":77,"method":"ping","params":[1]}', -32602],
  "parameters that are a text": ['{"jsonrpc":"2.0","id":77,"method":"roots/list","params":"x"}', -32602],
  "parameters that are a number": ['{"method":"roots/list","params":5,"jsonrpc":"2.0","id":77}', -32602],
  "a method that is none": ['{"jsonrpc":"2.0","id":77,"method":5}', -32600],
  "null as its method": ['{"jsonrpc":"2.0","id":77,"method":null}', -32600],
  "another version": ['{"jsonrpc":"1.0","id":77,"method":"ping"}', -32600],
  "names that read alike": ['{"jsonrpc":"2.0","id":77,"method":"ping","Method":"pong"}', -32600],
  "too deep": [`{"jsonrpc":"2.0","id":77,"method":"elicitation/create","params":{"a":${DEEP}}}`, -32600],
  "too deep, the id last": [`{"method":"x","params":{"a":${DEEP}},"jsonrpc":"2.0","id":77}`, -32600],
  "too many values": [`{"jsonrpc":"2.0","id":77,"method":"x","params":{"a":${MANY}}}`, -32600],
  "no JSON behind its id": ['{"jsonrpc":"2.0","id":77,"method":"ping","params":{"a":}}', -32600],
};
const LIMITS = { maxDepth: 64, maxCount: 1_000 };

it.each(Object.entries(QUESTIONS))("a question that is not taken is told from an answer: %s", (_name, [text, code]) => {
  const read = readIncoming(Buffer.from(text), LIMITS);
  expect(read).toMatchObject({ kind: "unreadable", id: undefined, question: { id: 77, error: { code } } });
});

it.each(["null", "[]"])("parameters that say nothing are none: %s", (params) => {
  const read = readIncoming(Buffer.from(`{"jsonrpc":"2.0","id":"a","method":"ping","params":${params}}`), LIMITS);
  expect(read).toEqual({ kind: "request", id: "a", method: "ping", params: {} });
  const told = readIncoming(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/x","params":${params}}`), LIMITS);
  expect(told).toEqual({ kind: "notification", method: "notifications/x", params: {} });
});

it.each([
  "listening on port 3",
  '{"level":"info","id":77,"method":"GET"}',
  '{"level":"info","id":77,"method":"GET","x":}',
  '{"jsonrpc":"2.0","id":null,"method":5}',
  '{"jsonrpc":"2.0","id":[77],"method":5}',
  '{"jsonrpc":"2.0","method":"ping","params":[1]}',
  '{"jsonrpc":"2.0","id":77,"result":7}',
  '{"jsonrpc":"2.0","id":77,"error":7}',
])("what asks nothing, or nobody can be answered, is no question: %s", (text) => {
  const read = readIncoming(Buffer.from(text), LIMITS);
  expect(read.kind === "unreadable" && read.question).toBe(undefined);
});

it("over a channel each is answered at once, also one that was too large to be kept", async () => {
  const log = recordingLog();
  let events: MessageChannelEvents | undefined;
  const sent: { readonly id?: number; readonly method?: string; readonly error?: { readonly code: number } }[] = [];
  let id = 0;
  const opened = await openLegacyLink({
    intake: createIntake({ upstream: "up", log, limits: LIMITS, onFault: () => {} }),
    log,
    now: Date.now,
    open: async (given: MessageChannelEvents) => {
      events = given;
      const send = async (text: string) => {
        const message = JSON.parse(text);
        sent.push(message);
        const result = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s", version: "1" } };
        if (message.method === "initialize") {
          given.onMessage(Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: message.id, result })));
        }
        return "sent" as const;
      };
      return { ok: true as const, channel: { send, pause() {}, resume() {}, close: async () => {} } };
    },
    clientInfo: { name: "c", version: "1" },
    capabilities: {},
    timeoutMs: 60_000,
    parkedMs: 60_000,
    maxQueued: 9,
    nextId: () => ++id,
    host: { onNotification() {}, onClosed() {} },
  } as never);
  expect(opened.ok).toBe(true);
  for (const [name, [text, code]] of Object.entries(QUESTIONS)) {
    const before = sent.length;
    events?.onMessage(Buffer.from(text));
    expect(sent.slice(before), name).toMatchObject([{ id: 77, error: { code } }]);
  }
  const before = sent.length;
  events?.onOversize(Buffer.from('{"method":"sampling/createMessage","params":{"a":"xx…xx"},"jsonrpc":"2.0","id":77}'));
  expect(sent.slice(before)).toMatchObject([{ id: 77, error: { code: -32600 } }]);
});

it("on the stream of a call they are answered, and the call goes on", async () => {
  let finish = (): void => {};
  const answered: unknown[] = [];
  const server = closing(
    await startRawUpstream(
      legacyScript((request, response: ServerResponse) => {
        if (request.method === "tools/call") {
          response.writeHead(200, { "content-type": "text/event-stream" });
          for (const [text] of Object.values(QUESTIONS)) response.write(`data: ${text}\n\n`);
          finish = () =>
            response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id: request.body["id"], result: { n: 1 } })}\n\n`);
          return;
        }
        response.writeHead(202).end();
        if (request.body["id"] !== 77) return;
        answered.push(request.body["error"]);
        if (answered.length === Object.keys(QUESTIONS).length) finish();
      }),
    ),
  );
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)], { json: LIMITS }));
  const up = await upstreamIn(upstreams, "up");
  const round = await up.session(testPeer("p")).request(toolCall("t"));
  expect(round.kind === "result" && round.result.value()).toEqual({ n: 1 });
});

it("on a session's own stream they are answered", async () => {
  const script = legacyScript((_request, response) => void response.writeHead(202).end(), { session: "s" });
  const server = closing(
    await startRawUpstream((request, response) => {
      if (request.verb !== "GET") return script(request, response);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${QUESTIONS["parameters by place"]?.[0]}\n\n`);
    }),
  );
  closing(startUpstreams([httpUpstream("up", server.url)]));
  const reply = await server.request(({ body }) => body["id"] === 77);
  expect(reply.body).toMatchObject({ error: { code: -32602 } });
});

/** Questions of every form under the ids 1 to 3, and what each is answered with: a code, or a result. */
const ASKED: Readonly<Record<number, unknown>> = {
  1: { error: { code: -32602 } },
  2: { result: {} },
  3: { error: { code: -32601 } },
};
const ASKING = [
  { jsonrpc: "2.0", id: 1, method: "roots/list", params: [1] },
  { jsonrpc: "2.0", id: 2, method: "ping" },
  { jsonrpc: "2.0", id: 3, method: "server/odd" },
];

/** A server whose calls are answered by `call`; `whole` is called once it has an answer to all its questions. */
async function asking(
  call: (response: ServerResponse, answer: object) => void,
  parts: { readonly opening?: boolean; readonly stream?: boolean } = {},
) {
  const answered: Record<number, unknown> = {};
  const sessions = new Set<unknown>();
  const script = legacyScript(
    (request, response) => {
      const { id, method } = request.body;
      if (method === "tools/call") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        call(response, { jsonrpc: "2.0", id, result: { n: 1 } });
        return;
      }
      response.writeHead(202).end();
      const { jsonrpc: _, id: __, ...answer } = request.body;
      if (typeof id === "number" && method === undefined) answered[id] = answer;
      sessions.add(request.headers["mcp-session-id"]);
    },
    { session: "s" },
  );
  const server = closing(
    await startRawUpstream((request, response) => {
      if (parts.opening === true && request.method === "initialize") {
        response.writeHead(200, { "content-type": "text/event-stream", "mcp-session-id": "s" });
        for (const question of ASKING) response.write(`data: ${JSON.stringify(question)}\n\n`);
        const serverInfo = { name: "raw", version: "1" };
        const result = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo };
        const answer = { jsonrpc: "2.0", id: request.body["id"], result };
        setTimeout(() => response.end(`data: ${JSON.stringify(answer)}\n\n`), 50);
      } else if (parts.stream === true && request.verb === "GET") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(`data: ${JSON.stringify(ASKING)}\n\n`);
      } else script(request, response);
    }),
  );
  const up = await upstreamIn(closing(startUpstreams([httpUpstream("up", server.url)])), "up");
  const run = async () => {
    const round = await up.session(testPeer("p")).request(toolCall("t"));
    expect(round.kind === "result" && round.result.value()).toEqual({ n: 1 });
  };
  return { run, answered, sessions };
}

it.each(["before", "with", "behind"])(
  "several questions at once, %s the answer of a call, are answered",
  async (at) => {
    const { run, answered, sessions } = await asking((response, answer) => {
      if (at === "with") return response.end(`data: ${JSON.stringify([...ASKING, answer])}\n\n`);
      const [first, then] = at === "before" ? [ASKING, answer] : [answer, ASKING];
      response.write(`data: ${JSON.stringify(first)}\n\n`);
      return response.end(`data: ${JSON.stringify(then)}\n\n`);
    });
    await run();
    await expect.poll(() => answered).toMatchObject(ASKED);
    expect([...sessions]).toEqual(["s"]);
  },
);

it("questions behind the answer of a call are answered one by one, too", async () => {
  const { run, answered } = await asking((response, answer) => {
    for (const each of [answer, ...ASKING]) response.write(`data: ${JSON.stringify(each)}\n\n`);
    response.end();
  });
  await run();
  await expect.poll(() => answered).toMatchObject(ASKED);
});

it("questions before the answer to initialize are answered in the session that it opens", async () => {
  const { run, answered, sessions } = await asking(
    (response, answer) => response.end(`data: ${JSON.stringify(answer)}\n\n`),
    { opening: true },
  );
  await run();
  await expect.poll(() => answered).toMatchObject(ASKED);
  expect([...sessions]).toEqual(["s"]);
});

it("several questions at once on a session's own stream are answered", async () => {
  const { run, answered } = await asking((response, answer) => response.end(`data: ${JSON.stringify(answer)}\n\n`), {
    stream: true,
  });
  await run();
  await expect.poll(() => answered).toMatchObject(ASKED);
});
