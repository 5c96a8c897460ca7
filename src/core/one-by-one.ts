import { Turns } from "./turns.ts";

/**
 * Pieces of work that would hold everybody up if many came at once: one for each turn of the event loop, so that whatever
 * else has come is looked at in between, and one person after another, so that a long queue of one is not the others'.
 */
export class OneByOne {
  readonly #turns = new Turns(Number.POSITIVE_INFINITY);
  #due = false;

  /** Resolves when it is the turn of this piece. What waits is bounded by whoever holds the pieces. */
  turn(holder: string): Promise<void> {
    return new Promise((resolve) => {
      this.#turns.wait(holder, resolve);
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#due || !this.#turns.any) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      let free = true;
      this.#turns.serve(() => {
        const first = free;
        free = false;
        return first;
      });
      this.#serve();
    });
  }
}
