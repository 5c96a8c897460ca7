import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { ByteShares } from "../core/byte-shares.ts";
import { OneByOne } from "../core/one-by-one.ts";
import { CountedResponse, type HttpRooms, hold } from "../http/held.ts";

/** How long clients may take. All in ms. */
export interface HttpTimes {
  /** For the head of a request. */
  readonly headMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /** For a reader that takes nothing of an answer that waits for it. */
  readonly stalledMs: number;
  /** For calls in flight, once the server closes. */
  readonly drainMs: number;
  /** For requests that have not arrived whole, once the server closes. */
  readonly uploadMs: number;
}

/** What holds by default. Draining leaves time within ten seconds to end the servers behind the gateway. */
export const HTTP_TIMES: HttpTimes = {
  headMs: 15_000,
  requestMs: 120_000,
  stalledMs: 60_000,
  drainMs: 6_000,
  uploadMs: 1_000,
};

const SWEEP_MS = 50;

/** Bodies of requests that are not answered, and what of answers is unread: so much of each in all, and half of it for one. */
const ROOM_BYTES = 256 * 1024 * 1024;

/** Fresh rooms. Two of the largest messages that are taken always fit into one person's share. */
export function createHttpRooms(largest: { readonly body: number; readonly answer: number }): HttpRooms {
  const room = (bytes: number): ByteShares => new ByteShares(Math.max(ROOM_BYTES, 4 * bytes));
  return { bodies: room(largest.body), answers: room(largest.answer), turns: new OneByOne() };
}

export type Listening = { readonly ok: true; readonly port: number } | { readonly ok: false; readonly error: string };

/** The gateway's HTTP server, with bounds on what clients can hold open. */
export interface HttpServer {
  listen(at: { readonly host: string; readonly port: number }): Promise<Listening>;
  /**
   * Takes no new connection, and ends each one as soon as nothing is in flight on it, all of them after `drainMs`.
   * `beforeCut` is called a moment before that, so that what is cut off can still be answered. Resolves when none is left.
   */
  close(beforeCut?: () => void): Promise<void>;
}

/** Makes the server. Requests go to `fetch`, with Node's own request and response objects in its second argument. */
export function createHttpServer(
  fetch: Parameters<typeof createAdaptorServer>[0]["fetch"],
  times: HttpTimes = HTTP_TIMES,
  rooms: HttpRooms = createHttpRooms({ body: 0, answer: 0 }),
): HttpServer {
  const server = createAdaptorServer({
    fetch,
    serverOptions: {
      ServerResponse: CountedResponse,
      headersTimeout: times.headMs,
      requestTimeout: times.requestMs,
      // How often Node looks for the two above.
      connectionsCheckingInterval: Math.min(times.headMs, 5_000),
    },
  }) as Server;
  // Node would drop what comes after the thousandth without a word, and so hide a second one from `checkSingleHeaders`.
  // Their bytes are bounded in any case.
  server.maxHeadersCount = 0;
  const open = new Map<Socket, Set<ServerResponse>>();
  let closing = false;

  server.on("connection", (socket: Socket) => {
    open.set(socket, new Set());
    socket.once("close", () => open.delete(socket));
  });
  server.prependListener("request", (incoming, response) => {
    const responses = open.get(incoming.socket);
    responses?.add(response);
    response.once("close", () => responses?.delete(response));
    hold(incoming, response, rooms);
    if (closing) response.setHeader("Connection", "close");
  });
  // A listener of our own keeps a call that is merely quiet, which Node by itself would cut.
  server.setTimeout(times.stalledMs, (socket: Socket) => {
    if (socket.writableLength > 0 || open.get(socket)?.size === 0) socket.destroy();
  });

  // Connections on which nothing is asked go at once; half a request gets a moment to become a whole one.
  const sweep = (uploadsOver: boolean): void => {
    server.closeIdleConnections();
    for (const [socket, responses] of open) {
      const whole = [...responses].some((response) => response.req.complete);
      if (responses.size === 0 || (uploadsOver && !whole)) socket.destroySoon();
    }
  };

  return {
    listen: (at) => listen(server, at),
    close: (beforeCut) =>
      new Promise((resolve) => {
        closing = true;
        let told = false;
        const started = performance.now();
        const timer = setInterval(() => {
          const passed = performance.now() - started;
          if (passed < times.drainMs) sweep(passed >= times.uploadMs);
          else if (!told) {
            told = true;
            beforeCut?.();
          } else server.closeAllConnections();
        }, SWEEP_MS);
        server.close(() => {
          clearInterval(timer);
          resolve();
        });
        for (const responses of open.values()) {
          for (const response of responses) if (!response.headersSent) response.setHeader("Connection", "close");
        }
      }),
  };
}

function listen(server: Server, at: { readonly host: string; readonly port: number }): Promise<Listening> {
  return new Promise((resolve) => {
    server.once("error", (err: NodeJS.ErrnoException) => {
      const why =
        err.code === "EADDRINUSE"
          ? `Something else already listens on ${at.host}:${at.port}. Stop it, or set another server.port.`
          : `Cannot listen on ${at.host}:${at.port} (${err.code ?? err.message}). Check server.host and server.port.`;
      resolve({ ok: false, error: why });
    });
    server.listen(at.port, at.host, () => {
      const address = server.address();
      resolve({ ok: true, port: typeof address === "object" && address !== null ? address.port : at.port });
    });
  });
}
