import type { ApprovalNotice } from "../../core/approval.ts";
import { calledAs } from "../../core/known-as.ts";
import type { ApprovalRecord, NewMessage } from "../../store/approvals/approvals.ts";
import { approversAt } from "../eligibility.ts";
import type { NoticeTarget } from "./step.ts";

/**
 * The notifications of one step, one for each notifier. They say that something waits and where, never what it is: a
 * message ends in mailboxes and channels whose readers nobody has checked.
 */
export function messagesFor(record: ApprovalRecord, target: NoticeTarget, at: number): readonly NewMessage[] {
  const { snapshot, stage } = record;
  const rule = snapshot.stages[stage];
  if (rule === undefined) return [];
  const flows = target.to === "all" ? snapshot.flows : snapshot.flows.filter((flow) => flow.name === rule.flow);
  const notice: ApprovalNotice = {
    kind: target.kind,
    requestId: record.id,
    state: record.state,
    flow: rule.flow,
    stage,
    stages: snapshot.stages.length,
    approvers: approversAt(rule, record.stageSince, at),
    method: record.method,
    upstream: record.upstream,
    tool: record.tool,
    requester: calledAs({ ...record, name: record.userName }),
    policies: record.policies,
    createdAt: record.createdAt,
    pendingUntil: record.pendingUntil,
    executeUntil: record.executeUntil,
    at,
  };
  return [...new Set(flows.flatMap((flow) => flow.notify))].map((notifier) => ({
    dedupeKey: `${record.id}:${target.kind}:${stage}:${notifier}`,
    notifier,
    notice,
  }));
}
