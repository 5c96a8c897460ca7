/** One budget that a call draws on. */
export interface RateLimitUse {
  /** What is counted: policy id and key, any length. It is stored as a hash only. */
  readonly counter: string;
  /** The most that one window lets through. */
  readonly limit: number;
  /** Above 0. A window begins with the first call that is counted in it, and ends so much later, all at once. */
  readonly windowMs: number;
  /** 0 or more, may be a fraction. */
  readonly cost: number;
}

/** What became of a call's draw on its budgets. */
export type RateLimitVerdict =
  | { readonly ok: true }
  /** `index`: of the first use that is exceeded. `retryAfterMs`: until its window ends, above 0. */
  | { readonly ok: false; readonly index: number; readonly retryAfterMs: number };

/** Budgets that outlive the process and are shared by all processes on one file. */
export interface RateLimits {
  /**
   * Counts a call against all of its limits, all or none: a call that is refused by one costs nothing in any. A cost
   * above the whole limit can never pass; `retryAfterMs` is `windowMs` then. Time is the system's clock.
   * @throws StoreError, and nothing was counted
   */
  use(uses: readonly RateLimitUse[]): Promise<RateLimitVerdict>;
  /**
   * Gives back what was counted no later than `drawnAt` (ms since the epoch), where its window is still open: a window that began
   * later has nothing of it. @throws StoreError, and nothing was given back
   */
  giveBack(uses: readonly RateLimitUse[], drawnAt: number): Promise<void>;
}
