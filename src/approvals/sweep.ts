import type { ApprovalRequest } from "../core/approval.ts";
import type { Log } from "../core/log.ts";
import type { Persons } from "../core/persons.ts";
import type { PrincipalNow } from "../identity/principal-now.ts";
import type { ApprovalStore, StoredApproval } from "../store/approvals.ts";
import type { Outbox } from "../store/outbox.ts";
import { changedFlow, flowChanged } from "./combine-flows.ts";
import type { ApprovalFlow } from "./flow.ts";
import type { SealedTexts } from "./sealed-parts.ts";
import type { Transitions } from "./transitions.ts";

export interface SweepDeps {
  readonly store: ApprovalStore;
  readonly outbox: Outbox;
  readonly flows: readonly ApprovalFlow[];
  readonly transitions: Transitions;
  readonly texts: Pick<SealedTexts, "openRequester">;
  readonly persons: Persons;
  readonly principalNow: PrincipalNow;
  view(stored: StoredApproval): ApprovalRequest;
  readonly now: () => number;
  readonly outboxMs: number;
  readonly log: Log;
}

/** So many requests are changed before other work gets its turn: each is a transaction of its own. */
const AT_ONCE = 10;
const DUE_PAGE = 500;
const RUNNABLE_PAGE = 100;
const PURGE_EVERY_MS = 3_600_000;

/** Makes the work of the scheduler: everything that time alone does. Any number of processes may do it at once. */
export function createSweep(deps: SweepDeps): () => Promise<void> {
  const { store, transitions, now } = deps;
  let flowsChecked = false;
  let traced = false;
  let purgedAt = Number.NEGATIVE_INFINITY;

  /** What was asked for under other rules than today's would be approved by people who may no longer do so. */
  async function checkFlows(): Promise<void> {
    for (const { id, snapshot } of await store.openSnapshots()) {
      const flow = changedFlow(snapshot, deps.flows);
      if (flow === undefined) continue;
      await transitions.step(id, { act: "invalidate", reason: flowChanged(flow) });
      await nextTurn();
    }
    flowsChecked = true;
  }

  /** Of requests of before nobody wrote down what tells people apart: until then nobody is certain to be another. */
  async function addTraces(): Promise<void> {
    for (const { id, sealed } of await store.untraced()) {
      const before = sealed === undefined ? undefined : deps.texts.openRequester(id, sealed)?.principal;
      const principal = before && deps.principalNow(before);
      if (principal === undefined) continue;
      // An address may have counted then that would not count now.
      await store.trace(id, { ...deps.persons.traces(principal), vouched: false }, deps.persons.personHash(principal));
      await nextTurn();
    }
    traced = true;
  }

  async function doDue(): Promise<void> {
    for (;;) {
      const due = await store.due(now(), DUE_PAGE);
      let done = 0;
      for (const [index, id] of due.entries()) {
        if (await transitions.stepByTime(id)) done += 1;
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
    if (!flowsChecked) await checkFlows();
    if (!traced) await addTraces();
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
