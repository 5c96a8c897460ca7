/** Does what was asked for soon, but never often: a storm of requests becomes few runs. */
export interface Coalescer<Key> {
  ask(key: Key): void;
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
  const asked = new Set<Key>();
  let timer: NodeJS.Timeout | undefined;

  const due = (): void => {
    timer = undefined;
    if (asked.size === 0) return;
    const keys = [...asked];
    asked.clear();
    timer = setTimeout(due, options.calmMs).unref();
    options.run(keys);
  };

  return {
    ask(key) {
      asked.add(key);
      timer ??= setTimeout(due, options.firstMs).unref();
    },
    close() {
      clearTimeout(timer);
      asked.clear();
    },
  };
}
