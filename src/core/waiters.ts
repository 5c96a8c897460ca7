import type { Cancellation } from "./cancellation.ts";
import type { Log } from "./log.ts";

/** One who waits for something to get past a version. */
interface Waiter {
  readonly afterVersion: number;
  readonly settle: () => void;
}

export interface WaitersDeps {
  /** At most so many at once. */
  readonly max: number;
  readonly pollMs: number;
  /** Versions of these, in one query of the store. */
  versions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** What is waited for, as the log calls it. */
  readonly what: string;
  readonly log: Log;
}

/** One wait under way. */
export interface Wait {
  readonly over: Promise<void>;
  stop(): void;
}

/** Those who wait for things in the store to change. */
export interface Waiters {
  /**
   * Over once the version is above `afterVersion`, or after `ms`, or when cancelled; at once if too many wait already.
   * Begins to listen before it returns, so that whoever reads the store afterwards misses nothing.
   */
  wait(id: string, afterVersion: number, ms: number, cancellation: Cancellation | undefined): Wait;
  /** Tells of a version that this process has seen. */
  saw(id: string, version: number): void;
  readonly size: number;
  /** Answers everybody, from now on at once. */
  close(): void;
}

/** The longest time that a timer can be set to. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Waiters are woken by what happens in this process. For other processes the store is asked, for all waiters in one
 * query, and only while there are any.
 */
export function createWaiters(deps: WaitersDeps): Waiters {
  const waiting = new Map<string, Set<Waiter>>();
  let size = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let polling = false;

  function saw(id: string, version: number): void {
    for (const waiter of [...(waiting.get(id) ?? [])]) {
      if (version > waiter.afterVersion) waiter.settle();
    }
  }

  function poll(): void {
    if (timer !== undefined || polling || size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      polling = true;
      void ask().finally(() => {
        polling = false;
        poll();
      });
    }, deps.pollMs);
    timer.unref();
  }

  async function ask(): Promise<void> {
    try {
      for (const [id, version] of await deps.versions([...waiting.keys()])) saw(id, version);
    } catch (err) {
      // Everybody waits on, and is answered after their time.
      deps.log.warn({ err, what: deps.what }, "The store does not tell whether what is waited for has changed.");
    }
  }

  return {
    wait(id, afterVersion, ms, cancellation) {
      if (closed || size >= deps.max) return { over: Promise.resolve(), stop() {} };
      let settle = (): void => {};
      const over = new Promise<void>((resolve) => {
        settle = resolve;
      });
      let stopListening = (): void => {};
      const waiter: Waiter = {
        afterVersion,
        settle() {
          if (!remove(waiting, id, waiter)) return;
          size -= 1;
          clearTimeout(timeout);
          stopListening();
          settle();
        },
      };
      const timeout = setTimeout(waiter.settle, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
      add(waiting, id, waiter);
      size += 1;
      stopListening = cancellation?.onCancel(waiter.settle) ?? stopListening;
      poll();
      return { over, stop: waiter.settle };
    },
    saw,
    get size() {
      return size;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      timer = undefined;
      for (const waiters of [...waiting.values()]) for (const waiter of [...waiters]) waiter.settle();
    },
  };
}

function add(waiting: Map<string, Set<Waiter>>, id: string, waiter: Waiter): void {
  const waiters = waiting.get(id) ?? new Set();
  waiters.add(waiter);
  waiting.set(id, waiters);
}

/** Whether it was there. */
function remove(waiting: Map<string, Set<Waiter>>, id: string, waiter: Waiter): boolean {
  const waiters = waiting.get(id);
  if (waiters?.delete(waiter) !== true) return false;
  if (waiters.size === 0) waiting.delete(id);
  return true;
}
