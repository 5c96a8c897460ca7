import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ByteShares } from "../../src/core/byte-shares.ts";
import { OneByOne } from "../../src/core/one-by-one.ts";
import { readBody } from "../../src/http/body.ts";
import { heldFor } from "../../src/http/held.ts";
import { createHttpServer, HTTP_TIMES, type HttpServer } from "../../src/main/http-server.ts";
import { eventually } from "../support/eventually.ts";

const MB = 1024 * 1024;
/** Two megabytes for one alone. */
const ROOM = 4 * MB;
/** More than a connection swallows by itself. Two of them are one share. */
const UNREAD = 10 * MB;

let server: HttpServer;
let port: number;
let sockets: Socket[];
/** What a request is answered with once its body was read; `undefined`: nothing for now. */
let respond: (outgoing: ServerResponse) => void;
let waiting: ServerResponse[];
/** Who waited for a turn. */
let turned: string[];

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  heldFor(incoming, String(incoming.headers["x-who"]));
  const body = await readBody(incoming, 2 * MB);
  if (body === undefined) return;
  if (body.ok) respond(outgoing);
  else outgoing.writeHead(503, body.headers).end(body.code);
}

beforeEach(async () => {
  sockets = [];
  waiting = [];
  turned = [];
  const turns = new OneByOne();
  const turn = turns.turn.bind(turns);
  turns.turn = (holder) => {
    turned.push(holder);
    return turn(holder);
  };
  respond = (outgoing) => outgoing.end("read");
  server = createHttpServer(
    (_request, env) => {
      const { incoming, outgoing } = env as HttpBindings;
      void serve(incoming, outgoing);
      return RESPONSE_ALREADY_SENT;
    },
    { ...HTTP_TIMES, drainMs: 0 },
    { bodies: new ByteShares(ROOM), answers: new ByteShares(5 * UNREAD), turns },
  );
  const listening = await server.listen({ host: "127.0.0.1", port: 0 });
  if (!listening.ok) throw new Error(listening.error);
  port = listening.port;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
});

/** Sends a request as far as `text` goes; what came back so far. */
function send(who: string, headers: string, body: string | Buffer): { readonly socket: Socket; came(): string } {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nX-Who: ${who}\r\n${headers}\r\n\r\n`);
  socket.write(body);
  return { socket, came: () => text };
}

const answered = (sent: { came(): string }, what: string): Promise<string> =>
  eventually(async () => (sent.came().includes(what) ? sent.came() : undefined));

const announced = (who: string) => send(who, `Content-Length: ${MB}`, Buffer.alloc(1_000));
const chunked = (who: string) => {
  const size = MB - 1_000;
  return send(who, "Transfer-Encoding: chunked", `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`);
};
const whole = (who: string) => send(who, "Content-Length: 2", "{}");

describe.each([
  ["announced", announced],
  ["in chunks", chunked],
])("bodies that are on the way (%s)", (_how, begin) => {
  it("fill one sender's share, and no other's; who leaves makes room", async () => {
    const begun = Array.from({ length: 6 }, () => begin("alice"));
    const refused = await eventually(async () => {
      const over = begun.filter(({ came }) => came() !== "");
      return over.length >= 4 ? over : undefined;
    });
    for (const { came } of refused) expect(came()).toMatch(/^HTTP\/1\.1 503[\s\S]*Retry-After: 1[\s\S]*TOO_MANY_OPEN/i);
    await answered(whole("bob"), "read");
    for (const { socket } of begun) socket.destroy();
    await eventually(async () => {
      const again = begin("alice");
      await once(again.socket, "connect");
      const full = await answered(whole("alice"), "HTTP/1.1");
      return full.includes("read") && again.came() === "" ? true : undefined;
    });
  });
});

it("bodies count until they are answered", async () => {
  respond = (outgoing) => waiting.push(outgoing);
  const body = Buffer.alloc(MB);
  const both = [1, 2].map(() => send("alice", `Content-Length: ${MB}`, body));
  await eventually(async () => (waiting.length === 2 ? true : undefined));
  await answered(send("alice", `Content-Length: ${MB}`, body), "TOO_MANY_OPEN");
  for (const outgoing of waiting) outgoing.end("read");
  for (const one of both) await answered(one, "read");
  respond = (outgoing) => outgoing.end("read");
  await answered(send("alice", `Content-Length: ${MB}`, body), "read");
});

it("large bodies wait for a turn of their sender, and small ones for none", async () => {
  for (const [who, size] of [
    ["alice", 1_000],
    ["bob", 100_000],
  ] as const) {
    await answered(send(who, `Content-Length: ${size}`, Buffer.alloc(size)), "read");
  }
  expect(turned).toEqual(["bob"]);
});

describe("answers that nobody reads", () => {
  const BIG = Buffer.alloc(MB);

  it.each([
    ["whole", (outgoing: ServerResponse) => outgoing.end(Buffer.alloc(UNREAD))],
    [
      "piece by piece",
      (outgoing: ServerResponse) => {
        for (let piece = 0; piece < 64 && !outgoing.destroyed; piece++) outgoing.write(BIG);
      },
    ],
  ])("are cut beyond one reader's share: %s", async (_how, write) => {
    const answers: ServerResponse[] = [];
    respond = (outgoing) => {
      answers.push(outgoing);
      write(outgoing);
    };
    const unread = Array.from({ length: 5 }, () => whole("alice"));
    for (const { socket } of unread) socket.pause();
    await eventually(async () => (answers.filter(({ closed }) => closed).length >= 3 ? true : undefined));
    respond = (outgoing) => outgoing.end("for bob");
    await answered(whole("bob"), "for bob");
  });

  it("give their room back as they are read", async () => {
    respond = (outgoing) => outgoing.end(Buffer.alloc(UNREAD, "x"));
    for (let call = 0; call < 8; call++) {
      const reading = whole("alice");
      await eventually(async () => (reading.came().length > UNREAD ? true : undefined));
    }
  });
});
