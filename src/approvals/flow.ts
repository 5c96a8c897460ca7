import type { Approvers, ReasonRule } from "../core/approval.ts";

/** One approval flow, as the configuration has it. */
export interface ApprovalFlow {
  readonly name: string;
  readonly description: string | undefined;
  /** One after the other; never empty. */
  readonly stages: readonly FlowStage[];
  /** An undecided request expires after so long. */
  readonly pendingTtlMs: number;
  /** How long an approved call may be started. */
  readonly executeTtlMs: number;
  readonly requesterMayApprove: boolean;
  readonly reason: ReasonRule;
  /** `on_approval`: the gateway runs the call at once and keeps the result for the agent. */
  readonly execute: "on_request" | "on_approval";
  /** Names of notifiers. */
  readonly notify: readonly string[];
}

export interface FlowStage {
  readonly approvers: Approvers;
  readonly required: number;
  readonly escalate: { readonly afterMs: number; readonly to: Approvers } | undefined;
}
