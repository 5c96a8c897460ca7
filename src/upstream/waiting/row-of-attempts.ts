/** What has lasted so long, in ms, counts as a success. */
export const STABLE_MS = 10_000;

/**
 * Counts attempts in a row at something that should last: a stream, a connection. One that opened and ended soon, without
 * having brought anything, is another failure: otherwise it would be opened again many times a second, for ever.
 */
export class RowOfAttempts {
  readonly #now: () => number;
  #count = 0;
  #openedAt: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** It is open. */
  opened(): void {
    this.#openedAt = this.#now();
  }

  /** It has brought something. */
  useful(): void {
    this.#count = 0;
  }

  /** It has ended, or did not open: the number of the next attempt in a row, 0 for the first. */
  next(): number {
    if (this.#openedAt !== undefined && this.#now() - this.#openedAt >= STABLE_MS) this.#count = 0;
    this.#openedAt = undefined;
    return this.#count++;
  }
}
