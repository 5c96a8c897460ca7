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
  readonly #sockets = new Set<Socket>();
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
    let counted = 0;
    socket.read = (size?: number) => {
      const chunk: unknown = read.call(socket, size);
      const { bytesRead } = socket;
      this.#beside += bytesRead - counted;
      counted = bytesRead;
      if (this.#beside <= MAX_BESIDE_BYTES + bufferedBytes(chunk)) return chunk;
      this.#flooded();
      return null;
    };
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #flooded(): void {
    this.#beside = 0;
    for (const socket of this.#sockets) socket.destroy(new WireFlood(WIRE_FLOOD_DETAIL));
  }
}

// What is being handed over may be the body of an answer: that shows only afterwards.
function bufferedBytes(chunk: unknown): number {
  return Buffer.isBuffer(chunk) ? chunk.length : 0;
}
