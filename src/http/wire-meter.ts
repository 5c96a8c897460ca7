import type { Socket } from "node:net";
import type { buildConnector } from "undici";

/** What one server may send beside what its answers hold. */
const MAX_BESIDE_BYTES = 1024 * 1024;
/** So much of it an answer's head accounts for: names and values are 16 KB at most, with what stands around them. */
const HEAD_BYTES = 64 * 1024;
/** And so much the framing of a piece of a body, which is a chunk or a part of one. */
const PIECE_BYTES = 16;

/** What is said of a server that went beyond. */
export const WIRE_FLOOD_DETAIL =
  "It sent more than 1 MB over its connections beside what its answers hold (interim answers, trailers, extensions of chunks).";

/** Ends connections over which too much came that belongs to no answer. */
export class WireFlood extends Error {
  readonly code = "WIRE_FLOOD";
}

/**
 * Counts what comes over the connections to one server against what its answers hold. HTTP lets a server send interim
 * answers, trailers, extensions of chunks and blank lines without end, and the client in use tells of few of them: so
 * it is the difference that is bounded, whatever it is made of. Beyond it all these connections are closed.
 */
export class WireMeter {
  /** With how much of what came over each was counted. */
  readonly #sockets = new Map<Socket, number>();
  #beside = 0;

  /** Counts over the connections that `connect` makes. */
  connector(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) =>
      connect(options, (...made) => {
        if (made[0] === null) this.#watch(made[1]);
        callback(...made);
      });
  }

  /** An answer's head was read. */
  head(): void {
    this.#beside = Math.max(0, this.#beside - HEAD_BYTES);
  }

  /** A piece of an answer's body was read. */
  piece(bytes: number): void {
    this.#beside = Math.max(0, this.#beside - bytes - PIECE_BYTES);
  }

  // At each read, before what was read is looked at: then whatever is credited was counted already.
  #watch(socket: Socket): void {
    const read = socket.read;
    socket.read = (size?: number) => {
      const chunk: unknown = read.call(socket, size);
      const { bytesRead } = socket;
      this.#beside += bytesRead - (this.#sockets.get(socket) ?? bytesRead);
      this.#sockets.set(socket, bytesRead);
      const allowed = MAX_BESIDE_BYTES + bufferedBytes(chunk);
      if (this.#beside <= allowed || this.#beside <= allowed + this.#unread()) return chunk;
      this.#flooded();
      return null;
    };
    this.#sockets.set(socket, 0);
    socket.once("close", () => {
      this.#beside = Math.max(0, this.#beside - unreadOf(socket, this.#sockets.get(socket) ?? 0));
      this.#sockets.delete(socket);
    });
  }

  // An answer that is read more slowly is put back, as far as it was not looked at.
  #unread(): number {
    let bytes = 0;
    for (const [socket, counted] of this.#sockets) bytes += unreadOf(socket, counted);
    return bytes;
  }

  #flooded(): void {
    this.#beside = 0;
    for (const socket of this.#sockets.keys()) socket.destroy(new WireFlood(WIRE_FLOOD_DETAIL));
  }
}

// What was counted and waits to be looked at.
function unreadOf(socket: Socket, counted: number): number {
  return Math.max(0, counted - (socket.bytesRead - socket.readableLength));
}

// What is being handed over may be the body of an answer: that shows only afterwards.
function bufferedBytes(chunk: unknown): number {
  return Buffer.isBuffer(chunk) ? chunk.length : 0;
}
