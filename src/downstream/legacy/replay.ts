import { encodeSse } from "../../mcp/sse.ts";
import { type DeliveryClass, MESSAGE } from "../delivery-class.ts";
import type { EventSink } from "../http/http-reply.ts";
import type { SseConnection } from "../http/sse-connection.ts";
import { LeftOut } from "../left-out.ts";
import type { EdgeLimits } from "../options.ts";

/** Bytes held for replay: of one session, of all of one person, or of all there are. */
export interface ReplayBudget {
  bytes: number;
}

interface Held {
  readonly seq: number;
  readonly text: string;
  readonly delivery: DeliveryClass;
}

/**
 * A resumable stream of one session: every event has an id that names the stream and its place in it, and the latest
 * events are held so that a client that lost its connection can read on: of progress only the latest of a token, and
 * nothing that could be left out in the place of what could not. 2025-11-25 transports, "Resumability".
 */
export class ReplayStream implements EventSink {
  readonly key: string;
  readonly #limits: EdgeLimits;
  readonly #now: () => number;
  readonly #budgets: readonly [session: ReplayBudget, principal: ReplayBudget, total: ReplayBudget];
  readonly #held: Held[] = [];
  /** Log messages that no connection took and that are not held any more. */
  readonly #leftOut = new LeftOut();
  #bytes = 0;
  #lastSeq = 0;
  #connection: SseConnection | undefined;
  #finishedAt: number | undefined;
  #written: (() => void) | undefined;

  constructor(
    key: string,
    limits: EdgeLimits,
    now: () => number,
    budgets: readonly [session: ReplayBudget, principal: ReplayBudget, total: ReplayBudget],
  ) {
    this.key = key;
    this.#limits = limits;
    this.#now = now;
    this.#budgets = budgets;
  }

  /** When its last event was sent; `undefined` while it goes on. */
  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  get connected(): boolean {
    return this.#connection?.open === true;
  }

  /** Puts the stream on a connection; the one before is closed. `prime` sends an id at once, so that it can be resumed. */
  attach(connection: SseConnection, prime: boolean): void {
    this.#connection?.end();
    this.#connection = connection;
    if (prime) connection.write(encodeSse("", `${this.key}-${this.#lastSeq}`));
  }

  /** Puts the stream on a connection and repeats what came after `afterSeq`. */
  resume(connection: SseConnection, afterSeq: number): void {
    this.attach(connection, false);
    const line = this.#leftOut.take();
    if (line !== undefined) connection.write(encodeSse(line));
    for (const { seq, text, delivery } of this.#held) if (seq > afterSeq) connection.write(text, delivery);
    if (this.#finishedAt !== undefined) connection.end(this.#written && this.#notify);
  }

  /** What a resumption after `afterSeq` would find: more to come or to repeat, nothing any more, or a lost end. */
  remains(afterSeq: number): "more" | "nothing" | "lost" {
    if (this.#finishedAt === undefined) return "more";
    if (afterSeq >= this.#lastSeq) return "nothing";
    return this.#held.at(-1)?.seq === this.#lastSeq ? "more" : "lost";
  }

  event(data: string | Buffer, delivery: DeliveryClass = MESSAGE): boolean {
    this.#lastSeq += 1;
    const text = encodeSse(data.toString(), `${this.key}-${this.#lastSeq}`);
    this.#hold({ seq: this.#lastSeq, text, delivery });
    this.#connection?.write(text, delivery);
    // Held or written, it can still reach the client.
    return true;
  }

  finish(written?: () => void): void {
    this.#finishedAt ??= this.#now();
    this.#written ??= written;
    this.#connection?.end(this.#notify);
  }

  /** Gives up what is held and closes the connection. */
  close(): void {
    this.finish();
    while (this.#held.length > 0) this.#drop(0);
  }

  // Once: on the connection on which the end first left whole, which may be that of a resumption.
  readonly #notify = (): void => {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  };

  #hold(event: Held): void {
    const [session, principal, total] = this.#budgets;
    const { delivery } = event;
    if ("about" in delivery) {
      const at = this.#held.findIndex((held) => "about" in held.delivery && held.delivery.about === delivery.about);
      if (at >= 0) this.#drop(at);
    }
    this.#held.push(event);
    this.#count(event.text.length);
    const limits = this.#limits;
    while (
      this.#held.length > limits.replayEventsPerStream ||
      this.#bytes > limits.replayBytesPerStream ||
      (this.#held.length > 0 &&
        (session.bytes > limits.replayBytesPerSession ||
          // No more than is free beside it: see `mayTake`.
          principal.bytes > limits.replayBytesTotal - total.bytes))
    ) {
      const at = this.#held.findIndex(({ delivery }) => delivery.kind === "log" || delivery.kind === "progress");
      const dropped = this.#drop(Math.max(at, 0));
      if (dropped?.delivery.kind === "log" && !this.connected) this.#leftOut.add(dropped.delivery.level);
    }
  }

  #drop(at: number): Held | undefined {
    const [dropped] = this.#held.splice(at, 1);
    if (dropped !== undefined) this.#count(-dropped.text.length);
    return dropped;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    for (const budget of this.#budgets) budget.bytes += bytes;
  }
}
