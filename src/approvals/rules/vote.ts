import { type Refusal, refuse } from "../../core/errors.ts";
import type { Persons } from "../../core/persons.ts";
import type { NewDecision, StoredApproval } from "../../store/approvals/approvals.ts";
import { approvalsIn, decidable, refusalOf } from "../eligibility.ts";
import { type ApprovalStep, moved, personOf, type Taken } from "./step.ts";

/** What one vote makes of a pending request: one vote more, the next stage, an approval, or its end. Pure. */
export function vote(
  stored: StoredApproval,
  step: Extract<ApprovalStep, { act: "approve" | "reject" }>,
  now: number,
  persons: Persons,
): Taken | Refusal {
  const { record, decisions } = stored;
  const refusal = refusalOf(decidable(stored, now), step.approver, now, persons);
  if (refusal !== undefined) return refusal;
  if (step.argumentsDigest !== record.argumentsDigest) return refuse("APPROVAL_DIGEST_MISMATCH");
  if (step.version !== record.version) return refuse("APPROVAL_CONFLICT");
  const rule = record.snapshot.reason;
  const needsReason = rule === "always" || (rule === "on_reject" && step.act === "reject");
  if (needsReason && step.reason === undefined) return refuse("APPROVAL_REASON_REQUIRED");
  const actor = personOf(step.approver);
  const decision: NewDecision = {
    stage: record.stage,
    approver: { ...actor, traces: persons.traces(step.approver) },
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
    return moved(record, step.act, "rejected", now, {
      ...said,
      change: { decidedAt: now },
      notify: "approval.decided",
    });
  }
  const given = approvalsIn(decisions, record.stage) + 1;
  if (given < (record.snapshot.stages[record.stage]?.required ?? 1)) {
    return moved(record, step.act, "pending", now, said);
  }
  if (record.stage + 1 < record.snapshot.stages.length) {
    const change = { stage: record.stage + 1, stageSince: now, escalated: false };
    const next = moved(record, step.act, "pending", now, { ...said, change });
    return { ...next, notify: { kind: "approval.requested", to: "stage" } };
  }
  return moved(record, step.act, "approved", now, {
    ...said,
    change: { decidedAt: now, executeUntil: now + record.snapshot.executeTtlMs },
    notify: "approval.decided",
  });
}
