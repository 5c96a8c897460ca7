/** How long, and how much of it, is remembered. */
export interface ByteMemoryOptions {
  /** Of all values together; one alone has half of it at most. */
  readonly maxBytes: number;
  /** For how long after its last use, ms. */
  readonly keepMs: number;
}

/** A memory bounded in bytes and in time: what was used longest ago is lost first, and what nobody uses for a while is. */
export class ByteMemory<V> {
  readonly #options: ByteMemoryOptions;
  readonly #held = new Map<string, { readonly value: V; readonly bytes: number; readonly timer: NodeJS.Timeout }>();
  #bytes = 0;

  constructor(options: ByteMemoryOptions) {
    this.#options = options;
  }

  /** What is kept under `key`, which counts as a use of it. */
  get(key: string): V | undefined {
    const found = this.#held.get(key);
    if (found === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, found);
    found.timer.refresh();
    return found.value;
  }

  /** Keeps `value` under `key`, in the place of what was there. `bytes`: what it takes, about. */
  set(key: string, value: V, bytes: number): void {
    this.delete(key);
    const { maxBytes, keepMs } = this.#options;
    if (bytes > maxBytes / 2) return;
    const timer = setTimeout(() => this.delete(key), keepMs).unref();
    this.#held.set(key, { value, bytes, timer });
    this.#bytes += bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= maxBytes) return;
      this.delete(oldest);
    }
  }

  /** Forgets it. */
  delete(key: string): void {
    const found = this.#held.get(key);
    if (found === undefined) return;
    clearTimeout(found.timer);
    this.#held.delete(key);
    this.#bytes -= found.bytes;
  }
}
