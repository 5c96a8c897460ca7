import type { Allowed, Decision, RateLimit } from "../../core/decision.ts";
import { waitText } from "../../core/duration.ts";
import type { Log } from "../../core/log.ts";
import type { MarkHash } from "../../redaction/redact.ts";
import type { RateLimits } from "../../store/rate-limits/rate-limits.ts";

/** Draws a call on the budgets that its decision names. */
export interface RateLimitGuard {
  /**
   * Counts the call: the same decision if it fits, one that refuses it if it does not, and `undefined` if the counters
   * cannot be reached, which is no reason to let it through. @throws never
   */
  draw(decision: Allowed, limits: readonly RateLimit[]): Promise<Decision | undefined>;
  /** Gives back what was drawn for this decision, if anything was: it was not carried out. @throws never */
  giveBack(decision: Decision): Promise<void>;
}

/**
 * Makes them. A counter may be for the value of an argument (`rate_limit.key`), which may be few enough to be tried: the
 * counters are kept under keyed hashes, see `ARGUMENTS_DIGEST`.
 */
export function createRateLimitGuard(deps: {
  readonly rateLimits: RateLimits;
  readonly hash: MarkHash;
  readonly log: Log;
}): RateLimitGuard {
  const usesOf = (limits: readonly RateLimit[]) =>
    limits.map((limit) => ({ ...limit, counter: deps.hash(`rate limit\n${limit.counter}`) }));
  /** By decision: what was drawn for it, and when, ms since the epoch. */
  const drawn = new WeakMap<Decision, { readonly limits: readonly RateLimit[]; readonly at: number }>();
  return {
    async draw(decision, limits) {
      try {
        const verdict = await deps.rateLimits.use(usesOf(limits));
        if (verdict.ok) {
          drawn.set(decision, { limits, at: Date.now() });
          return decision;
        }
        const limit = limits[verdict.index];
        if (limit === undefined) throw new RangeError("The counters refuse a call for a limit that it does not have.");
        return exceeded(decision, limit, verdict.retryAfterMs);
      } catch (err) {
        deps.log.error({ err }, "A call was refused, because its rate limits could not be counted.");
        return undefined;
      }
    },
    async giveBack(decision) {
      const taken = drawn.get(decision);
      if (taken === undefined) return;
      drawn.delete(decision);
      try {
        await deps.rateLimits.giveBack(usesOf(taken.limits), taken.at);
      } catch (err) {
        deps.log.warn(
          { err },
          "What a call had drawn on its rate limits could not be given back: they hold less until they open anew.",
        );
      }
    },
  };
}

function exceeded(decision: Allowed, { policy, message }: RateLimit, retryAfterMs: number): Decision {
  const { matched, unapplied, set, hidden } = decision;
  const report = { matched, set, ...(unapplied && { unapplied }), ...(hidden && { hidden }) };
  const text = `${message} Try again in ${waitText(retryAfterMs)}.`;
  return { ...report, effect: "rate_limit", policy, message: text, retryAfterMs };
}
