import { type DeliveryClass, MESSAGE } from "../delivery-class.ts";
import type { EventSink } from "../http/http-reply.ts";
import type { SseConnection } from "../http/sse-connection.ts";
import type { EdgeLimits } from "../options.ts";
import { type ReplayBudget, ReplayStream } from "./replay.ts";
import type { ReplayRoom } from "./replay-room.ts";

/** How many finished streams of one session wait for a client to come back. */
const MAX_FINISHED = 64;

/** What a GET with a `Last-Event-ID` gets. */
export type Resumed = "resumed" | "nothing" | "unknown";

export interface SessionStreamsDeps {
  readonly limits: EdgeLimits;
  readonly now: () => number;
  /** Shared by all sessions. */
  readonly room: ReplayRoom;
  /** `personKey` of whose session it is. */
  readonly holder: string;
  /** Makes stream keys that no earlier process used either: an old id must not name a new stream. */
  readonly nextKey: () => string;
}

/** The event streams of one legacy session: the one that a GET opens, and one per POST that streams. */
export class SessionStreams {
  readonly #deps: SessionStreamsDeps;
  readonly #budgets: readonly [session: ReplayBudget, principal: ReplayBudget, total: ReplayBudget];
  readonly #posts = new Map<string, ReplayStream>();
  #standing: ReplayStream | undefined;
  #closed = false;

  constructor(deps: SessionStreamsDeps) {
    this.#deps = deps;
    this.#budgets = [{ bytes: 0 }, deps.room.enter(deps.holder), deps.room.total];
  }

  /** Whether somebody reads one of the streams right now. */
  get connected(): boolean {
    if (this.#standing?.connected === true) return true;
    for (const stream of this.#posts.values()) if (stream.connected) return true;
    return false;
  }

  /** Whether the GET stream has a reader. */
  get listening(): boolean {
    return this.#standing?.connected === true;
  }

  /** The stream of one POST. */
  openPost(connection: SseConnection, prime: boolean): EventSink {
    const stream = this.#create("p");
    this.#posts.set(stream.key, stream);
    this.#trim();
    stream.attach(connection, prime);
    return stream;
  }

  /**
   * The stream of a GET. A second one takes the first one's place: after a broken network the first is often dead
   * without this side knowing, and a refusal would lock the client out.
   */
  openStanding(connection: SseConnection, prime: boolean): void {
    this.#standing ??= this.#create("g");
    this.#standing.attach(connection, prime);
  }

  /** Sends a message that belongs to no POST. `false` when no GET stream was ever opened. */
  push(message: string, delivery: DeliveryClass = MESSAGE): boolean {
    return this.#standing?.event(message, delivery) === true;
  }

  /** Finds the stream of a `Last-Event-ID`; `connect` is called only where there is something to send. */
  resume(lastEventId: string, connect: () => SseConnection): Resumed {
    const parts = /^([gp][\w]+)-(\d{1,15})$/.exec(lastEventId);
    const key = parts?.[1];
    const afterSeq = Number(parts?.[2]);
    const stream = key === this.#standing?.key ? this.#standing : this.#posts.get(key ?? "");
    if (key === undefined || stream === undefined) return "unknown";
    const remains = stream.remains(afterSeq);
    if (remains === "nothing") return "nothing";
    if (remains === "lost") return "unknown";
    stream.resume(connect(), afterSeq);
    return "resumed";
  }

  /** Forgets finished streams whose time to be resumed is over. */
  sweep(now: number): void {
    for (const [key, stream] of this.#posts) {
      if (stream.finishedAt === undefined || now - stream.finishedAt < this.#deps.limits.replayFinishedMs) continue;
      this.#posts.delete(key);
      stream.close();
    }
  }

  /** Closes everything, GET stream included. */
  close(): void {
    this.#standing?.close();
    this.#standing = undefined;
    for (const stream of this.#posts.values()) stream.close();
    this.#posts.clear();
    if (this.#closed) return;
    this.#closed = true;
    this.#deps.room.leave(this.#deps.holder);
  }

  /** Closes the GET stream only, so that calls in flight can still be answered. */
  closeStanding(): void {
    this.#standing?.close();
    this.#standing = undefined;
  }

  #create(kind: "g" | "p"): ReplayStream {
    const { limits, now, nextKey } = this.#deps;
    return new ReplayStream(`${kind}${nextKey()}`, limits, now, this.#budgets);
  }

  #trim(): void {
    let finished = 0;
    for (const stream of this.#posts.values()) if (stream.finishedAt !== undefined) finished += 1;
    for (const [key, stream] of this.#posts) {
      if (finished <= MAX_FINISHED) break;
      if (stream.finishedAt === undefined) continue;
      this.#posts.delete(key);
      stream.close();
      finished -= 1;
    }
  }
}

/** Whether a `Last-Event-ID` names a GET stream: one of an earlier process is opened anew, without its past. */
export function namesStanding(lastEventId: string): boolean {
  return lastEventId.startsWith("g");
}
