import type { ApprovalNotice } from "../../core/approval.ts";

/** A notification on its way to one notifier. */
export interface OutboxMessage {
  /** 1 and up, in the order of what happened. */
  readonly id: number;
  /** `request:kind:stage:notifier`: the same from attempt to attempt, for receivers that de-duplicate. */
  readonly dedupeKey: string;
  /** Name of the notifier. */
  readonly notifier: string;
  readonly notice: ApprovalNotice;
  /** Attempts, this one included. */
  readonly attempts: number;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** Where a message stands. `dead`: given up. */
export type OutboxState = "waiting" | "done" | "dead";

/** A message as operators see it. */
export interface OutboxEntry extends OutboxMessage {
  readonly state: OutboxState;
  /** When it is tried next, or when its present attempt counts as failed; ms since the epoch. */
  readonly nextAt: number;
  /** When it was delivered or given up. */
  readonly endedAt: number | undefined;
  readonly lastError: string | undefined;
}

export interface OutboxFilter {
  readonly state?: OutboxState;
  readonly notifier?: string;
  readonly requestId?: string;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: number;
}

export interface OutboxPage {
  /** The newest first. */
  readonly entries: readonly OutboxEntry[];
  readonly nextCursor: number | undefined;
}

/** Notifications that were written with what they tell of, and wait to be sent. All methods throw StoreError only. */
export interface Outbox {
  /**
   * Takes up to `limit` messages that are due, for `leaseMs`: nobody else gets them in that time, and they are due again
   * after it unless `done` or `failed` was said. To one notifier about one request they come in order: a later one waits
   * until the earlier one is done or given up. Those to a notifier of `except` stay, so that a slow one keeps nobody
   * else's back. One that no gateway wrote is given up.
   */
  claimDue(now: number, limit: number, leaseMs: number, except?: readonly string[]): Promise<readonly OutboxMessage[]>;
  done(id: number, at: number): Promise<void>;
  /** `nextAt`: when to try again; `undefined` gives it up. `error` is for operators: no secrets, no contents. */
  failed(id: number, error: string, at: number, nextAt: number | undefined): Promise<void>;
  /** Puts a message that was given up back into the queue; whether there was one. */
  retry(id: number, at: number): Promise<boolean>;
  /** When the next message is due; `undefined` if none waits. */
  nextDue(): Promise<number | undefined>;
  list(filter: OutboxFilter): Promise<OutboxPage>;
  /** How many wait and how many were given up, by notifier. */
  counts(): Promise<readonly { readonly notifier: string; readonly waiting: number; readonly dead: number }[]>;
  /** Removes what ended before `before`. */
  purge(before: number): Promise<number>;
}
