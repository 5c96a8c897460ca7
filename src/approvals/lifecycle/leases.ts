import type { Log } from "../../core/log.ts";

export interface LeasesDeps {
  readonly leaseMs: number;
  readonly now: () => number;
  /** Gives these runs of this process until then; how many there are. */
  renew(executions: readonly string[], leaseUntil: number): Promise<number>;
  readonly log: Log;
}

/** The signs of life of what this process runs. */
export interface Leases {
  /** The end of a lease that begins now. */
  next(): number;
  started(executionId: string): void;
  ended(executionId: string): void;
  close(): void;
}

/** So often is a lease renewed within its time: two may fail. */
const RENEWALS = 3;

/** Renews the leases of this process's runs, all in one statement, while there are any. */
export function createLeases(deps: LeasesDeps): Leases {
  const running = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function schedule(): void {
    if (timer !== undefined || closed || running.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      void renew().finally(schedule);
    }, deps.leaseMs / RENEWALS);
    timer.unref();
  }

  async function renew(): Promise<void> {
    if (running.size === 0) return;
    try {
      // By name: one whose end could not be written down has ended here, and must not live on by the others' signs.
      await deps.renew([...running], deps.now() + deps.leaseMs);
    } catch (err) {
      deps.log.warn({ err, runs: running.size }, "The store does not hear that approved calls still run.");
    }
  }

  return {
    next: () => deps.now() + deps.leaseMs,
    started(executionId) {
      running.add(executionId);
      schedule();
    },
    ended(executionId) {
      running.delete(executionId);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
