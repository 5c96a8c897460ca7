import type { CallEnder } from "../../core/cancellation.ts";
import { doneWithin } from "../../core/deadline.ts";
import type { Round, UpstreamFault } from "../../core/round.ts";

/** How calls end whose upstream is closed under them. */
const CUT_OFF: ReadonlySet<UpstreamFault["code"]> = new Set(["UPSTREAM_CLOSED", "UPSTREAM_UNAVAILABLE"]);

/** The end of an upstream: how long its calls in flight go on, and as what those end that it cuts off. */
export class Leave {
  readonly #inFlight: () => number;
  #by: CallEnder | undefined;
  #onIdle: (() => void) | undefined;

  constructor(inFlight: () => number) {
    this.#inFlight = inFlight;
  }

  /** Whether it is closed, or being closed. */
  get taken(): boolean {
    return this.#by !== undefined;
  }

  /** It is closed from here on. `by`: why, for the calls that are cut off; the first reason counts. */
  take(by: CallEnder): void {
    this.#by ??= by;
  }

  /** Resolves once no call is in flight, after `graceMs` at the latest, or when `now` does; `undefined`: none is. */
  lastCall(graceMs: number, now: Promise<void>): Promise<unknown> | undefined {
    if (this.#inFlight() === 0) return undefined;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    return doneWithin(graceMs, Promise.race([idle, now]));
  }

  /** A call has ended. */
  freed(): void {
    if (this.#onIdle !== undefined && this.#inFlight() === 0) this.#onIdle();
  }

  /** What a call came to, with the word for whatever cut it off. */
  ended(round: Round): Round {
    if (round.kind !== "fault" || this.#by === undefined || !CUT_OFF.has(round.fault.code)) return round;
    return { kind: "fault", fault: { ...round.fault, code: this.#by, ours: true } };
  }
}
