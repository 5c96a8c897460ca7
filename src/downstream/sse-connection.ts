import type { ServerResponse } from "node:http";
import { SSE_KEEP_ALIVE } from "../mcp/sse.ts";
import { onWritten } from "./written.ts";

const HEAD = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  // nginx would hold events back until its buffer is full.
  "X-Accel-Buffering": "no",
} as const;

/**
 * One HTTP response that is an event stream. A reader that leaves more than `maxQueuedBytes` unread is cut off: it can
 * come back, a queue without an end cannot.
 */
export class SseConnection {
  readonly #outgoing: ServerResponse;
  readonly #maxQueuedBytes: number;
  readonly #clock: () => number;
  #lastWriteAt: number;

  /** Writes the head at once, so that the client knows that the stream is open. */
  constructor(outgoing: ServerResponse, maxQueuedBytes: number, clock: () => number) {
    this.#outgoing = outgoing;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#clock = clock;
    this.#lastWriteAt = clock();
    outgoing.writeHead(200, HEAD);
    outgoing.flushHeaders();
  }

  get open(): boolean {
    return !this.#outgoing.writableEnded && !this.#outgoing.destroyed;
  }

  /** Writes one encoded event. Whether the stream took it. */
  write(event: string | Buffer): boolean {
    if (!this.open) return false;
    if (this.#outgoing.writableLength > this.#maxQueuedBytes) {
      this.#outgoing.destroy();
      return false;
    }
    this.#lastWriteAt = this.#clock();
    this.#outgoing.write(event);
    return true;
  }

  /** Writes a comment if nothing was written for `keepAliveMs`. */
  keepAlive(keepAliveMs: number): void {
    if (this.#clock() - this.#lastWriteAt >= keepAliveMs) this.write(SSE_KEEP_ALIVE);
  }

  /** Ends the stream. `written` hears if all of it left while the client was there; see `onWritten`. */
  end(written?: () => void): void {
    if (!this.open) return;
    if (written !== undefined) onWritten(this.#outgoing, written);
    this.#outgoing.end();
  }

  /** Calls `listener` once when the response is over, however it ended. */
  onClose(listener: () => void): void {
    if (this.#outgoing.closed) listener();
    else this.#outgoing.once("close", listener);
  }
}
