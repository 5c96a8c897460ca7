/** So much of late (ms) is much. */
const MUCH_MS = 500;
/** In so long (ms) half of what a source took is forgotten. */
const HALF_MS = 10_000;
const MAX_SOURCES = 1_000;

/** Which servers' results took much time of late. */
export class HeavySources {
  readonly #now: () => number;
  readonly #taken = new Map<string, { readonly ms: number; readonly at: number }>();

  /** `now`: ms by a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now;
  }

  has(source: string): boolean {
    return this.#takenBy(source) >= MUCH_MS;
  }

  /** Takes note that a result of it took so long, in ms. */
  add(source: string, ms: number): void {
    const taken = this.#takenBy(source) + ms;
    this.#taken.delete(source);
    this.#taken.set(source, { ms: taken, at: this.#now() });
    const [oldest] = this.#taken.keys();
    if (this.#taken.size > MAX_SOURCES && oldest !== undefined) this.#taken.delete(oldest);
  }

  #takenBy(source: string): number {
    const taken = this.#taken.get(source);
    return taken === undefined ? 0 : taken.ms * 0.5 ** ((this.#now() - taken.at) / HALF_MS);
  }
}
