import type { ServerResponse } from "node:http";
import { encodeSse } from "../../mcp/sse.ts";
import { ANSWER, type DeliveryClass, MESSAGE } from "../delivery-class.ts";
import type { Reply } from "../reply.ts";
import type { Accepted } from "./media.ts";
import type { SseConnection } from "./sse-connection.ts";
import type { Streams, Waiting } from "./streams.ts";
import { onWritten } from "./written.ts";

/** Up to this size copying a body is cheaper than a second buffer in the write. */
const ONE_WRITE_BYTES = 16 * 1024;

/** Where the events of one response go: straight to its connection, or through a buffer that can replay them. */
export interface EventSink {
  event(data: string | Buffer, delivery: DeliveryClass): boolean;
  /** The response was the last event. `written` as in `Reply.end`. */
  finish(written?: () => void): void;
}

/** Events without ids, for streams that cannot be resumed. */
export function plainSink(connection: SseConnection): EventSink {
  return {
    event: (data, delivery) => connection.write(encodeSse(data.toString()), delivery),
    finish: (written) => connection.end(written),
  };
}

/**
 * Answers one POST: with one JSON object if the response is the first thing to happen, else with an event stream that
 * opens at the first message, or when the shared sweep finds that the client has waited long enough.
 */
export class HttpReply implements Reply, Waiting {
  readonly since: number;
  readonly streams: boolean;
  readonly #outgoing: ServerResponse;
  readonly #accepted: Accepted;
  readonly #registry: Streams;
  readonly #makeSink: (connection: SseConnection) => EventSink;
  #sink: EventSink | undefined;
  #ended = false;
  #disconnected: (() => void) | undefined;

  constructor(
    outgoing: ServerResponse,
    accepted: Accepted,
    registry: Streams,
    since: number,
    makeSink: (connection: SseConnection) => EventSink = plainSink,
  ) {
    this.#outgoing = outgoing;
    this.#accepted = accepted;
    this.#registry = registry;
    this.since = since;
    this.streams = accepted.sse;
    this.#makeSink = makeSink;
    if (accepted.sse) registry.wait(this);
    outgoing.once("close", () => {
      registry.settled(this);
      if (!this.#ended) this.#disconnected?.();
    });
  }

  cut(): void {
    this.#disconnected?.();
  }

  /** Calls `listener` if the connection ends before the answer, ended already, or is about to be cut. */
  onDisconnect(listener: () => void): void {
    if (this.#outgoing.destroyed) listener();
    else this.#disconnected = listener;
  }

  get ended(): boolean {
    return this.#ended;
  }

  openStream(): void {
    this.#open();
  }

  send(message: string, delivery: DeliveryClass = MESSAGE): boolean {
    return !this.#ended && this.#open()?.event(message, delivery) === true;
  }

  end(message: Buffer, status = 200, written?: () => void): void {
    if (this.#ended) return;
    const sink = this.#sink ?? (this.#accepted.json ? undefined : this.#open());
    this.#settle();
    if (sink !== undefined) {
      sink.event(message, ANSWER);
      sink.finish(written);
    } else if (!this.#outgoing.destroyed) {
      if (written !== undefined) onWritten(this.#outgoing, written);
      this.#outgoing.writeHead(status, { "Content-Type": "application/json", "Content-Length": message.length });
      // As a one-byte string the body leaves in one write with the head; a buffer makes Node gather the two.
      if (message.length <= ONE_WRITE_BYTES) this.#outgoing.end(message.toString("latin1"), "latin1");
      else this.#outgoing.end(message);
    }
  }

  endUnauthorized(message: Buffer, status: 401 | 403, authenticate: string): boolean {
    if (this.#ended || this.#sink !== undefined || this.#outgoing.headersSent) return false;
    this.#settle();
    if (this.#outgoing.destroyed) return true;
    this.#outgoing.writeHead(status, {
      "Content-Type": "application/json",
      "Content-Length": message.length,
      "WWW-Authenticate": authenticate,
    });
    this.#outgoing.end(message);
    return true;
  }

  endEmpty(): void {
    if (this.#ended) return;
    this.#settle();
    if (this.#sink !== undefined) this.#sink.finish();
    else if (!this.#outgoing.destroyed) this.#outgoing.writeHead(202).end();
  }

  #open(): EventSink | undefined {
    if (this.#sink !== undefined) return this.#sink;
    // A client that is gone never saw an event id, so there is nothing that it could resume.
    if (!this.#accepted.sse || this.#outgoing.destroyed || this.#outgoing.writableEnded) return undefined;
    this.#registry.settled(this);
    this.#sink = this.#makeSink(this.#registry.open(this.#outgoing));
    return this.#sink;
  }

  #settle(): void {
    this.#ended = true;
    this.#registry.settled(this);
  }
}
