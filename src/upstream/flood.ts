/** Counts messages that are no answers, and says when there are too many. */
export interface Flood {
  /** Counts one; whether it still is within bounds. */
  take(): boolean;
}

/** How many messages may come at once, and how many more each second. */
export interface FloodLimits {
  readonly burst: number;
  readonly perSecond: number;
}

/** For messages over one connection. Honest servers send a few a second. */
const UNASKED: FloodLimits = { burst: 2_000, perSecond: 500 };
/** For lines in the log about one connection. */
export const LOGGED: FloodLimits = { burst: 20, perSecond: 0.2 };

/** What is said of a connection that went beyond. */
export const FLOOD_DETAIL = `It sent more than ${UNASKED.burst} messages at once that are no answers.`;

/** A full allowance. `now` is in ms. */
export function createFlood(now: () => number, { burst, perSecond }: FloodLimits = UNASKED): Flood {
  let left = burst;
  let at = now();
  return {
    take() {
      if (left >= 1) {
        left--;
        return true;
      }
      const passed = now() - at;
      at += passed;
      left = Math.min(burst, left + (Math.max(0, passed) * perSecond) / 1000);
      if (left < 1) return false;
      left--;
      return true;
    },
  };
}
