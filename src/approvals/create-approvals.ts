import { type ApprovalRequest, isOpen } from "../core/approval.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import { isRequester, type Persons } from "../core/persons.ts";
import { createWaiters } from "../core/waiters.ts";
import type { ApprovalQuery, StoredApproval } from "../store/approvals/approvals.ts";
import type { ApprovalFilter, Approvals } from "./approvals.ts";
import { cursorAfter, type ListOrder, positionOf, readApprovalCursor } from "./cursor.ts";
import { type ApprovalsDeps, DEFAULT_APPROVAL_LIMITS, DEFAULT_APPROVAL_TIMING } from "./deps.ts";
import { decidable, keysOf, refusalOf } from "./eligibility.ts";
import { requestOf } from "./view.ts";
import { createExecutions } from "./work/executions.ts";
import { createLeases } from "./work/leases.ts";
import { createRequesting } from "./work/requesting.ts";
import { startScheduler } from "./work/scheduler.ts";
import { createSealedTexts } from "./work/sealed-parts.ts";
import { createSweep } from "./work/sweep.ts";
import { createTransitions } from "./work/transitions.ts";

const MAX_LIMIT = 500;

/** Characters of an approver's or an administrator's reason. */
const MAX_REASON = 2_000;

/** Makes the service over the store, and starts its scheduler. */
export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { store, outbox, flows, persons, digests, now, log } = deps;
  const limits = { ...DEFAULT_APPROVAL_LIMITS, ...deps.limits };
  const timing = { ...DEFAULT_APPROVAL_TIMING, ...deps.timing };
  const { retentionMs, leaseMs } = timing;
  const owner = randomId();
  const texts = createSealedTexts(deps.seal);
  const view = (stored: StoredApproval): ApprovalRequest => {
    const { id, messageSealed } = stored.record;
    const closed = messageSealed === undefined || stored.doubt === "broken";
    const message = closed ? undefined : texts.openMessage(id, messageSealed);
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

  /** As many as there are, up to `limit`. What somebody may decide is looked for until so much of it is found. */
  async function look(
    filter: ApprovalFilter,
    limit: number,
    from: ApprovalQuery["after"],
  ): Promise<readonly StoredApproval[]> {
    const approver = filter.decidableBy;
    const found: StoredApproval[] = [];
    // Ends, because what is pending is bounded for each person, and each page begins behind the one before.
    for (let after = from; ; ) {
      const at = now();
      const page = await store.list(queryOf(filter, limit, at, after, persons));
      const fitting = page.filter(
        (stored) => approver === undefined || refusalOf(decidable(stored, at), approver, at, persons) === undefined,
      );
      found.push(...fitting.slice(0, limit - found.length));
      const last = page.at(-1)?.record;
      if (approver === undefined || last === undefined || page.length < limit || found.length >= limit) return found;
      after = positionOf(last, orderOf(filter));
    }
  }

  const executions = createExecutions({ store, transitions, texts, digests, leases, owner, log });
  return {
    request: createRequesting({
      store,
      transitions,
      texts,
      flows,
      persons,
      digests,
      redact: deps.redact,
      openPerUser: limits.openPerUser,
      retentionMs,
      view,
      now,
    }),
    get,
    async find(call) {
      const stored = (await store.newest(digests.call(call))) ?? (await store.newest(digests.bareCall(call)));
      // One that somebody wrote into the database would have this call answered with whatever they chose.
      if (stored === undefined || stored.doubt === "broken") return undefined;
      const { state, deliveredAt } = stored.record;
      const told = state === "cancelled" || deliveredAt !== undefined;
      return isOpen(state) || !told ? view(stored) : undefined;
    },
    async list(filter, cursor) {
      const limit = limitOf(filter);
      const order = orderOf(filter);
      const found = await look(filter, limit + 1, cursor === undefined ? undefined : readApprovalCursor(cursor, order));
      const items = found.slice(0, limit).map(view);
      const last = items.at(-1);
      const more = found.length > limit && last !== undefined;
      return { items, nextCursor: more ? cursorAfter(positionOf(last, order), order) : undefined };
    },
    async count(filter) {
      const limit = limitOf(filter);
      // Whether somebody may decide is for the rules to say, and not for the store.
      if (filter.decidableBy !== undefined) return (await look(filter, limit, undefined)).length;
      return store.count(queryOf(filter, limit, now(), undefined, persons));
    },
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

function limitOf({ limit }: ApprovalFilter): number {
  return Math.min(Math.max(Math.trunc(limit), 1), MAX_LIMIT);
}

// What somebody may decide comes by its end, so that nothing runs out of time on a page that nobody turned to.
function orderOf({ decidableBy }: ApprovalFilter): ListOrder {
  return decidableBy === undefined ? "newest" : "ending";
}

function queryOf(
  filter: ApprovalFilter,
  limit: number,
  now: number,
  after: ApprovalQuery["after"],
  persons: Persons,
): ApprovalQuery {
  const { decidableBy, visibleTo, requester, ...same } = filter;
  return {
    ...same,
    limit,
    ...(decidableBy === undefined ? {} : { decidableBy: { keys: keysOf(decidableBy, persons), now } }),
    ...(visibleTo === undefined ? {} : { visibleTo: keysOf(visibleTo, persons) }),
    ...(requester === undefined ? {} : { requester: persons.belongings(requester) }),
    ...(after === undefined ? {} : { after }),
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
