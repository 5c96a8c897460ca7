import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpServer, HTTP_TIMES, type HttpServer, type HttpTimes } from "../../src/main/http-server.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const LONG = 600_000;

/** A connection and what came on it so far. */
interface Peer {
  readonly socket: Socket;
  readonly text: () => string;
  readonly closed: Promise<unknown>;
}

let server: HttpServer;
let port: number;
/** The response of each request, as it arrives; the tests answer. */
let arrived: (response: ServerResponse) => void;
let peers: Socket[];

beforeEach(() => {
  peers = [];
  arrived = () => {};
});

afterEach(async () => {
  for (const socket of peers) socket.destroy();
  await server.close();
});

async function start(times: Partial<HttpTimes>): Promise<void> {
  server = createHttpServer(
    (_request, env) => {
      arrived((env as HttpBindings).outgoing);
      return RESPONSE_ALREADY_SENT;
    },
    { ...HTTP_TIMES, drainMs: LONG, uploadMs: LONG, ...times },
  );
  const listening = await server.listen({ host: "127.0.0.1", port: 0 });
  if (!listening.ok) throw new Error(listening.error);
  port = listening.port;
}

async function peer(text: string): Promise<Peer> {
  const socket = connect(port, "127.0.0.1");
  peers.push(socket);
  let all = "";
  socket.on("data", (chunk) => {
    all += chunk;
  });
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  socket.write(text);
  return { socket, text: () => all, closed };
}

function nextResponse(): Promise<ServerResponse> {
  return new Promise((resolve) => {
    arrived = resolve;
  });
}

describe("a client that takes its time", () => {
  it.each([
    ["says nothing at all", ""],
    ["never ends its head", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "],
    ["never ends its body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"],
  ])("is cut when it %s", async (_, text) => {
    await start({ headMs: 100, requestMs: 100 });
    await (await peer(text)).closed;
  });

  it("is cut when it does not read its answer", async () => {
    await start({ stalledMs: 100 });
    const response = nextResponse();
    const { socket } = await peer(GET);
    socket.pause();
    const outgoing = await response;
    const connection = outgoing.req.socket;
    outgoing.end(Buffer.alloc(64 * 1024 * 1024));
    await new Promise((resolve) => connection.once("close", resolve));
    expect(socket.bytesRead).toBeLessThan(64 * 1024 * 1024);
  });

  it("is not cut while its call is merely quiet", async () => {
    await start({ stalledMs: 20 });
    const response = nextResponse();
    const waiting = await peer(GET);
    const outgoing = await response;
    // What the timer of the quiet connection does is over when the one of a second, idle connection has fired.
    await (await peer("")).closed;
    outgoing.end("late");
    await expect.poll(waiting.text).toContain("late");
  });
});

describe("a server that closes", () => {
  it("ends connections on which nothing is asked at once", async () => {
    await start({});
    const response = nextResponse();
    const served = await peer(GET);
    (await response).end("done");
    await expect.poll(served.text).toContain("done");
    const others = await Promise.all([peer(""), peer("GET / HT")]);
    await server.close();
    await Promise.all([served, ...others].map((each) => each.closed));
  });

  it("answers what is in flight, and closes that connection with the answer", async () => {
    await start({});
    const response = nextResponse();
    const calling = await peer(GET);
    const outgoing = await response;
    const closed = server.close();
    outgoing.end("done");
    await closed;
    await calling.closed;
    expect(calling.text()).toMatch(/^HTTP\/1\.1 200[\s\S]*connection: close[\s\S]*done/i);
  });

  it("takes no further request on a connection that stays", async () => {
    await start({});
    const first = nextResponse();
    const calling = await peer(GET);
    const outgoing = await first;
    outgoing.write("begun ");
    const closed = server.close();
    const second = nextResponse();
    calling.socket.write(GET);
    (await second).end("second");
    outgoing.end("first");
    await closed;
    expect(calling.text()).toMatch(/begun [\s\S]*first[\s\S]*connection: close[\s\S]*second/i);
  });

  it("does not wait for half a request", async () => {
    await start({ uploadMs: 50 });
    const response = nextResponse();
    const uploading = await peer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    await response;
    await server.close();
    await uploading.closed;
  });

  it("says so before it cuts what is still in flight, so that this can be answered", async () => {
    await start({ drainMs: 50 });
    const response = nextResponse();
    const calling = await peer(GET);
    const outgoing = await response;
    await server.close(() => outgoing.end("the gateway stopped"));
    await calling.closed;
    expect(calling.text()).toContain("the gateway stopped");
  });

  it("cuts what is still in flight when its time is over", async () => {
    await start({ drainMs: 50 });
    const response = nextResponse();
    const calling = await peer(GET);
    (await response).write("begun");
    await server.close();
    await calling.closed;
    expect(calling.text()).toContain("begun");
  });
});
