import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** More than this is not read of a peer, what the system buffers on both sides included. */
export const MOST_BYTES = 24 * 1024 * 1024;

/** What a hostile server says on each connection. `heard`: resolves once the other side has said something. */
export type Script = (socket: Socket, heard: Promise<string>) => void;

/** A server of any protocol that says what its script says, and counts. */
export interface HostilePeer {
  readonly port: number;
  /** Connections that were made. */
  readonly connections: number;
  /** What it could get rid of on the connection with most, in bytes. What the system buffers is among it. */
  readonly taken: number;
  /** On how many of them something was said to it. */
  readonly requests: number;
  /** Resolves once the first connection is closed. */
  closed(): Promise<void>;
}

/** Starts one on loopback; it ends with the test. */
export async function startHostilePeer(script: Script): Promise<HostilePeer> {
  const open = new Set<Socket>();
  let settle = (): void => {};
  const closed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  let connections = 0;
  let requests = 0;
  let taken = 0;
  const server = createServer((socket) => {
    connections++;
    open.add(socket);
    // Whoever ends a connection in the middle of it does what is wanted.
    socket.on("error", () => {});
    socket.on("close", () => {
      taken = Math.max(taken, socket.bytesWritten - socket.writableLength);
      open.delete(socket);
      settle();
    });
    const heard = new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString("latin1"))));
    void heard.then(() => requests++);
    script(socket, heard);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get connections() {
      return connections;
    },
    get taken() {
      return taken;
    },
    get requests() {
      return requests;
    },
    closed: () => closed,
  };
}

/** Writes `first`, then `text` again and again as fast as it is read, until the connection ends. */
export function flood(socket: Socket, first: string, text: string): void {
  socket.write(first);
  const chunk = text.repeat(Math.ceil(65_536 / text.length));
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}

/** Writes `first`, then a character of `text` every few milliseconds, beginning anew at its end. */
export function drip(socket: Socket, first: string, text: string): void {
  socket.write(first);
  let at = 0;
  const timer = setInterval(() => socket.write(text.charAt(at++ % text.length)), 5);
  socket.on("close", () => clearInterval(timer));
}
