import { isBusy } from "../store-error.ts";

/**
 * Runs a synchronous piece of work on the database, and again while another connection holds the lock, for up to
 * `waitMs`. The waiting is done here and not by SQLite's busy handler, because that one would stop the event loop.
 * @throws what `work` threw last
 */
export async function whileBusy<T>(waitMs: number, work: () => T): Promise<T> {
  let waited = 0;
  // Most locks are another process's commit, gone in a fraction of a millisecond.
  for (let pause = 0; ; pause = Math.min(Math.max(1, pause * 2), 32)) {
    try {
      return work();
    } catch (err) {
      if (!isBusy(err) || waited >= waitMs) throw err;
    }
    const ms = pause;
    await new Promise<void>((resolve) => {
      if (ms === 0) setImmediate(resolve);
      else setTimeout(resolve, ms);
    });
    waited += ms;
  }
}
