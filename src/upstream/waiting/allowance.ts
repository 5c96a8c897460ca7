import { WEIGHT } from "./flood.ts";

/** What waits for the allowance goes on one by one, so that the next sees what the one before has used. */
const BETWEEN_MS = 1;

/**
 * What one server may say that nobody asked for, over all its connections together, and what telling it to many costs: a
 * server must not get more by being connected to more often.
 */
export class Allowance {
  readonly #now: () => number;
  readonly #later: (work: () => void, ms: number) => NodeJS.Timeout;
  readonly #waiting = new Set<() => void>();
  #left: number = WEIGHT.burst;
  #at: number;
  #timer: NodeJS.Timeout | undefined;

  /** A full allowance. `now` is in ms. */
  constructor(now: () => number, later: (work: () => void, ms: number) => NodeJS.Timeout) {
    this.#now = now;
    this.#later = later;
    this.#at = now();
  }

  /** Counts what is or was done anyway. One of any size counts as no more than the burst. */
  spend(weight: number): void {
    this.#refill();
    this.#left -= Math.min(weight, WEIGHT.burst);
  }

  /** Whether more was used than there is; what can wait waits now. */
  get isSpent(): boolean {
    this.#refill();
    return this.#left < 0;
  }

  /** Calls `work` once, when there is some again and those who wait already have had their turn. */
  wait(work: () => void): void {
    this.#waiting.add(work);
    this.#serve(0);
  }

  #serve(atLeastMs: number): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    this.#refill();
    const due = Math.ceil((Math.max(0, -this.#left) * 1000) / WEIGHT.perSecond);
    this.#timer = this.#later(() => this.#next(), Math.max(due, atLeastMs));
    // What waits for a connection keeps the process, as long as there is one.
    this.#timer.unref();
  }

  #next(): void {
    this.#timer = undefined;
    const [first] = this.isSpent ? [] : this.#waiting;
    if (first !== undefined) this.#waiting.delete(first);
    this.#serve(BETWEEN_MS);
    first?.();
  }

  #refill(): void {
    const passed = this.#now() - this.#at;
    this.#at += passed;
    this.#left = Math.min(WEIGHT.burst, this.#left + (Math.max(0, passed) * WEIGHT.perSecond) / 1000);
  }
}
