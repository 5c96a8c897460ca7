import { performance } from "node:perf_hooks";
import type { Log } from "../core/log.ts";
import { type ActivityStore, LONG_STEP, SHORT_STEP } from "../store/activity/activity.ts";
import { countRows, LONG_KEPT_MS, SHORT_KEPT_MS } from "./count-rows.ts";

/** Counts the audit in the background. */
export interface RollUp {
  /** Begins: from then on it looks for new rows every few seconds, and counts what there is. */
  start(): void;
  /** Counts the next rows now, so many slices at most, for somebody who is about to look. @throws StoreError */
  catchUp(slices: number): Promise<void>;
  /** Ends after the slice under way. */
  close(): Promise<void>;
}

export interface RollUpTiming {
  /** How long until it looks for new rows again, ms. */
  readonly everyMs: number;
  /** Rows in one slice: a few milliseconds of work. */
  readonly sliceRows: number;
}

export interface RollUpDeps {
  readonly store: ActivityStore;
  /** Names this process. */
  readonly owner: string;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly timing?: Partial<RollUpTiming>;
}

/** A process that counts is left alone by others for so long after its last slice, ms. */
const OWNED_MS = 10_000;

/** Between slices the loop is left to others: for three times as long as a slice took, or 25 times where it is busy. */
const PAUSE = 3;
const BUSY_PAUSE = 25;
const BUSY = 0.7;

/** Makes the counter of one process. Each slice is counted exactly once, by whichever process. */
export function createRollUp(deps: RollUpDeps): RollUp {
  const { store, owner, now, log } = deps;
  const { everyMs, sliceRows }: RollUpTiming = { everyMs: 2_000, sliceRows: 250, ...deps.timing };
  let working: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let failing = false;
  let loop = performance.eventLoopUtilization();

  /** One piece of work at a time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = working.then(work);
    working = result.catch(() => {});
    return result;
  }

  /** Counts one slice. `done`: there are no more rows, or another process counts them. */
  async function slice(): Promise<{ readonly done: boolean; readonly tookMs: number }> {
    if (closed) return { done: true, tookMs: 0 };
    const begin = performance.now();
    const found = await store.next(owner, now(), sliceRows);
    if (found === undefined || found.rows.length === 0) return { done: true, tookMs: 0 };
    const counted = await store.count(found, countRows(found.rows, now()), { id: owner, until: now() + OWNED_MS });
    return { done: counted && found.rows.length < sliceRows, tookMs: performance.now() - begin };
  }

  function pauseAfter(tookMs: number): number {
    const since = performance.eventLoopUtilization(loop);
    loop = performance.eventLoopUtilization();
    return Math.max(1, tookMs * (since.utilization > BUSY ? BUSY_PAUSE : PAUSE));
  }

  async function step(): Promise<number> {
    const { done, tookMs } = await slice();
    if (!done) return pauseAfter(tookMs);
    if (closed) return everyMs;
    const forgotten =
      (await store.forget(SHORT_STEP, now() - SHORT_KEPT_MS - SHORT_STEP)) ||
      (await store.forget(LONG_STEP, now() - LONG_KEPT_MS - LONG_STEP));
    return forgotten ? pauseAfter(1) : everyMs;
  }

  function again(ms: number): void {
    if (closed) return;
    timer = setTimeout(() => {
      inTurn(step).then(
        (pause) => {
          if (failing) log.info({}, "The audit is counted again.");
          failing = false;
          again(pause);
        },
        (err: unknown) => {
          // Counts are a convenience: whatever they lack is still in the audit, and is counted later.
          if (!failing) log.warn({ err }, "The audit cannot be counted. Figures about activity stay behind.");
          failing = true;
          again(everyMs);
        },
      );
    }, ms);
    timer.unref();
  }

  return {
    start() {
      if (timer === undefined) again(0);
    },
    async catchUp(slices) {
      for (let left = slices; left > 0; left -= 1) if ((await inTurn(slice)).done) return;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await working;
      await store.release(owner).catch(() => {});
    },
  };
}
