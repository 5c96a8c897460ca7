import { LRUCache } from "lru-cache";
import { randomId } from "../core/ids.ts";

/** How many calls that have paid may be away with a question at once. */
const MAX_RECEIPTS = 10_000;

/**
 * Proof that a call has drawn on its budgets, for a client that is sent away with a question and calls again with the
 * answer: that is one call still. Each serves once, so that a state played back twice is paid for twice. One that is not
 * remembered (a restart, another process) serves not at all: the retry is counted.
 */
export interface Receipts {
  issue(): string;
  /** Whether this one was issued and not yet redeemed. */
  redeem(receipt: string | undefined): boolean;
}

export function createReceipts(): Receipts {
  const outstanding = new LRUCache<string, true>({ max: MAX_RECEIPTS });
  return {
    issue() {
      const receipt = randomId();
      outstanding.set(receipt, true);
      return receipt;
    },
    redeem: (receipt) => receipt !== undefined && outstanding.delete(receipt),
  };
}
