import type { ApprovalRequest } from "../../core/approval.ts";
import type { Log } from "../../core/log.ts";
import type { ApprovalStore, StoredApproval } from "../../store/approvals/approvals.ts";
import type { Outbox } from "../../store/approvals/outbox.ts";
import { StoreError } from "../../store/store-error.ts";
import type { Transitions } from "./transitions.ts";

export interface SweepDeps {
  readonly store: ApprovalStore;
  readonly outbox: Outbox;
  readonly transitions: Transitions;
  view(stored: StoredApproval): ApprovalRequest;
  readonly now: () => number;
  readonly outboxMs: number;
  readonly log: Log;
}

/** So many requests are changed before other work gets its turn: each is a transaction of its own. */
const AT_ONCE = 10;
const DUE_PAGE = 500;
const RUNNABLE_PAGE = 100;
const WAITING_PAGE = 100;
/** So many requests that failed are remembered, so that each is told once. */
const MAX_FAILED = 1_000;
const PURGE_EVERY_MS = 3_600_000;

/** Makes the work of the scheduler: everything that time alone does. Any number of processes may do it at once. */
export function createSweep(deps: SweepDeps): () => Promise<void> {
  const { store, transitions, now } = deps;
  const failed = new Set<string>();
  let waitingChecked = false;
  let purgedAt = Number.NEGATIVE_INFINITY;

  /**
   * What was asked for under other rules than today's would be approved by people who may no longer do so, and what
   * somebody wrote into the database by people whom they chose.
   */
  async function checkWaiting(): Promise<void> {
    for (let after = ""; ; ) {
      const page = await store.waiting(after, WAITING_PAGE);
      const last = page.at(-1);
      if (last === undefined) break;
      for (const stored of page) {
        if (await transitions.holds(stored)) continue;
        await nextTurn();
      }
      after = last.record.id;
    }
    waitingChecked = true;
  }

  /** One request that cannot be changed, since somebody wrote into it, holds up no other. */
  async function step(id: string): Promise<boolean> {
    try {
      return await transitions.stepByTime(id);
    } catch (err) {
      if (!(err instanceof StoreError && err.code === "STORE_FAILED")) throw err;
      if (!failed.has(id)) deps.log.error({ err, request: id }, "An approval request that is due cannot be changed.");
      if (failed.size >= MAX_FAILED) failed.clear();
      failed.add(id);
      return false;
    }
  }

  async function doDue(): Promise<void> {
    for (;;) {
      const due = await store.due(now(), DUE_PAGE);
      let done = 0;
      for (const [index, id] of due.entries()) {
        if (await step(id)) done += 1;
        if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
      }
      if (due.length === 0) return;
      if (done === 0) {
        // Another process may have been faster with all of them. If not, it is told, and does not spin.
        const left = await store.due(now(), 1);
        if (left.length > 0)
          deps.log.warn({ request: left[0] }, "An approval request is due, and nothing can be done.");
        return;
      }
    }
  }

  return async () => {
    if (!waitingChecked) await checkWaiting();
    await doDue();
    const at = now();
    if (at - purgedAt >= PURGE_EVERY_MS) {
      await deps.outbox.purge(at - deps.outboxMs);
      purgedAt = at;
    }
    for (const stored of await store.runnable(at, RUNNABLE_PAGE)) transitions.offer(deps.view(stored));
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
