import { LRUCache } from "lru-cache";
import { randomId } from "../core/ids.ts";

/** How many calls that have paid may be away with a question at once. */
const MAX_RECEIPTS = 10_000;

/** What a call has done that its retry with an answer need not do again. */
export interface Paid {
  /** It has drawn on its budgets. */
  readonly drawn: boolean;
  /** The sign-in that was asked for, as a digest, and what satisfied it. */
  readonly signedIn: { readonly requirement: string; readonly by: "token" | "elevation" } | undefined;
}

/**
 * Proof of what a call has done, for a client that is sent away with a question and calls again with the
 * answer: that is one call still. Each serves once, so that a state played back twice is paid for twice. One that is not
 * remembered (a restart, another process) serves not at all: the retry is counted.
 */
export interface Receipts {
  issue(paid: Paid): string;
  /** What this one was issued for, if it was and is not yet redeemed. */
  redeem(receipt: string | undefined): Paid | undefined;
}

export function createReceipts(): Receipts {
  const outstanding = new LRUCache<string, Paid>({ max: MAX_RECEIPTS });
  return {
    issue(paid) {
      const receipt = randomId();
      outstanding.set(receipt, paid);
      return receipt;
    },
    redeem(receipt) {
      const paid = receipt === undefined ? undefined : outstanding.get(receipt);
      if (receipt !== undefined) outstanding.delete(receipt);
      return paid;
    },
  };
}
