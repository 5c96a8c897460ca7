import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { post } from "../../src/approvals/notify/post.ts";
import { USER_AGENT } from "../../src/core/version.ts";
import { fetchOutbound } from "../../src/http/outbound.ts";
import { fetchJson } from "../../src/identity/issuers/fetch-json.ts";
import { cappedFetch } from "../../src/step-up/provider/capped-fetch.ts";
import { flood, OK_CHUNKED } from "../support/wire-flood.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function serving(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const CAP = 512 * 1024;
const never = (): AbortSignal => new AbortController().signal;

/** Everything that the gateway asks by itself, and whether the answer was taken. */
const ASKING: Readonly<Record<string, (url: string) => Promise<boolean>>> = {
  "an issuer for its keys": async (url) => (await fetchJson(url, never(), CAP)).ok,
  "a sign-in provider": async (url) => {
    const options = { body: null, headers: {}, method: "GET", redirect: "manual", signal: never() } as const;
    const answer = await cappedFetch(CAP)(url, options).catch(() => undefined);
    return answer !== undefined;
  },
  "a receiver of messages": async (url) => {
    const headers = new Headers({ "content-type": "application/json" });
    return (await post({ url, headers, body: "{}", signal: never() })).kind === "answered";
  },
};

const FLOODS = [
  ["interim answers", "", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"],
  ["trailers", `${OK_CHUNKED}2\r\n{}\r\n0\r\n`, "A: b\r\n"],
  ["extensions of chunks", OK_CHUNKED, "1;a=b;c=d\r\n \r\n"],
  ["chunks of one byte", OK_CHUNKED, "1\r\n \r\n"],
  ["blank lines", "", "\r\n"],
] as const;

describe.each(Object.entries(ASKING))("%s", (_who, ask) => {
  it.each(FLOODS)("is not listened to without end: %s", async (_what, before, again) => {
    let poured: Promise<string> | undefined;
    const url = await serving((_request, response) => {
      poured = flood(response, before, again);
    });
    // A receiver that takes a message at once may say anything behind it.
    const taken = await ask(url);
    expect(await poured).toBe("closed");
    if (before === "") expect(taken).toBe(false);
  });

  it("is told who asks", async () => {
    let agent: string | undefined;
    const url = await serving((request, response) => {
      agent = request.headers["user-agent"];
      response.end("{}");
    });
    await ask(url);
    expect(agent).toBe(USER_AGENT);
  });

  it("is heard when it is honest", async () => {
    const url = await serving((_request, response) => {
      response.writeEarlyHints({ link: "</a>; rel=preload" });
      response.writeHead(200, { "content-type": "application/json" });
      const text = JSON.stringify({ keys: [], pad: "x".repeat(100_000) });
      for (let at = 0; at < text.length; at += 100) response.write(text.slice(at, at + 100));
      response.end();
    });
    expect(await ask(url)).toBe(true);
  });
});

it("no connection outlives its answer, so that each has its own bound", async () => {
  const sockets = new Set<unknown>();
  const url = await serving((request, response) => {
    sockets.add(request.socket);
    response.end("{}");
  });
  for (let request = 0; request < 3; request++) await (await fetchOutbound(url, {})).text();
  expect(sockets.size).toBe(3);
});
