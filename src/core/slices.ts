import { OneByOne } from "./one-by-one.ts";

/** How long one slice may hold the event loop, in ms: others wait for so long at most. */
const SLICE_MS = 10;

/** Of the whole process, as its event loop is: between the slices of two pieces of work everybody else has their turn, too. */
const turns = new OneByOne();

/**
 * Cuts a long piece of work into slices, between which everybody else has their turn, and counts what they took. Ask
 * `isOver` after each step, and wait for `next` where it is.
 */
export class Slices {
  readonly #now: () => number;
  #began: number;
  #before = 0;

  /** Begins the first slice. `now`: ms by a clock that only goes forward. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#began = now();
  }

  /** Whether the slice has taken long enough. */
  get isOver(): boolean {
    return this.#now() - this.#began >= SLICE_MS;
  }

  /** What all slices have taken until now, in ms. */
  get spent(): number {
    return this.#before + this.#now() - this.#began;
  }

  /** Lets the others have their turn, and begins another slice. */
  async next(): Promise<void> {
    this.#before = this.spent;
    await turns.turn("");
    this.#began = this.#now();
  }

  /** Begins another slice with this work; what was waited for it counts as no work. */
  anew<T>(work: () => T): T {
    this.#began = this.#now();
    return work();
  }
}
