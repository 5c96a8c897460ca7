import { type ApprovalRequest, isOpen } from "../core/approval.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import { createWaiters } from "../core/waiters.ts";
import type { ApprovalQuery, StoredApproval } from "../store/approvals.ts";
import type { ApprovalFilter, Approvals } from "./approvals.ts";
import { createAsking } from "./asking.ts";
import { changedFlow, flowChanged } from "./combine-flows.ts";
import { cursorAfter, readCursor } from "./cursor.ts";
import { type ApprovalsDeps, DEFAULT_LIMITS, DEFAULT_TIMING } from "./deps.ts";
import { keysOf, refusalOf } from "./eligibility.ts";
import { createExecutions } from "./executions.ts";
import { createLeases } from "./leases.ts";
import { startScheduler } from "./scheduler.ts";
import { createSealedTexts } from "./sealed-parts.ts";
import { createSweep } from "./sweep.ts";
import { createTransitions } from "./transitions.ts";
import { requestOf } from "./view.ts";

const MAX_LIMIT = 500;

/** Characters of an approver's or an administrator's reason. */
const MAX_REASON = 2_000;

/** Makes the service over the store, and starts its scheduler. */
export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { store, outbox, flows, now, log } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const timing = { ...DEFAULT_TIMING, ...deps.timing };
  const { retentionMs, leaseMs } = timing;
  const owner = randomId();
  const texts = createSealedTexts(deps.seal);
  const view = (stored: StoredApproval): ApprovalRequest => {
    const { id, messageSealed } = stored.record;
    const message = messageSealed === undefined ? undefined : texts.openMessage(id, messageSealed);
    return requestOf(stored, message ?? "", now());
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
    view,
    written({ stored: { record } }) {
      waiters.saw(record.id, record.version);
      if (record.dueAt !== undefined) scheduler.wakeAt(record.dueAt);
    },
  });
  const sweep = createSweep({ store, outbox, flows, transitions, view, now, outboxMs: timing.outboxMs, log });
  const scheduler = startScheduler({ work: sweep, nextDue: store.nextDue, now, lookMs: timing.lookMs, log });

  async function get(id: string): Promise<ApprovalRequest | undefined> {
    const stored = await store.find(id);
    return stored === undefined ? undefined : view(stored);
  }

  /** Whether the flows are still those that the request was made with; if not, it is over. */
  async function flowsHold(id: string): Promise<boolean> {
    const stored = await store.find(id);
    const flow = stored === undefined ? undefined : changedFlow(stored.record.snapshot, flows);
    if (flow === undefined) return true;
    await transitions.step(id, { act: "invalidate", reason: flowChanged(flow) });
    return false;
  }

  const executions = createExecutions({ store, transitions, texts, leases, owner, log });
  return {
    request: createAsking({
      store,
      transitions,
      texts,
      flows,
      redact: deps.redact,
      openPerUser: limits.openPerUser,
      retentionMs,
      view,
      now,
    }),
    get,
    async find(digest) {
      const stored = await store.newest(digest);
      if (stored === undefined) return undefined;
      const { state, deliveredAt } = stored.record;
      const told = state === "cancelled" || deliveredAt !== undefined;
      return isOpen(state) || !told ? view(stored) : undefined;
    },
    async list(filter, cursor) {
      const limit = limitOf(filter);
      const before = cursor === undefined ? undefined : readCursor(cursor);
      const found = await store.list(queryOf(filter, limit + 1, now(), before));
      const items = found.slice(0, limit).map(view);
      const last = items.at(-1);
      const more = found.length > limit && last !== undefined;
      return { items, nextCursor: more ? cursorAfter(last) : undefined };
    },
    count: (filter) => store.count(queryOf(filter, limitOf(filter), now(), undefined)),
    history: (id) => store.events(id),
    mayDecide(request, approver) {
      const { requester, requesterMayApprove, decisions, state, pendingUntil } = request;
      const approvers = request.stages[request.stage]?.approvers;
      const facts = { state, pendingUntil, requester, requesterMayApprove, decisions, approvers };
      return refusalOf(facts, approver, now()) ?? { ok: true, request };
    },
    async decide(vote) {
      const reason = reasonIn(vote.reason);
      if (typeof reason === "object") return reason;
      if (!(await flowsHold(vote.id))) return refuse("APPROVAL_CLOSED");
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
      return (await flowsHold(id)) ? executions.claim(id, version) : undefined;
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

function limitOf({ limit }: ApprovalFilter): number {
  return Math.min(Math.max(Math.trunc(limit), 1), MAX_LIMIT);
}

function queryOf(filter: ApprovalFilter, limit: number, now: number, before: ApprovalQuery["before"]): ApprovalQuery {
  const { decidableBy, visibleTo, ...same } = filter;
  return {
    ...same,
    limit,
    ...(decidableBy === undefined ? {} : { decidableBy: { keys: keysOf(decidableBy), now } }),
    ...(visibleTo === undefined ? {} : { visibleTo: keysOf(visibleTo) }),
    ...(before === undefined ? {} : { before }),
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
