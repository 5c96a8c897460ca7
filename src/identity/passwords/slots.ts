/** Lets so many pieces of work run at a time, and so many more wait. */
export interface Slots {
  /** Runs it when there is room; `undefined`: too many wait already. Rejects as the work does. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined;
}

/** Makes them. First come, first served. */
export function createSlots(atOnce: number, maxWaiting: number): Slots {
  let running = 0;
  const waiting: (() => void)[] = [];
  async function within<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) await new Promise<void>((begin) => waiting.push(begin));
    else running++;
    try {
      return await work();
    } finally {
      // Whoever waits longest takes the place.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }
  return { run: (work) => (running >= atOnce && waiting.length >= maxWaiting ? undefined : within(work)) };
}
