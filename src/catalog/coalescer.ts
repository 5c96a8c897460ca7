/** Does what was asked for soon, but never often: a storm of requests becomes few runs. */
export interface Coalescer<Key> {
  request(key: Key): void;
  close(): void;
}

/**
 * Collects keys and runs with all of them `firstMs` after the first one; what comes in the `calmMs` after a run waits for
 * their end. Nothing asked for is ever left out.
 */
export function createCoalescer<Key>(options: {
  readonly firstMs: number;
  readonly calmMs: number;
  run(keys: readonly Key[]): void;
}): Coalescer<Key> {
  const requested = new Set<Key>();
  let timer: NodeJS.Timeout | undefined;

  const due = (): void => {
    timer = undefined;
    if (requested.size === 0) return;
    const keys = [...requested];
    requested.clear();
    timer = setTimeout(due, options.calmMs).unref();
    options.run(keys);
  };

  return {
    request(key) {
      requested.add(key);
      timer ??= setTimeout(due, options.firstMs).unref();
    },
    close() {
      clearTimeout(timer);
      requested.clear();
    },
  };
}
