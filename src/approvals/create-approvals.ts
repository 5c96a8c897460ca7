import { type ApprovalRequest, isOpen } from "../core/approval.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import { isRequester } from "../core/persons.ts";
import { Slices } from "../core/slices.ts";
import { createWaiters } from "../core/waiters.ts";
import type { StoredApproval } from "../store/approvals/approvals.ts";
import type { Approvals } from "./approvals.ts";
import { type ApprovalsDeps, DEFAULT_APPROVAL_LIMITS, DEFAULT_APPROVAL_TIMING } from "./deps.ts";
import { refusalOf } from "./eligibility.ts";
import { createExecutions } from "./lifecycle/executions.ts";
import { createLeases } from "./lifecycle/leases.ts";
import { createRequesting } from "./lifecycle/requesting.ts";
import { startScheduler } from "./lifecycle/scheduler.ts";
import { createSealedTexts } from "./lifecycle/sealed-parts.ts";
import { createSweep } from "./lifecycle/sweep.ts";
import { createTransitions } from "./lifecycle/transitions.ts";
import { createListing } from "./listing.ts";
import { requestOf } from "./view.ts";

/** Characters of an approver's or an administrator's reason. */
const MAX_REASON = 2_000;

/**
 * Makes the service over the store, and starts its scheduler.
 * Long because it is a flat list of what can be done with a request, most of it one line over the same parts.
 */
export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { store, outbox, flows, persons, digests, now, log } = deps;
  const limits = { ...DEFAULT_APPROVAL_LIMITS, ...deps.limits };
  const timing = { ...DEFAULT_APPROVAL_TIMING, ...deps.timing };
  const slices = deps.slices ?? (() => new Slices());
  const { retentionMs, leaseMs } = timing;
  const owner = randomId();
  const texts = createSealedTexts(deps.seal);
  const view = (stored: StoredApproval): ApprovalRequest => {
    const { id, messageSealed } = stored.record;
    const closed = messageSealed === undefined || stored.doubt === "broken";
    return requestOf(stored, closed ? undefined : texts.openWords(id, messageSealed), now());
  };
  const waiters = createWaiters({
    max: limits.waiters,
    pollMs: timing.pollMs,
    versions: store.versions,
    what: "approval requests",
    log,
  });
  const renew = (executions: readonly string[], until: number) => store.renewLeases(owner, executions, until);
  const leases = createLeases({ leaseMs, now, renew, log });
  const transitions = createTransitions({
    store,
    now,
    retentionMs,
    log,
    persons,
    flows,
    view,
    written({ stored: { record } }) {
      waiters.saw(record.id, record.version);
      if (record.dueAt !== undefined) scheduler.wakeAt(record.dueAt);
    },
  });
  const sweep = createSweep({
    ...{ store, outbox, transitions, view, now, log },
    outboxMs: timing.outboxMs,
  });
  const scheduler = startScheduler({ work: sweep, nextDue: store.nextDue, now, lookMs: timing.lookMs, log });

  async function get(id: string): Promise<ApprovalRequest | undefined> {
    const stored = await store.find(id);
    return stored === undefined ? undefined : view(stored);
  }

  /** Whether it may still be decided and run; if not, it is over. */
  async function holds(id: string): Promise<boolean> {
    const stored = await store.find(id);
    return stored === undefined || transitions.holds(stored);
  }

  const executions = createExecutions({ store, transitions, texts, digests, leases, owner, slices, log });
  return {
    request: createRequesting({
      store,
      transitions,
      texts,
      flows,
      persons,
      digests,
      redact: deps.redact,
      shown: deps.shown,
      misfits: deps.misfits,
      limits,
      slices,
      retentionMs,
      view,
      now,
    }),
    get,
    async find(call) {
      const { keyed, bare } = await digests.both(call, slices());
      const stored = (await store.newest(keyed)) ?? (await store.newest(bare));
      // One that somebody wrote into the database would have this call answered with whatever they chose.
      if (stored === undefined || stored.doubt === "broken") return undefined;
      const { state, deliveredAt } = stored.record;
      const told = state === "cancelled" || deliveredAt !== undefined;
      return isOpen(state) || !told ? view(stored) : undefined;
    },
    ...createListing({ store, persons, view, now }),
    history: (id) => store.events(id),
    personKey: ({ requester }) => persons.personKey(requester),
    isRequester: ({ requester }, principal) => isRequester(requester, principal, persons),
    mayDecide(request, approver) {
      const { requester, requesterMayApprove, decisions, state, pendingUntil } = request;
      const approvers = request.stages[request.stage]?.approvers;
      const facts = { state, pendingUntil, requester, requesterMayApprove, decisions, approvers };
      return refusalOf(facts, approver, now(), persons) ?? { ok: true, request };
    },
    async decide(vote) {
      const reason = reasonIn(vote.reason);
      if (typeof reason === "object") return reason;
      if (!(await holds(vote.id))) return refuse("APPROVAL_CLOSED");
      const { approver, version, argumentsDigest, channel, ip } = vote;
      return transitions.step(vote.id, {
        act: vote.decision,
        approver,
        reason,
        version,
        argumentsDigest,
        channel,
        ip,
      });
    },
    cancel: (id, principal) => transitions.step(id, { act: "cancel", by: principal }),
    invalidate: (id, reason) => transitions.step(id, { act: "invalidate", reason }),
    async resolve(id, admin, outcome, reason) {
      const given = reasonIn(reason);
      if (typeof given === "object") return given;
      return transitions.step(id, { act: "resolve", by: admin, outcome, reason: given ?? "" });
    },
    ...executions,
    async claim(id, version) {
      return (await holds(id)) ? executions.claim(id, version) : undefined;
    },
    async delivered(id) {
      await transitions.step(id, { act: "deliver" });
    },
    async waitForChange(id, afterVersion, ms, cancellation) {
      // It listens first, so that a change between the look and the wait is not missed.
      const wait = waiters.wait(id, afterVersion, ms, cancellation);
      try {
        const stored = await store.find(id);
        if (stored === undefined) return undefined;
        if (stored.record.version > afterVersion) return view(stored);
        await wait.over;
        return await get(id);
      } finally {
        wait.stop();
      }
    },
    async runnable(limit) {
      return (await store.runnable(now(), limit)).map(view);
    },
    onRunnable: transitions.onRunnable,
    onTransition: transitions.onTransition,
    sweep,
    async close() {
      waiters.close();
      leases.close();
      await scheduler.close();
    },
  };
}

/** A reason without the blanks around it; none if there is nothing else. */
function reasonIn(text: string | undefined): string | undefined | Refusal {
  const reason = text?.trim();
  if (reason === undefined || reason === "") return undefined;
  return reason.length <= MAX_REASON
    ? reason
    : refuse("PARAMS_INVALID", `A reason has ${MAX_REASON} characters at most.`);
}
