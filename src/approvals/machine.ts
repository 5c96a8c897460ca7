import { type ApprovalAct, type ApprovalState, isOpen, type NoticeKind, type Person } from "../core/approval.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { ApprovalRecord, NewDecision, NewEvent, StoredApproval } from "../store/approvals.ts";
import { approvalsIn, decidable, refusalOf } from "./eligibility.ts";

/*
 * The life of a request, as a pure function: what it is and what happens give what it becomes. Nothing else decides about
 * states; the store carries out what comes out of here in one transaction, and its triggers refuse every other way.
 *
 *   pending   → approved | rejected | expired | cancelled | invalidated
 *   approved  → executing | expired | cancelled | invalidated
 *   executing → succeeded | failed | indeterminate      (and approved again: lost, and the tool may run twice)
 *   indeterminate → succeeded | failed
 */

/** Something that happens to a request. */
export type ApprovalStep =
  | {
      readonly act: "approve" | "reject";
      readonly approver: Principal;
      readonly reason: string | undefined;
      readonly version: number;
      readonly argumentsDigest: string;
      readonly channel: string;
      readonly ip: string | undefined;
    }
  | { readonly act: "expire" | "escalate" | "remind" | "deliver" }
  | { readonly act: "cancel"; readonly by: Principal }
  | { readonly act: "invalidate"; readonly reason: string }
  | {
      readonly act: "claim";
      readonly version: number;
      readonly executionId: string;
      readonly owner: string;
      readonly leaseUntil: number;
    }
  | {
      readonly act: "succeed" | "fail";
      readonly executionId: string;
      readonly isError: boolean;
    }
  /** `executionId`: the runner itself does not know what came of it. Without one its lease must be over. */
  | { readonly act: "lose"; readonly executionId: string | undefined; readonly why: string }
  | {
      readonly act: "resolve";
      readonly by: Principal;
      readonly outcome: "succeeded" | "failed";
      readonly reason: string;
    };

/** Whom to tell: the notifiers of the current stage's flow, or those of all flows. */
export interface Telling {
  readonly kind: NoticeKind;
  readonly to: "stage" | "all";
}

/** What comes of a step. */
export interface Taken {
  readonly ok: true;
  readonly record: ApprovalRecord;
  readonly event: NewEvent;
  readonly decision: NewDecision | undefined;
  readonly tell: Telling | undefined;
}

/** How often a call of an idempotent tool is run at most, when the process that runs it dies each time. */
export const MAX_RUNS = 3;

/** The part of its time after which the approvers of a pending request are reminded. */
const REMIND_AFTER = 3 / 4;

/** In which states each act is possible. An act elsewhere is refused, whatever else is true of it. */
export const POSSIBLE: Readonly<Record<Exclude<ApprovalAct, "request">, readonly ApprovalState[]>> = {
  approve: ["pending"],
  reject: ["pending"],
  expire: ["pending", "approved"],
  escalate: ["pending"],
  remind: ["pending"],
  cancel: ["pending", "approved"],
  invalidate: ["pending", "approved"],
  claim: ["approved"],
  // Of an indeterminate one, too: a process that only slept knows how its run ended.
  succeed: ["executing", "indeterminate"],
  fail: ["executing", "indeterminate"],
  lose: ["executing"],
  resolve: ["indeterminate"],
  deliver: ["succeeded", "failed", "rejected", "expired", "cancelled", "invalidated"],
};

