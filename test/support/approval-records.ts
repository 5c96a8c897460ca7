import type { ApprovalDecision, FlowSnapshot, StageRule } from "../../src/core/approval.ts";
import { sha256 } from "../../src/core/digest.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { ApprovalRecord } from "../../src/store/approvals/approvals.ts";
import { HOUR, requester } from "./approval-parts.ts";
import { START, testPersons } from "./approval-service.ts";

/** A stage of a snapshot. */
export function aStage(role: string, required = 1): StageRule {
  return { flow: "finance", approvers: { roles: [role], users: [] }, required, escalate: undefined };
}

/** One finance lead, and the CFO after two hours. */
export function snapshot(changes: Partial<FlowSnapshot> = {}): FlowSnapshot {
  return {
    flows: [{ name: "finance", digest: "f".repeat(64), notify: ["hook"] }],
    stages: [{ ...aStage("finance-lead"), escalate: { afterMs: 2 * HOUR, to: { roles: ["cfo"], users: [] } } }],
    executeTtlMs: HOUR,
    requesterMayApprove: false,
    reason: "on_reject",
    ...changes,
  };
}

/** A pending request, as the store has it. */
export function aRecord(changes: Partial<ApprovalRecord> = {}): ApprovalRecord {
  return {
    id: "apr_aaaaaaaaaaaaaaaaaaaaaa",
    digest: "c".repeat(64),
    state: "pending",
    version: 1,
    issuer: requester.issuer,
    subject: requester.subject,
    userName: requester.name,
    email: requester.email,
    traces: testPersons().traces(requester),
    personHash: testPersons().personHash(requester),
    clientId: requester.clientId,
    clientName: "claude-code",
    era: "modern",
    method: "tools/call",
    upstream: "expenses",
    tool: "create_expense",
    definitionDigest: "d".repeat(64),
    argumentsDigest: sha256("{}"),
    argumentsRedacted: "{}",
    policies: ["large-expenses"],
    policySet: "0".repeat(64),
    snapshot: snapshot(),
    messageSealed: undefined,
    run: "caller",
    idempotent: false,
    stage: 0,
    stageSince: START,
    escalated: false,
    reminded: false,
    createdAt: START,
    pendingUntil: START + 24 * HOUR,
    decidedAt: undefined,
    executeUntil: undefined,
    executionId: undefined,
    executionOwner: undefined,
    leaseUntil: undefined,
    executionStartedAt: undefined,
    executionEndedAt: undefined,
    runs: 0,
    endedAt: undefined,
    hasResult: false,
    resultIsError: undefined,
    deliveredAt: undefined,
    purgedAt: undefined,
    dueAt: undefined,
    ...changes,
  };
}

/** An approval that was given. */
export function voice(approver: Principal, stage: number): ApprovalDecision {
  const { issuer, subject, name, email } = approver;
  const who = { issuer, subject, name, email, traces: testPersons().traces(approver) };
  return { stage, approver: who, decision: "approve", reason: undefined, at: START, channel: "api" };
}
