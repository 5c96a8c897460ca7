import type { Log } from "../../core/log.ts";

export interface SchedulerDeps {
  /** Does everything that is due. */
  work(): Promise<void>;
  /** When something is due next, ms since the epoch. */
  nextDue(): Promise<number | undefined>;
  readonly now: () => number;
  /** It looks at least so often: other processes make work, too, and may be gone when it is due. */
  readonly lookMs: number;
  readonly log: Log;
}

/** Does things at their time. */
export interface Scheduler {
  /** There is something to do at `at`: wakes it earlier if it would sleep longer. */
  wakeAt(at: number): void;
  /** Ends; resolves once what runs is done. */
  close(): Promise<void>;
}

/** What is due at once is done at most so often, so that a fault cannot make it spin. */
const LEAST_PAUSE_MS = 5;
const AFTER_FAULT_MS = 1_000;

/** Starts a scheduler: it works once now, and from then on whenever something is due. */
export function startScheduler(deps: SchedulerDeps): Scheduler {
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  let working = false;
  let last: Promise<void> = Promise.resolve();
  let closed = false;

  function sleepUntil(at: number): void {
    if (closed) return;
    clearTimeout(timer);
    wakesAt = at;
    const ms = Math.min(Math.max(at - deps.now(), LEAST_PAUSE_MS), deps.lookMs);
    timer = setTimeout(wake, ms);
    // Approvals wait in the store; they are no reason to keep a process alive.
    timer.unref();
  }

  function wake(): void {
    timer = undefined;
    wakesAt = Number.POSITIVE_INFINITY;
    working = true;
    last = run();
  }

  async function run(): Promise<void> {
    let next: number;
    try {
      await deps.work();
      next = (await deps.nextDue()) ?? Number.POSITIVE_INFINITY;
    } catch (err) {
      // After the end the store is gone, and nothing is wrong with that.
      if (!closed) deps.log.error({ err }, "What is due for approval requests could not be done. It is tried again.");
      next = deps.now() + AFTER_FAULT_MS;
    }
    working = false;
    // Somebody may have asked for an earlier time meanwhile.
    sleepUntil(Math.min(next, wakesAt));
  }

  sleepUntil(deps.now());
  return {
    wakeAt(at) {
      if (working) wakesAt = Math.min(wakesAt, at);
      else if (at < wakesAt) sleepUntil(at);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await last;
    },
  };
}