/** Takes a step, or says why not. Pure. */
export function take(stored: StoredApproval, step: ApprovalStep, now: number): Taken | Refusal {
  const { record } = stored;
  if (step.act === "cancel" && !isRequester(record, step.by)) return refuse("APPROVAL_UNKNOWN");
  if (!POSSIBLE[step.act].includes(record.state)) return refuse("APPROVAL_CLOSED");
  switch (step.act) {
    case "approve":
    case "reject":
      return vote(stored, step, now);
    case "expire": {
      const until = record.state === "pending" ? record.pendingUntil : record.executeUntil;
      if (until === undefined || now < until) return refuse("APPROVAL_CONFLICT");
      const why = record.state === "pending" ? "Nobody decided in time." : "It was not run in time.";
      return ended(record, step.act, "expired", now, { reason: why, tell: "approval.expired" });
    }
    case "escalate":
      if (record.escalated || now < (escalationAt(record) ?? Number.POSITIVE_INFINITY)) {
        return refuse("APPROVAL_CONFLICT");
      }
      return noted({ ...record, escalated: true }, step.act, now, { kind: "approval.escalated", to: "stage" });
    case "remind":
      if (record.reminded || now < reminderAt(record)) return refuse("APPROVAL_CONFLICT");
      return noted({ ...record, reminded: true }, step.act, now, { kind: "approval.reminder", to: "stage" });
    case "cancel":
      return ended(record, step.act, "cancelled", now, { actor: personOf(step.by), tell: "approval.withdrawn" });
    case "invalidate":
      return ended(record, step.act, "invalidated", now, { reason: step.reason, tell: "approval.withdrawn" });
    case "claim":
      if (step.version !== record.version || now >= (record.executeUntil ?? 0)) return refuse("APPROVAL_CONFLICT");
      return moved(record, step.act, "executing", now, {
        change: {
          executionId: step.executionId,
          executionOwner: step.owner,
          leaseUntil: step.leaseUntil,
          executionStartedAt: now,
          runs: record.runs + 1,
        },
      });
    case "succeed":
    case "fail":
      if (step.executionId !== record.executionId) return refuse("APPROVAL_CONFLICT");
      return moved(record, step.act, step.act === "succeed" ? "succeeded" : "failed", now, {
        change: { ...RELEASED, executionEndedAt: now, hasResult: true, resultIsError: step.isError },
        tell: "approval.executed",
      });
    case "lose":
      return lose(record, step, now);
    case "resolve":
      if (step.reason === "") return refuse("APPROVAL_REASON_REQUIRED");
      return moved(record, step.act, step.outcome, now, {
        change: { resultIsError: step.outcome === "failed" },
        actor: personOf(step.by),
        reason: step.reason,
        tell: "approval.executed",
      });
    case "deliver":
      if (record.deliveredAt !== undefined) return refuse("APPROVAL_CONFLICT");
      return noted({ ...record, deliveredAt: now }, step.act, now, undefined);
    default:
      return step satisfies never;
  }
}

/** When those of the current stage's escalation are to be told; `undefined` if there are none. */
export function escalationAt(record: ApprovalRecord): number | undefined {
  const rule = record.snapshot.stages[record.stage];
  return rule?.escalate === undefined ? undefined : record.stageSince + rule.escalate.afterMs;
}

/** When the approvers are to be reminded. */
export function reminderAt(record: ApprovalRecord): number {
  return record.createdAt + Math.floor((record.pendingUntil - record.createdAt) * REMIND_AFTER);
}

/** Whether nothing more will happen to a request in this state but that its requester is told, and that it is purged. */
export function isEnded(state: ApprovalState): boolean {
  return !isOpen(state);
}

/** A principal as the history names them. */
export function personOf({ issuer, subject, name, email }: Principal): Person {
  return { issuer, subject, name, email };
}

