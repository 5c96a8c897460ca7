import { type IncomingMessage, ServerResponse } from "node:http";
import type { ByteShares } from "../core/byte-shares.ts";
import { Cancellation } from "../core/cancellation.ts";
import type { OneByOne } from "../core/one-by-one.ts";

/** What one HTTP server holds in memory for all of its clients. */
export interface HttpRooms {
  /** Bodies of requests, from their first byte until they are answered. */
  readonly bodies: ByteShares;
  /** What of answers waits for somebody to read it. */
  readonly answers: ByteShares;
  /** In which large bodies are handed on. */
  readonly turns: OneByOne;
}

const HELD = Symbol("held");
const OVER = "the response is over";

/** What is held for one request. */
class Held {
  /** Whose share it comes out of: the client's address, until somebody knows who it is. */
  holder: string;
  readonly #rooms: HttpRooms;
  readonly #given: Array<() => void> = [];
  #cancellation: Cancellation | undefined;
  #over = false;

  constructor(rooms: HttpRooms, holder: string) {
    this.#rooms = rooms;
    this.holder = holder;
  }

  takeBody(bytes: number): boolean {
    const { holder } = this;
    if (this.#over || !this.#rooms.bodies.take(holder, bytes)) return false;
    this.#given.push(() => this.#rooms.bodies.give(holder, bytes));
    return true;
  }

  /** Takes room for what is unread of the answer. Returns how to give it back, `undefined` where there is none. */
  takeAnswer(bytes: number): (() => void) | undefined {
    const { holder } = this;
    if (!this.#rooms.answers.take(holder, bytes)) return undefined;
    return () => this.#rooms.answers.give(holder, bytes);
  }

  turn(): Promise<void> {
    return this.#rooms.turns.turn(this.holder);
  }

  /** Made for the few who ask. */
  untilOver(): Cancellation {
    this.#cancellation ??= new Cancellation();
    if (this.#over) this.#cancellation.cancel(OVER);
    return this.#cancellation;
  }

  end(): void {
    this.#over = true;
    this.#cancellation?.cancel(OVER);
    for (const give of this.#given.splice(0)) give();
  }
}

type Counted = IncomingMessage & { [HELD]?: Held };

/** From here on counts what is held for a request, until its response is over. For the server that it came to. */
export function hold(incoming: IncomingMessage, response: ServerResponse, rooms: HttpRooms): void {
  const held = new Held(rooms, incoming.socket.remoteAddress ?? "");
  (incoming as Counted)[HELD] = held;
  response.once("close", () => held.end());
}

/** Says who sent a request: what is held for it comes out of their share from now on. */
export function heldFor(incoming: IncomingMessage, holder: string): void {
  const held = (incoming as Counted)[HELD];
  if (held !== undefined) held.holder = holder;
}

/** Takes room for so many bytes of a request's body; whether there is some. Where nobody counts, there always is. */
export function takeBody(incoming: IncomingMessage, bytes: number): boolean {
  return (incoming as Counted)[HELD]?.takeBody(bytes) ?? true;
}

/** Waits until a large body of whoever sent this may be looked at. */
export function bodyTurn(incoming: IncomingMessage): Promise<void> {
  return (incoming as Counted)[HELD]?.turn() ?? Promise.resolve();
}

/** Cancelled once the response to a request is over: before it was answered, because its client has gone. Where nobody counts, never. */
export function untilOver(incoming: IncomingMessage): Cancellation {
  return (incoming as Counted)[HELD]?.untilOver() ?? new Cancellation();
}

/**
 * A response that counts what its client leaves unread. Where there is no room for it, the connection is cut: whoever
 * reads nothing loses the answer, not everybody their gateway.
 */
export class CountedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #give: (() => void) | undefined;
  #hears = false;
  #waiting = 0;

  /** Counts so many bytes besides, which wait for the same reader elsewhere. */
  countWaiting(bytes: number): void {
    if (bytes === this.#waiting) return;
    this.#waiting = bytes;
    this.#count();
  }

  override write(...args: unknown[]): boolean {
    const more = Reflect.apply(super.write, this, args) as boolean;
    this.#count();
    return more;
  }

  override end(...args: unknown[]): this {
    Reflect.apply(super.end, this, args);
    this.#count();
    return this;
  }

  #count(): void {
    const unread = this.writableLength + this.#waiting;
    this.#give?.();
    this.#give = undefined;
    if (unread === 0 || this.destroyed) return;
    const held = (this.req as Counted)[HELD];
    if (held === undefined) return;
    this.#give = held.takeAnswer(unread);
    if (this.#give === undefined) {
      this.destroy();
      return;
    }
    if (this.#hears) return;
    this.#hears = true;
    this.on("drain", () => this.#count());
    this.once("close", () => {
      this.#give?.();
      this.#give = undefined;
    });
  }
}

/** Counts bytes that wait for a response's reader and are not written yet, where somebody counts. */
export function countWaiting(response: ServerResponse, bytes: number): void {
  if (response instanceof CountedResponse) response.countWaiting(bytes);
}
