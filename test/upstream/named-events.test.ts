import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { FLOOD_DETAIL } from "../../src/upstream/waiting/flood.ts";
import { legacyScript, modernScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

/** What servers send to keep a stream alive, beside comments. */
const ALIVE = [
  "event: ping\ndata: \n\n",
  "event: ping\ndata: 2026-11-30 10:00:00.123+00:00\n\n",
  'event: heartbeat\ndata: {"type":"heartbeat"}\n\n',
  "event: keepalive\nid: 7\ndata: x\ndata: y\n\n",
  "event: endpoint\ndata: /elsewhere\n\n",
];

function begin(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
}

const withAlive: RawHandler = (request, response) => {
  begin(response);
  const result = { resultType: "complete", content: [{ type: "text", text: "done" }] };
  for (const event of ALIVE) response.write(event);
  response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id: request.body["id"], result })}\n\n`);
  response.end();
};

it.each([
  ["legacy", legacyScript(withAlive)],
  ["modern", modernScript(withAlive)],
] as const)("events of another name are no messages: %s", async (_era, handler) => {
  const server = closing(await startRawUpstream(handler));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  const round = await up.session(testPeer("p")).request(toolCall("t"));
  expect(round.kind === "result" && round.result.bytes.toString()).toContain("done");
});

/** What servers put among the events of a request that is no message of the protocol. */
const NO_MESSAGES = [
  '{"hello":1}',
  "[DONE]",
  "[]",
  "null",
  "7",
  "working on it",
  '{"jsonrpc":"2.0"}',
  '{"id":"x","result":{}}',
  '{"type":"progress","value":0.5}',
];

const amongOthers =
  (end: (id: unknown) => string): RawHandler =>
  (request, response) => {
    begin(response);
    for (const data of NO_MESSAGES) response.write(`data: ${data}\n\n`);
    response.end(end(request.body["id"]));
  };
const answered = amongOthers(
  (id) => `data: ${JSON.stringify({ jsonrpc: "2.0", id, result: { resultType: "complete", content: [], n: 1 } })}\n\n`,
);

async function call(handler: RawHandler) {
  const server = closing(await startRawUpstream(handler));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  return up.session(testPeer("p")).request(toolCall("t"));
}

it.each([
  ["legacy", legacyScript(answered)],
  ["modern", modernScript(answered)],
] as const)("events that are no messages are passed over: %s", async (_era, handler) => {
  const round = await call(handler);
  expect(round.kind === "result" && round.result.value()).toMatchObject({ n: 1 });
});

it.each([
  ["legacy", legacyScript],
  ["modern", modernScript],
] as const)("but end their request where they seem to answer it, or are too many: %s", async (_era, script) => {
  const broken = amongOthers((id) => `data: {"jsonrpc":"2.0","id":${id},"result":7}\n\n`);
  expect(await call(script(broken))).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_INVALID" } });
  const flood = amongOthers(() => 'data: {"hello":1}\n\n'.repeat(3_000));
  expect(await call(script(flood))).toMatchObject({
    kind: "fault",
    fault: { code: "UPSTREAM_INVALID", detail: FLOOD_DETAIL },
  });
});

it("and no endless ones", async () => {
  const endless: RawHandler = (_request, response) => {
    begin(response);
    const chunk = "event: ping\ndata: x\n\n".repeat(3_000);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };
  const server = closing(await startRawUpstream(modernScript(endless)));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  const round = await up.session(testPeer("p")).request(toolCall("t"));
  expect(round).toMatchObject({ kind: "fault", fault: { code: "UPSTREAM_TOO_LARGE" } });
});
