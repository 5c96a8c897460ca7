import { expect, it } from "vitest";
import { answer, legacyScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

/** How servers answer a notification, which should be 202 without a body. */
const ANSWERS: Readonly<Record<string, RawHandler>> = {
  "200 with an empty stream": (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).end();
  },
  "200 with a stream that stays open": (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  },
  "200 with JSON": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end("null");
  },
  "200 without anything": (_request, response) => {
    response.writeHead(200).end();
  },
  "204": (_request, response) => {
    response.writeHead(204).end();
  },
  "400 with an error": (_request, response) => {
    response.writeHead(400).end('{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"Method not found"}}');
  },
  "500": (_request, response) => {
    response.writeHead(500).end("oops");
  },
  "a broken connection": (_request, response) => {
    response.destroy();
  },
  "no answer at all": () => {},
};

it.each(Object.entries(ANSWERS))("a server that answers notifications with %s is of use", async (_name, odd) => {
  const script = legacyScript((request, response) => {
    if (request.method === "tools/call") answer(request, response, { content: [], n: 1 });
    else answer(request, response, {});
  });
  const server = closing(
    await startRawUpstream((request, response) => {
      if (request.method.startsWith("notifications/")) odd(request, response);
      else script(request, response);
    }),
  );
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url, { era: "legacy" })]));
  const up = await upstreamIn(upstreams, "up");
  const round = await up.session(testPeer("p")).request(toolCall("t"));
  expect(round.kind === "result" && round.result.value()).toMatchObject({ n: 1 });
});
