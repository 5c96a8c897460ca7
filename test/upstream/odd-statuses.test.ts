import { expect, it } from "vitest";
import {
  answer,
  answerRaw,
  legacyScript,
  modernScript,
  type RawHandler,
  startRawUpstream,
} from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

/** The same server with every 200 as another status. */
function withStatus(status: number, handler: RawHandler): RawHandler {
  return (request, response) => {
    const writeHead = response.writeHead.bind(response);
    response.writeHead = ((code: number, headers?: Record<string, string>) =>
      writeHead(code === 200 && request.verb === "POST" ? status : code, headers)) as typeof response.writeHead;
    handler(request, response);
  };
}

async function call(handler: RawHandler) {
  const server = closing(await startRawUpstream(handler));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  return up.session(testPeer("p")).request(toolCall("t"));
}

const json: RawHandler = (request, response) => answer(request, response, { content: [], n: 1 });
const events: RawHandler = (request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(`data: {"jsonrpc":"2.0","id":${request.body["id"]},"result":{"content":[],"n":1}}\n\n`);
};

it.each([
  ["legacy", 201, legacyScript(json)],
  ["legacy, on a stream", 201, legacyScript(events)],
  ["legacy", 203, legacyScript(json, { session: "s" })],
  ["modern", 201, modernScript(json)],
  ["modern, on a stream", 200, modernScript(events)],
  ["modern, on a stream", 206, modernScript(events)],
] as const)("an answer is taken with any status of success: %s, %d", async (_name, status, handler) => {
  const round = await call(withStatus(status, handler));
  expect(round.kind === "result" && round.result.value()).toMatchObject({ n: 1 });
});

it.each([202, 204])("but not with one that says that there is none: %d", async (status) => {
  const body: RawHandler = (request, response) =>
    answerRaw(response, `{"jsonrpc":"2.0","id":${request.body["id"]},"result":{"content":[]}}`, status);
  expect(await call(legacyScript(body))).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_INVALID" } });
});

const REFUSING = [301, 400, 401, 403, 404, 405, 410, 429, 500, 503];
const ERAS: Readonly<Record<string, (handler: RawHandler) => RawHandler>> = {
  "legacy, in a session": (handler) => legacyScript(handler, { session: "s" }),
  legacy: (handler) => legacyScript(handler),
  modern: (handler) => modernScript(handler),
};
const refusals = Object.keys(ERAS).flatMap((era) => REFUSING.map((status) => [era, status] as const));

it.each(refusals)("a call that ran is neither called undone nor made again: %s, %d", async (era, status) => {
  let ran = 0;
  const body: RawHandler = (request, response) => {
    if (request.method === "tools/call") ran += 1;
    answerRaw(response, `{"jsonrpc":"2.0","id":${request.body["id"]},"result":{"content":[]}}`, status);
  };
  const round = await call(ERAS[era]?.(body) ?? body);
  expect(round).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_INVALID", executed: "unknown" } });
  expect(ran).toBe(1);
});