function vote(
  stored: StoredApproval,
  step: Extract<ApprovalStep, { act: "approve" | "reject" }>,
  now: number,
): Taken | Refusal {
  const { record, decisions } = stored;
  const refusal = refusalOf(decidable(stored, now), step.approver, now);
  if (refusal !== undefined) return refusal;
  if (step.argumentsDigest !== record.argumentsDigest) return refuse("APPROVAL_DIGEST_MISMATCH");
  if (step.version !== record.version) return refuse("APPROVAL_CONFLICT");
  const rule = record.snapshot.reason;
  const needsReason = rule === "always" || (rule === "on_reject" && step.act === "reject");
  if (needsReason && step.reason === undefined) return refuse("APPROVAL_REASON_REQUIRED");
  const actor = personOf(step.approver);
  const decision: NewDecision = {
    stage: record.stage,
    approver: actor,
    decision: step.act,
    reason: step.reason,
    at: now,
    channel: step.channel,
    argumentsDigest: step.argumentsDigest,
    acr: step.approver.acr,
    ip: step.ip,
  };
  const said = { actor, reason: step.reason, decision };
  if (step.act === "reject") {
    return moved(record, step.act, "rejected", now, { ...said, change: { decidedAt: now }, tell: "approval.decided" });
  }
  const given = approvalsIn(decisions, record.stage) + 1;
  if (given < (record.snapshot.stages[record.stage]?.required ?? 1)) {
    return moved(record, step.act, "pending", now, said);
  }
  if (record.stage + 1 < record.snapshot.stages.length) {
    const change = { stage: record.stage + 1, stageSince: now, escalated: false };
    const next = moved(record, step.act, "pending", now, { ...said, change });
    return { ...next, tell: { kind: "approval.requested", to: "stage" } };
  }
  return moved(record, step.act, "approved", now, {
    ...said,
    change: { decidedAt: now, executeUntil: now + record.snapshot.executeTtlMs },
    tell: "approval.decided",
  });
}

/** Nobody knows whether it ran. Only what may run twice is offered again, and not for ever. */
function lose(record: ApprovalRecord, step: Extract<ApprovalStep, { act: "lose" }>, now: number): Taken | Refusal {
  const { executionId, why: reason } = step;
  const over = now >= (record.leaseUntil ?? 0);
  if (executionId === undefined ? !over : executionId !== record.executionId) return refuse("APPROVAL_CONFLICT");
  const crashed = executionId === undefined;
  const again = crashed && record.idempotent && record.runs < MAX_RUNS && now < (record.executeUntil ?? 0);
  if (again) {
    const change = { ...RELEASED, executionId: undefined, executionStartedAt: undefined };
    return moved(record, step.act, "approved", now, { change, reason });
  }
  const change = { ...RELEASED, executionEndedAt: now };
  return moved(record, step.act, "indeterminate", now, { change, reason, tell: "approval.indeterminate" });
}

const RELEASED = { executionOwner: undefined, leaseUntil: undefined };

interface Move {
  readonly change?: Partial<ApprovalRecord>;
  readonly actor?: Person | undefined;
  readonly reason?: string | undefined;
  readonly decision?: NewDecision;
  /** Told to the notifiers of all flows. */
  readonly tell?: NoticeKind;
}

/** A step that others may have to hear of before they go on: it makes a new version. */
function moved(record: ApprovalRecord, act: ApprovalAct, to: ApprovalState, now: number, move: Move): Taken {
  return {
    ok: true,
    record: {
      ...record,
      ...move.change,
      state: to,
      version: record.version + 1,
      endedAt: isEnded(to) ? now : undefined,
    },
    event: { act, from: record.state, to, actor: move.actor, reason: move.reason, at: now },
    decision: move.decision,
    tell: move.tell === undefined ? undefined : { kind: move.tell, to: "all" },
  };
}

function ended(record: ApprovalRecord, act: ApprovalAct, to: ApprovalState, now: number, move: Move): Taken {
  return moved(record, act, to, now, { ...move, change: { decidedAt: now } });
}

/** A step that changes nothing for whoever is about to decide or to claim: the version stays. */
function noted(record: ApprovalRecord, act: ApprovalAct, now: number, tell: Telling | undefined): Taken {
  const event = { act, from: record.state, to: record.state, actor: undefined, reason: undefined, at: now };
  return { ok: true, record, event, decision: undefined, tell };
}

function isRequester(record: ApprovalRecord, principal: Principal): boolean {
  return record.issuer === principal.issuer && record.subject === principal.subject;
}
