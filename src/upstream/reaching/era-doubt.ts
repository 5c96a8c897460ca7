/** When it is found out again which era a server speaks: what it answers can look wrong in an honest server, too. */
export interface EraDoubt {
  /** The HTTP status of the answer to a message. Whether so many were refused in a row that the era is in doubt. */
  refused(status: number): boolean;
  /** Whether it may be found out again now; then it counts as done. `ageMs`: for how long it has been known. */
  take(ageMs: number): boolean;
}

/** What servers answer who are spoken to in the other era, besides redirects and errors of their own. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 405]);
const IN_A_ROW = 3;
/** Not sooner than so long after the last time, and twice as late after each in a row. */
const MIN_MS = 1_000;
const MAX_MS = 5 * 60_000;

/** Begins without a doubt. */
export function createEraDoubt(now: () => number): EraDoubt {
  let row = 0;
  let delayMs = MIN_MS;
  let last = Number.NEGATIVE_INFINITY;
  return {
    refused(status) {
      if (REFUSALS.has(status)) row += 1;
      else if (status < 300) row = 0;
      return row >= IN_A_ROW;
    },
    take(ageMs) {
      const at = now();
      if (at - last >= 2 * MAX_MS) delayMs = MIN_MS;
      if (ageMs < delayMs) return false;
      row = 0;
      last = at;
      delayMs = Math.min(2 * delayMs, MAX_MS);
      return true;
    },
  };
}
