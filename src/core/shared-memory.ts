/**
 * A bounded memory that principals share. When it is full, one that holds most loses what it used longest ago: whoever
 * holds no more than an equal part loses nothing, whatever the others do.
 */
export class SharedMemory<V> {
  readonly #max: number;
  readonly #held = new Map<string, Map<string, V>>();
  /** The holders by how much they hold. */
  readonly #bySize = new Map<number, Set<string>>();
  #most = 0;
  #size = 0;

  /** `max`: how many values are remembered at most, of all holders together. */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many values are remembered. */
  get size(): number {
    return this.#size;
  }

  /** What `holder` keeps under `key`, which counts as a use of it. */
  get(holder: string, key: string): V | undefined {
    const own = this.#held.get(holder);
    const value = own?.get(key);
    if (own === undefined || value === undefined) return undefined;
    own.delete(key);
    own.set(key, value);
    return value;
  }

  /** Remembers `value` for `holder` under `key`, in the place of what was there. */
  set(holder: string, key: string, value: V): void {
    this.delete(holder, key);
    const own = this.#held.get(holder) ?? new Map<string, V>();
    this.#held.set(holder, own);
    own.set(key, value);
    this.#resized(holder, own.size - 1, own.size);
    if (this.#size > this.#max) this.#forgetOne();
  }

  /** Forgets it. */
  delete(holder: string, key: string): void {
    const own = this.#held.get(holder);
    if (own?.delete(key) !== true) return;
    if (own.size === 0) this.#held.delete(holder);
    this.#resized(holder, own.size + 1, own.size);
  }

  #forgetOne(): void {
    const [holder] = this.#bySize.get(this.#most) ?? [];
    const [oldest] = (holder === undefined ? undefined : this.#held.get(holder)?.keys()) ?? [];
    if (holder !== undefined && oldest !== undefined) this.delete(holder, oldest);
  }

  #resized(holder: string, before: number, after: number): void {
    this.#size += after - before;
    const former = this.#bySize.get(before);
    former?.delete(holder);
    if (former?.size === 0) this.#bySize.delete(before);
    if (after > 0) {
      const peers = this.#bySize.get(after);
      if (peers === undefined) this.#bySize.set(after, new Set([holder]));
      else peers.add(holder);
    }
    // A size changes by one, so the next lower one is that of this holder at least.
    if (after > this.#most || !this.#bySize.has(this.#most)) this.#most = after;
  }
}
