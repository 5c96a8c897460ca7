import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
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
