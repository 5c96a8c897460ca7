import type { CombinedFlows } from "../../approvals/rules/combine-flows.ts";
import type { Approvers, StageRule } from "../../core/approval.ts";
import { durationText } from "../../core/duration.ts";
import { plainText } from "../terminal/output.ts";

/** For a terminal: one line for each stage, and then the times. */
export function approvalsText({ snapshot, pendingTtlMs, runAtOnce }: CombinedFlows): string {
  const stages = snapshot.stages.map((stage, index) => `  ${index + 1}. ${stageText(stage)}\n`);
  const times = [
    `asks for ${durationText(pendingTtlMs)}`,
    `may be run for ${durationText(snapshot.executeTtlMs)} once it is approved`,
    runAtOnce ? "is run at once" : "is run when the agent calls again",
    ...(snapshot.requesterMayApprove ? ["the requester may approve"] : []),
    ...(snapshot.reason === "never"
      ? []
      : [snapshot.reason === "always" ? "every decision needs a reason" : "a rejection needs a reason"]),
  ];
  return `Needs approval\n${stages.join("")}  ${times.join("; ")}\n`;
}

/** For programs, in the words of the configuration. */
export function approvalsJson({ snapshot, pendingTtlMs, runAtOnce }: CombinedFlows): object {
  return {
    stages: snapshot.stages.map(({ flow, approvers, required, escalate }) => ({
      flow,
      approvers,
      required,
      ...(escalate === undefined ? {} : { escalate: { after_ms: escalate.afterMs, to: escalate.to } }),
    })),
    pending_ttl_ms: pendingTtlMs,
    execute_ttl_ms: snapshot.executeTtlMs,
    execute: runAtOnce ? "on_approval" : "on_request",
    requester_may_approve: snapshot.requesterMayApprove,
    reason: snapshot.reason,
  };
}

function stageText({ flow, approvers, required, escalate }: StageRule): string {
  const many = required === 1 ? "one of" : `${required} of`;
  const later =
    escalate === undefined ? "" : `; after ${durationText(escalate.afterMs)} also ${approversText(escalate.to)}`;
  return `${flow}: ${many} ${approversText(approvers)}${later}`;
}

function approversText({ roles, users }: Approvers): string {
  return plainText([...roles.map((role) => `role ${role}`), ...users].join(", "));
}
