import { randomId } from "../../core/ids.ts";
import { SharedMemory } from "../../core/shared-memory.ts";

/** How many calls that were charged may be away with a question at once. */
const MAX_TOKENS = 10_000;

/** What a call has done that its retry with an answer need not do again. */
export interface Charged {
  /** It has drawn on its budgets. */
  readonly drawn: boolean;
  /** The sign-in that was asked for, as a digest, and what satisfied it. */
  readonly signedIn: { readonly requirement: string; readonly by: "token" | "elevation" } | undefined;
}

/**
 * Proof of what a call has done, for a client that is sent away with a question and calls again with the
 * answer: that is one call still. Each serves its principal once, so that a state played back twice is charged twice. One that is not
 * remembered (a restart, another process) serves not at all: the retry is counted.
 */
export interface RetryTokens {
  /** `holder`: `principalKey` of who was charged. */
  issue(holder: string, charged: Charged): string;
  /** What this one was issued for, if it was for this principal and is not yet exchanged. */
  exchange(holder: string, token: string | undefined): Charged | undefined;
}

/** `max`: how many are remembered at most, of all principals together. */
export function createRetryTokens(max = MAX_TOKENS): RetryTokens {
  const outstanding = new SharedMemory<Charged>(max);
  return {
    issue(holder, charged) {
      const token = randomId();
      outstanding.set(holder, token, charged);
      return token;
    },
    exchange(holder, token) {
      if (token === undefined) return undefined;
      const charged = outstanding.get(holder, token);
      outstanding.delete(holder, token);
      return charged;
    },
  };
}
