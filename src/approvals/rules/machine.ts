import type { ApprovalAct, ApprovalState } from "../../core/approval.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import { isRequester, type Persons } from "../../core/persons.ts";
import type { ApprovalRecord, StoredApproval } from "../../store/approvals/approvals.ts";
import { type ApprovalStep, ended, moved, noted, personOf, type Taken } from "./step.ts";
import { vote } from "./vote.ts";

/*
 * The life of a request, as a pure function: what it is and what happens give what it becomes. Nothing else decides about
 * states; the store carries out what comes out of here in one transaction, and its triggers refuse every other way.
 *
 *   pending   → approved | rejected | expired | cancelled | invalidated
 *   approved  → executing | expired | cancelled | invalidated
 *   executing → succeeded | failed | indeterminate      (and approved again: lost, and the tool may run twice)
 *   indeterminate → succeeded | failed
 */

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

const TRUSTING: readonly ApprovalAct[] = ["approve", "reject", "claim"];

/** Takes a step, or says why not. Pure. */
export function takeStep(stored: StoredApproval, step: ApprovalStep, now: number, persons: Persons): Taken | Refusal {
  const { record } = stored;
  if (step.act === "cancel" && !isRequester(record, step.by, persons)) return refuse("APPROVAL_UNKNOWN");
  if (!POSSIBLE[step.act].includes(record.state)) return refuse("APPROVAL_CLOSED");
  // It may still come to its end, but nobody says yes to what nobody vouches for, and nothing runs because of it.
  if (stored.doubt !== undefined && TRUSTING.includes(step.act)) return refuse("APPROVAL_CLOSED");
  switch (step.act) {
    case "approve":
    case "reject":
      return vote(stored, step, now, persons);
    case "expire":
      return expire(record, now);
    case "escalate":
      if (record.escalated || now < (escalationAt(record) ?? Number.POSITIVE_INFINITY)) {
        return refuse("APPROVAL_CONFLICT");
      }
      return noted({ ...record, escalated: true }, step.act, now, { kind: "approval.escalated", to: "stage" });
    case "remind":
      if (record.reminded || now < reminderAt(record)) return refuse("APPROVAL_CONFLICT");
      return noted({ ...record, reminded: true }, step.act, now, { kind: "approval.reminder", to: "stage" });
    case "cancel":
      return ended(record, step.act, "cancelled", now, { actor: personOf(step.by), notify: "approval.withdrawn" });
    case "invalidate":
      return ended(record, step.act, "invalidated", now, { reason: step.reason, notify: "approval.withdrawn" });
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
        notify: "approval.executed",
      });
    case "lose":
      return lose(record, step, now);
    case "resolve":
      if (step.reason === "") return refuse("APPROVAL_REASON_REQUIRED");
      return moved(record, step.act, step.outcome, now, {
        change: { resultIsError: step.outcome === "failed" },
        actor: personOf(step.by),
        reason: step.reason,
        notify: "approval.executed",
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

/** Its time is over, for decisions or for its run. */
function expire(record: ApprovalRecord, now: number): Taken | Refusal {
  const until = record.state === "pending" ? record.pendingUntil : record.executeUntil;
  if (until === undefined || now < until) return refuse("APPROVAL_CONFLICT");
  const reason = record.state === "pending" ? "Nobody decided in time." : "It was not run in time.";
  return ended(record, "expire", "expired", now, { reason, notify: "approval.expired" });
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
  return moved(record, step.act, "indeterminate", now, { change, reason, notify: "approval.indeterminate" });
}

const RELEASED = { executionOwner: undefined, leaseUntil: undefined };
