import { createFlood, type Flood, OWN_WEIGHT, weightOf } from "../waiting/flood.ts";
import type { Intake } from "./intake.ts";

/** What can be read no faster for a while. */
export interface Pausable {
  /** Reads nothing more; what has been read already may still be told. */
  pause(): void;
  resume(): void;
}

/**
 * Reads what nobody asked for no faster than it may be worked on: what a server has to say is no fault, and the answer
 * stands behind it. Each connection may say a little whatever the others say; what is more comes out of the allowance of
 * the server, for which its connections wait in turn. A burst of ten thousand small ones is read at once.
 */
export class Throttle {
  readonly #connection: () => Pausable | undefined;
  readonly #intake: Intake;
  readonly #own: Flood;
  #waits = false;

  /** `connection`: what it comes over; after a break that may be another one. `now` is in ms. */
  constructor(connection: () => Pausable | undefined, intake: Intake, now: () => number) {
    this.#connection = connection;
    this.#intake = intake;
    this.#own = createFlood(now, OWN_WEIGHT);
  }

  /** Counts one message. */
  take(message: Buffer): void {
    const { allowance } = this.#intake;
    const weight = weightOf(message);
    if (weight <= OWN_WEIGHT.burst && this.#own.take(weight)) return;
    allowance.spend(weight);
    if (!allowance.isSpent) return;
    this.#connection()?.pause();
    if (this.#waits) return;
    this.#waits = true;
    this.#intake.slowed();
    allowance.wait(() => {
      this.#waits = false;
      this.#connection()?.resume();
    });
  }
}
