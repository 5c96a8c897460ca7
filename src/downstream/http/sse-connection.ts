import type { ServerResponse } from "node:http";
import { countWaiting } from "../../http/held.ts";
import { encodeSse, SSE_KEEP_ALIVE } from "../../mcp/sse.ts";
import { type DeliveryClass, MESSAGE } from "../delivery-class.ts";
import { MessageQueue } from "./message-queue.ts";
import { onWritten } from "./written.ts";

const HEAD = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  // nginx would hold events back until its buffer is full.
  "X-Accel-Buffering": "no",
} as const;

/**
 * One HTTP response that is an event stream. A reader that leaves more than `maxQueuedBytes` unread that cannot be left
 * out is cut off: it can come back, a queue without an end cannot.
 */
export class SseConnection {
  readonly #outgoing: ServerResponse;
  readonly #queue: MessageQueue;
  readonly #clock: () => number;
  #lastWriteAt: number;

  /** Writes the head at once, so that the client knows that the stream is open. */
  constructor(outgoing: ServerResponse, maxQueuedBytes: number, clock: () => number) {
    this.#outgoing = outgoing;
    this.#queue = new MessageQueue({
      output: outgoing,
      maxBytes: maxQueuedBytes,
      encode: (message) => encodeSse(message),
      onBytes: (bytes) => countWaiting(outgoing, bytes),
    });
    outgoing.once("close", () => this.#queue.clear());
    this.#clock = clock;
    this.#lastWriteAt = clock();
    outgoing.writeHead(200, HEAD);
    outgoing.flushHeaders();
  }

  get open(): boolean {
    return !this.#outgoing.writableEnded && !this.#outgoing.destroyed;
  }

  /** Writes one encoded event. Whether the stream took it. */
  write(event: string | Buffer, delivery: DeliveryClass = MESSAGE): boolean {
    if (!this.open) return false;
    this.#lastWriteAt = this.#clock();
    if (this.#queue.send(event, delivery)) return this.open;
    this.#outgoing.destroy();
    return false;
  }

  /** Writes a comment if nothing was written for `keepAliveMs`. */
  keepAlive(keepAliveMs: number): void {
    if (this.#queue.empty && this.#clock() - this.#lastWriteAt >= keepAliveMs) this.write(SSE_KEEP_ALIVE);
  }

  /** Ends the stream. `written` hears if all of it left while the client was there; see `onWritten`. */
  end(written?: () => void): void {
    if (!this.open) return;
    this.#queue.flush();
    if (written !== undefined) onWritten(this.#outgoing, written);
    this.#outgoing.end();
  }

  /** Calls `listener` once when the response is over, however it ended. */
  onClose(listener: () => void): void {
    if (this.#outgoing.closed) listener();
    else this.#outgoing.once("close", listener);
  }
}
