/**
 * Those who wait for something scarce: a bounded queue per person, served one person after another, so that a
 * long queue of one is no longer wait for the others.
 */
export class Turns {
  readonly #maxPerHolder: number;
  readonly #waiting = new Map<string, Set<() => void>>();

  /** `maxPerHolder`: how many of one person may wait at once. */
  constructor(maxPerHolder: number) {
    this.#maxPerHolder = maxPerHolder;
  }

  /** Puts `begin` last in the queue of its holder; returns how to leave it. `undefined` when that queue is full. */
  wait(holder: string, begin: () => void): (() => void) | undefined {
    const queue = this.#waiting.get(holder) ?? new Set();
    if (queue.size >= this.#maxPerHolder) return undefined;
    queue.add(begin);
    this.#waiting.set(holder, queue);
    return () => {
      queue.delete(begin);
      if (queue.size === 0 && this.#waiting.get(holder) === queue) this.#waiting.delete(holder);
    };
  }

  /** Whether anybody waits. */
  get any(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether somebody of this principal waits already. */
  awaited(holder: string): boolean {
    return this.#waiting.has(holder);
  }

  /** Lets go who may: the first of each principal in turn, until nobody may. `claim` takes what was waited for. */
  serve(claim: (holder: string) => boolean): void {
    let refused = 0;
    while (refused < this.#waiting.size) {
      const [holder, queue] = this.#waiting.entries().next().value ?? [];
      if (holder === undefined || queue === undefined) return;
      this.#waiting.delete(holder);
      const [begin] = queue;
      if (begin !== undefined && claim(holder)) {
        queue.delete(begin);
        refused = 0;
        if (queue.size > 0) this.#waiting.set(holder, queue);
        begin();
      } else {
        this.#waiting.set(holder, queue);
        refused++;
      }
    }
  }
}
