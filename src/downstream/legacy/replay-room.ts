import type { ReplayBudget } from "./replay.ts";

/** Bytes that are held for replay: of all sessions, and of all sessions of each principal that has any. */
export class ReplayRoom {
  readonly total: ReplayBudget = { bytes: 0 };
  readonly #own = new Map<string, { readonly budget: ReplayBudget; sessions: number }>();

  /** Counts one more session of `holder`; what all of its sessions hold. */
  enter(holder: string): ReplayBudget {
    const own = this.#own.get(holder) ?? { budget: { bytes: 0 }, sessions: 0 };
    this.#own.set(holder, own);
    own.sessions += 1;
    return own.budget;
  }

  /** Counts one less, which holds nothing any more. */
  leave(holder: string): void {
    const own = this.#own.get(holder);
    if (own === undefined) return;
    own.sessions -= 1;
    if (own.sessions === 0) this.#own.delete(holder);
  }
}
