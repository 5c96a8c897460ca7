import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { answer, legacyScript, modernScript, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";
import { flood, OK_CHUNKED, pour } from "../support/wire-flood.ts";

const closing = closeAfterEach();

/** Each is beside what an answer holds, or holds next to nothing. */
const INSTEAD = [
  ["103 without end", "", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"],
  ["102 without end", "", "HTTP/1.1 102 Processing\r\n\r\n"],
  ["trailers", `${OK_CHUNKED}2\r\n{}\r\n0\r\n`, "A: b\r\n"],
  ["extensions of chunks", OK_CHUNKED, "1;a=b;c=d;e=f;g=h\r\n \r\n"],
  ["long extensions of chunks", OK_CHUNKED, `1;${"a".repeat(4_000)}\r\n \r\n`],
  ["zeros before the size of chunks", OK_CHUNKED, "0000000000000001\r\n \r\n"],
  ["chunks of one byte", OK_CHUNKED, "1\r\n \r\n"],
] as const;

const STREAM = OK_CHUNKED.replace("application/json", "text/event-stream");

const ON_STREAM = INSTEAD.map(([name, before, again]) => [
  name,
  before.replace(OK_CHUNKED, STREAM).replace("2\r\n{}\r\n", ""),
  again.replace("\r\n \r\n", "\r\n:\r\n"),
]) as ReadonlyArray<readonly [string, string, string]>;

async function connect(handler: RawHandler) {
  const server = closing(await startRawUpstream(handler));
  const upstreams = closing(startUpstreams([httpUpstream("up", server.url)]));
  const up = await upstreamIn(upstreams, "up");
  return { server, up, session: up.session(testPeer("p")) };
}

describe.each([
  ["modern", (handler: RawHandler) => modernScript(handler)],
  ["legacy", (handler: RawHandler) => legacyScript(handler, { session: "s1" })],
] as const)("what a %s server sends beside its answers", (_era, script) => {
  it.each(INSTEAD)("is bounded for a call: %s", async (_name, before, again) => {
    let poured: Promise<string> | undefined;
    const { session, up } = await connect(
      script((request, response) => {
        if (request.method !== "tools/call") response.writeHead(202).end();
        else if (JSON.stringify(request.body).includes('"flood"')) poured = flood(response, before, again);
        else answer(request, response, { content: [] });
      }),
    );
    const code = expect.stringMatching(/^UPSTREAM_(INVALID|TOO_LARGE)$/);
    expect(await session.request(toolCall("flood"))).toMatchObject({ kind: "fault", fault: { code, upstream: "up" } });
    expect(await poured).toBe("closed");
    expect(await session.request(toolCall("fine"))).toMatchObject({ kind: "result" });
    expect(up.status().state).toBe("ready");
  });
});

it.each(ON_STREAM)("on the standing stream of a server it is bounded: %s", async (_name, before, again) => {
  const ends: Promise<string>[] = [];
  const legacy = legacyScript((request, response) => {
    if (request.verb === "POST") answer(request, response, { content: [] });
  });
  const { session } = await connect((request, response) => {
    if (request.verb === "GET") ends.push(flood(response, before, again));
    else legacy(request, response);
  });
  await session.request(toolCall("t"));
  expect(await (await eventually(async () => ends[0] && { end: ends[0] })).end).toBe("closed");
});

it("is bounded on a connection on which nothing is asked", async () => {
  let socket: Socket | undefined;
  const { session } = await connect(
    modernScript((request, response) => {
      socket = response.socket ?? undefined;
      answer(request, response, { content: [] });
    }),
  );
  expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
  expect(await pour(socket, "\r\n")).toBe("closed");
  expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
});

it("that goes on takes the server down, and says why", async () => {
  const { session, up } = await connect(
    modernScript((request, response) => {
      if (request.method === "tools/call") void flood(response, "", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n");
      else response.writeHead(202).end();
    }),
  );
  for (let call = 0; call < 3; call++) {
    expect(await session.request(toolCall("t"))).toMatchObject({ fault: { code: "UPSTREAM_INVALID" } });
  }
  expect(up.status().state).toBe("down");
  expect(up.status().lastError).toContain("interim answers");
});

it("is no flood where it is honest: few hints, trailers, small chunks, many answers on one connection", async () => {
  let calls = 0;
  const { session } = await connect(
    modernScript((request, response: ServerResponse) => {
      if (request.method !== "tools/call") {
        response.writeHead(202).end();
        return;
      }
      calls++;
      for (let hint = 0; hint < 3; hint++) response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      const text = JSON.stringify({
        jsonrpc: "2.0",
        id: request.body["id"],
        result: { content: [], pad: "x".repeat(999) },
      });
      response.writeHead(200, { "content-type": "application/json", trailer: "Digest", "x-long": "y".repeat(8_000) });
      for (let at = 0; at < text.length; at += 7) response.write(text.slice(at, at + 7));
      response.addTrailers({ Digest: "abc" });
      response.end();
    }),
  );
  for (let call = 0; call < 300; call++) expect(await session.request(toolCall("t"))).toMatchObject({ kind: "result" });
  expect(calls).toBe(300);
});
