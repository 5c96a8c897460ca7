import { LimitExceeded } from "./evaluation-failure.ts";

/**
 * How much conditions may work, in steps. A step is about what the engine takes to look at one node of a condition,
 * 40 to 60 ns on the machine of the benchmarks: a decision stays below 50 ms. Steps are counted, not timed, so that equal
 * calls are decided alike everywhere and at any time. See decision 014.
 */
export const WORK_LIMITS = { perCondition: 250_000, perDecision: 500_000 } as const;

/** What evaluating the conditions of one decision has cost so far. */
export class Work {
  #left: number = WORK_LIMITS.perDecision;
  #leftOfCondition: number = WORK_LIMITS.perCondition;

  /** Another condition or expression begins. */
  begin(): void {
    this.#leftOfCondition = WORK_LIMITS.perCondition;
  }

  /** Counts steps. @throws LimitExceeded beyond a limit, and again for every further step */
  spend(steps: number): void {
    this.#left -= steps;
    this.#leftOfCondition -= steps;
    if (this.#left < 0 || this.#leftOfCondition < 0) throw new LimitExceeded(this.excess ?? "");
  }

  /** Counts steps that were taken already. @throws never */
  note(steps: number): void {
    this.#left -= steps;
  }

  /** The most that can still be spent. */
  get left(): number {
    return Math.min(this.#left, this.#leftOfCondition);
  }

  /** Why nothing more can be spent, if so. The engine can swallow what `spend` throws: false and an error is false. */
  get excess(): string | undefined {
    if (this.#leftOfCondition < 0) return `it takes more than ${WORK_LIMITS.perCondition} steps for this call`;
    return this.excessOfDecision;
  }

  /** The same of all conditions together: no other can be evaluated. */
  get excessOfDecision(): string | undefined {
    if (this.#left >= 0) return undefined;
    return `the conditions about this call take more than ${WORK_LIMITS.perDecision} steps together`;
  }
}
