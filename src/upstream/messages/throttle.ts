import { WEIGHT, weightOf } from "../waiting/flood.ts";
import type { Intake } from "./intake.ts";

/** What can be read no faster for a while. */
export interface Paused {
  /** Reads nothing more; what has been read already may still be told. */
  pause(): void;
  resume(): void;
}

/**
 * Reads notifications and questions that come over one connection no faster than they may be worked on: what a server has to
 * say is no fault, and the answer stands behind it. A burst of ten thousand small ones is read at once.
 */
export class Throttle {
  readonly #connection: () => Paused | undefined;
  readonly #intake: Intake;
  readonly #now: () => number;
  #left: number = WEIGHT.burst;
  #at: number;
  #timer: NodeJS.Timeout | undefined;

  /** `connection`: what it comes over; after a break that may be another one. `now` is in ms. */
  constructor(connection: () => Paused | undefined, intake: Intake, now: () => number) {
    this.#connection = connection;
    this.#intake = intake;
    this.#now = now;
    this.#at = now();
  }

  /** Counts one message. One of any size counts as no more than the burst. */
  take(message: Buffer): void {
    this.#refill();
    this.#left -= Math.min(weightOf(message), WEIGHT.burst);
    if (this.#left >= 0) return;
    this.#connection()?.pause();
    if (this.#timer !== undefined) return;
    this.#intake.slowed();
    this.#rest();
  }

  #rest(): void {
    const again = (): void => {
      this.#timer = undefined;
      this.#refill();
      if (this.#left >= 0) this.#connection()?.resume();
      else this.#rest();
    };
    this.#timer = this.#intake.later(again, Math.ceil((-this.#left * 1000) / WEIGHT.perSecond));
    // The connection keeps the process, as long as there is one.
    this.#timer.unref();
  }

  #refill(): void {
    const passed = this.#now() - this.#at;
    this.#at += passed;
    this.#left = Math.min(WEIGHT.burst, this.#left + (Math.max(0, passed) * WEIGHT.perSecond) / 1000);
  }
}
