/** How often something outside is asked, whatever anybody sends. Times in ms. */
export interface PaceTimes {
  /** On average one look in so much time, and so many at once after a rest. */
  readonly everyMs: number;
  readonly atOnce: number;
  /** The wait after a look that failed; it doubles with each further one, up to the second. */
  readonly retryMs: number;
  readonly retryAtMostMs: number;
}

/** When the next look may begin. */
export interface FetchPace {
  /** How long until then, ms; 0: now. */
  waitMs(): number;
  /** Takes one. Only where nothing is to be waited for. */
  begin(): void;
  /** Says how it ended. */
  end(good: boolean): void;
}

/**
 * Makes the pace: of a bucket of `atOnce` looks one comes back every `everyMs`, so that a minute has at most
 * `60 s / everyMs + atOnce`; after failures they are further apart.
 */
export function createFetchPace(times: PaceTimes, now: () => number): FetchPace {
  // When the bucket is full again.
  let fullAt = Number.NEGATIVE_INFINITY;
  let notBefore = Number.NEGATIVE_INFINITY;
  let failures = 0;
  return {
    waitMs() {
      const at = now();
      return Math.max(0, fullAt - (times.atOnce - 1) * times.everyMs - at, notBefore - at);
    },
    begin() {
      fullAt = Math.max(fullAt, now()) + times.everyMs;
    },
    end(good) {
      failures = good ? 0 : failures + 1;
      notBefore = good
        ? Number.NEGATIVE_INFINITY
        : now() + Math.min(times.retryMs * 2 ** (failures - 1), times.retryAtMostMs);
    },
  };
}
