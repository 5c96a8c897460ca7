import type { Cancellation } from "../core/cancellation.ts";
import type { Log } from "../core/log.ts";
import type { ChallengeState } from "../core/step-up.ts";

export interface WaitersDeps {
  /** At most so many at once. */
  readonly max: number;
  readonly pollMs: number;
  /** States of these challenges, in one query. */
  states(ids: readonly string[]): Promise<ReadonlyMap<string, ChallengeState>>;
  readonly log: Log;
}

/** One wait under way. */
export interface Wait {
  readonly over: Promise<void>;
  stop(): void;
}

/** Those who wait for challenges to end. */
export interface Waiters {
  /** Over when the challenge ends, after `ms`, or when cancelled; at once if too many wait already. */
  wait(id: string, ms: number, cancellation: Cancellation | undefined): Wait;
  /** Tells that this process has seen a challenge end. */
  ended(id: string): void;
  readonly size: number;
  /** Answers everybody, from now on at once. */
  close(): void;
}

/**
 * Waiters are woken by what happens in this process. For other processes the store is asked, for all waiters in one
 * query, and only while there are any.
 */
export function createWaiters(deps: WaitersDeps): Waiters {
  const waiting = new Map<string, Set<() => void>>();
  let size = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let asking = false;

  function ended(id: string): void {
    for (const settle of [...(waiting.get(id) ?? [])]) settle();
  }

  function poll(): void {
    if (timer !== undefined || asking || size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      asking = true;
      void ask().finally(() => {
        asking = false;
        poll();
      });
    }, deps.pollMs);
    timer.unref();
  }

  async function ask(): Promise<void> {
    try {
      for (const [id, state] of await deps.states([...waiting.keys()])) if (state !== "open") ended(id);
    } catch (err) {
      // Everybody waits on, and is answered after their time.
      deps.log.warn({ err }, "The store does not tell whether sign-ins have been made.");
    }
  }

  return {
    wait(id, ms, cancellation) {
      if (closed || size >= deps.max) return { over: Promise.resolve(), stop() {} };
      let settle = (): void => {};
      const over = new Promise<void>((resolve) => {
        settle = resolve;
      });
      let stopListening = (): void => {};
      const stop = (): void => {
        const others = waiting.get(id);
        if (others?.delete(stop) !== true) return;
        if (others.size === 0) waiting.delete(id);
        size -= 1;
        clearTimeout(timeout);
        stopListening();
        settle();
      };
      const timeout = setTimeout(stop, Math.max(ms, 0));
      waiting.set(id, (waiting.get(id) ?? new Set()).add(stop));
      size += 1;
      stopListening = cancellation?.onCancel(stop) ?? stopListening;
      poll();
      return { over, stop };
    },
    ended,
    get size() {
      return size;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      timer = undefined;
      for (const id of [...waiting.keys()]) ended(id);
    },
  };
}
