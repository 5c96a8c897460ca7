import type { ApprovalRequest } from "../../core/approval.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Persons, Who } from "../../core/persons.ts";
import type {
  ApprovalChange,
  ApprovalDoubt,
  ApprovalStore,
  Changed,
  StoredApproval,
} from "../../store/approvals/approvals.ts";
import type { Acted, ApprovalTransition } from "../approvals.ts";
import type { ApprovalFlow } from "../flow.ts";
import { changedFlow, flowChanged } from "../rules/combine-flows.ts";
import { type DueAct, dueAct, dueAt } from "../rules/due.ts";
import { takeStep } from "../rules/machine.ts";
import { messagesFor } from "../rules/messages.ts";
import type { ApprovalStep, Taken } from "../rules/step.ts";

export interface TransitionsDeps {
  readonly store: ApprovalStore;
  readonly now: () => number;
  readonly retentionMs: number;
  readonly log: Log;
  readonly persons: Persons;
  readonly flows: readonly ApprovalFlow[];
  view(stored: StoredApproval): ApprovalRequest;
  /** Told before the listeners: waiters and the scheduler. */
  written(changed: Changed): void;
}

/** Takes steps of the machine in the store, and tells of them. */
export interface Transitions {
  /** One step; `result` is the sealed result that goes with it. @throws StoreError */
  step(id: string, step: ApprovalStep, result?: string): Promise<Acted>;
  /**
   * Whether a pending or approved request may still be decided and run: it is as this gateway wrote it, and its flows are
   * those that it was made with. If not, it is over. @throws StoreError
   */
  holds(stored: StoredApproval): Promise<boolean>;
  /** What time alone has to do with this request; whether there was anything. @throws StoreError */
  stepByTime(id: string): Promise<boolean>;
  /** Tells of a change that was written elsewhere. */
  announce(changed: Changed): ApprovalRequest;
  onTransition(listener: (transition: ApprovalTransition) => void): () => void;
  onRunnable(listener: (request: ApprovalRequest) => void): () => void;
  /** Tells those who run requests of one to run. */
  offer(request: ApprovalRequest): void;
}

/** Makes the way from a step to rows and to those who want to hear of it. */
export function createTransitions(deps: TransitionsDeps): Transitions {
  const { store, now, retentionMs, log, persons } = deps;
  const transitions = new Set<(transition: ApprovalTransition) => void>();
  const runnables = new Set<(request: ApprovalRequest) => void>();

  /** A listener that throws is a fault of its own, and no reason for others not to hear. */
  function each<T>(listeners: ReadonlySet<(value: T) => void>, value: T): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (err) {
        log.error({ err }, "A listener to approval requests failed.");
      }
    }
  }

  function announce(changed: Changed): ApprovalRequest {
    const request = deps.view(changed.stored);
    deps.written(changed);
    if (changed.event !== undefined) each(transitions, { request, event: changed.event });
    const begins = changed.event !== undefined && changed.event.from !== request.state;
    if (begins && request.state === "approved" && request.run === "gateway") each(runnables, request);
    return request;
  }

  function written(taken: Taken, at: number, result: string | undefined): ApprovalChange {
    const { record, event, decision, notify } = taken;
    return {
      record: { ...record, dueAt: dueAt(record, retentionMs) },
      event,
      messages: notify === undefined ? [] : messagesFor(record, notify, at),
      ...(decision === undefined ? {} : { decision }),
      ...(result === undefined ? {} : { result }),
    };
  }

  function changeByTime(stored: StoredApproval, act: DueAct | undefined, at: number): ApprovalChange | undefined {
    const { record } = stored;
    if (act === undefined) {
      // It was due by another rule than today's, say by a shorter retention: that is all there is to put right.
      const due = dueAt(record, retentionMs);
      return due === record.dueAt ? undefined : { record: { ...record, dueAt: due } };
    }
    if (act.act === "purge") {
      const purged = { ...record, messageSealed: undefined, hasResult: false, purgedAt: at };
      return { record: { ...purged, dueAt: dueAt(purged, retentionMs) }, purge: true };
    }
    const taken = takeStep(stored, act, at, persons);
    return taken.ok ? written(taken, at, undefined) : undefined;
  }

  async function step(id: string, step: ApprovalStep, result?: string): Promise<Acted> {
    let refusal: Refusal = refuse("APPROVAL_UNKNOWN");
    const changed = await store.change(id, (stored) => {
      const at = now();
      const taken = takeStep(stored, step, at, persons);
      if (taken.ok) return written(taken, at, result);
      refusal = taken;
      return undefined;
    });
    return changed === undefined ? refusal : { ok: true, request: announce(changed) };
  }

  /**
   * Why the votes do not count any more: who is who may have been said since, under `people:`. Only what is certain now undoes what was
   * decided; whatever was not certain then has been refused then.
   */
  function onePerson(record: StoredApproval["record"], decisions: StoredApproval["decisions"]): string | undefined {
    const voters = decisions.map(({ approver }) => approver);
    const isSame = (one: Who, other: Who): boolean => persons.sameness(one, other) === "same";
    if (!record.snapshot.requesterMayApprove && voters.some((voter) => isSame(voter, record))) return SELF_APPROVED;
    return voters.some((voter, index) => voters.slice(index + 1).some((other) => isSame(voter, other)))
      ? VOTED_TWICE
      : undefined;
  }

  return {
    step,
    async holds({ record, decisions, doubt }) {
      const flow = changedFlow(record.snapshot, deps.flows);
      if (doubt === "broken") log.error({ request: record.id }, BROKEN_LOG);
      const reason =
        doubt === undefined ? ((flow && flowChanged(flow)) ?? onePerson(record, decisions)) : DOUBTS[doubt];
      if (reason === undefined) return true;
      await step(record.id, { act: "invalidate", reason });
      return false;
    },
    async stepByTime(id) {
      const changed = await store.change(id, (stored) => {
        const at = now();
        return changeByTime(stored, dueAct(stored.record, at, retentionMs), at);
      });
      if (changed !== undefined) announce(changed);
      return changed !== undefined;
    },
    announce,
    onTransition: (listener) => listening(transitions, listener),
    onRunnable: (listener) => listening(runnables, listener),
    offer: (request) => each(runnables, request),
  };
}

const BROKEN_LOG =
  "An approval request is not as the gateway wrote it: somebody changed the database. Run: portcullis audit verify";

const SELF_APPROVED = "Who approved it is who asked for it, as the configuration says now.";
const VOTED_TWICE = "Two who approved it are one person, as the configuration says now.";

/** What people read where a request ended because of that. */
const DOUBTS: Readonly<Record<ApprovalDoubt, string>> = {
  broken: "What is stored of the request is not what the gateway wrote.",
  old: "It was asked for before requests were sealed. Ask again.",
  former: "The gateway's secret was replaced since it was asked for. Ask again.",
};

function listening<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
