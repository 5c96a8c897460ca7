import type { FlowSnapshot, ReasonRule } from "../../core/approval.ts";
import type { ApprovalRequirement, Decision } from "../../core/decision.ts";
import { digestOf } from "../../core/digest.ts";
import type { ApprovalFlow } from "../flow.ts";

/** What one request has to go through, made of all flows that policies ask for. */
export interface CombinedFlows {
  readonly snapshot: FlowSnapshot;
  readonly pendingTtlMs: number;
  /** Whether a flow says `execute: on_approval`. */
  readonly runAtOnce: boolean;
  /** Ids, in order. */
  readonly policies: readonly string[];
  /** One line for each different message. */
  readonly message: string;
}

/** From the laxest to the strictest. */
const REASONS: readonly ReasonRule[] = ["never", "on_reject", "always"];

/**
 * Puts the stages of all flows one after the other, each flow once; where flows differ, the strictest word counts.
 * `undefined` if one of them is not configured: then nobody could approve what its policy asks for.
 */
export function combineFlows(
  approvals: readonly ApprovalRequirement[],
  flows: readonly ApprovalFlow[],
): CombinedFlows | undefined {
  const names = [...new Set(approvals.map((approval) => approval.flow))];
  const wanted = names.flatMap((name) => flows.filter((flow) => flow.name === name));
  if (wanted.length !== names.length || wanted.length === 0) return undefined;
  const reason = Math.max(...wanted.map((flow) => REASONS.indexOf(flow.reason)));
  return {
    snapshot: {
      flows: wanted.map((flow) => ({ name: flow.name, digest: flowDigest(flow), notify: [...new Set(flow.notify)] })),
      stages: wanted.flatMap((flow) => flow.stages.map((stage) => ({ flow: flow.name, ...stage }))),
      executeTtlMs: Math.min(...wanted.map((flow) => flow.executeTtlMs)),
      requesterMayApprove: wanted.every((flow) => flow.requesterMayApprove),
      reason: REASONS[reason] ?? "always",
    },
    pendingTtlMs: Math.min(...wanted.map((flow) => flow.pendingTtlMs)),
    runAtOnce: wanted.some((flow) => flow.execute === "on_approval"),
    policies: [...new Set(approvals.map((approval) => approval.policy))],
    message: [...new Set(approvals.map((approval) => approval.message))].filter((text) => text !== "").join("\n"),
  };
}

/**
 * What people would have to say to a call: all stages of all flows that its decision asks for, as one request goes
 * through them. `undefined` if it needs no approval, or its flows are not known here.
 */
export function approvalsNeeded(
  decision: Decision,
  flows: readonly ApprovalFlow[] | undefined,
): CombinedFlows | undefined {
  if (decision.effect !== "request_approval" && decision.effect !== "step_up") return undefined;
  return flows === undefined ? undefined : combineFlows(decision.approvals, flows);
}

/** SHA-256 of what a flow says about who approves and how: a change of it makes open requests of it invalid. */
export function flowDigest(flow: ApprovalFlow): string {
  return digestOf({
    stages: flow.stages.map(({ approvers, required, escalate }) => ({
      approvers: { ...approvers },
      required,
      ...(escalate === undefined ? {} : { escalate: { afterMs: escalate.afterMs, to: { ...escalate.to } } }),
    })),
    requesterMayApprove: flow.requesterMayApprove,
    reason: flow.reason,
  });
}

/** The first flow of a snapshot that is no longer configured as it was. */
export function changedFlow(snapshot: FlowSnapshot, flows: readonly ApprovalFlow[]): string | undefined {
  const digests = new Map(flows.map((flow) => [flow.name, flowDigest(flow)]));
  return snapshot.flows.find((flow) => digests.get(flow.name) !== flow.digest)?.name;
}

/** What people read where a request ended because of that. */
export function flowChanged(flow: string): string {
  return `The approval flow ${flow} has changed.`;
}
