import type { ApprovalRequest } from "../core/approval.ts";
import type { StoredApproval } from "../store/approvals/approvals.ts";
import { stagesAt } from "./eligibility.ts";
import type { SealedWords } from "./lifecycle/sealed-parts.ts";

/** A stored request as people see it at `now`. */
export function requestOf(stored: StoredApproval, words: SealedWords | undefined, now: number): ApprovalRequest {
  const { record, decisions } = stored;
  return {
    id: record.id,
    state: record.state,
    version: record.version,
    digest: record.digest,
    argumentsDigest: record.argumentsDigest,
    argumentsRedacted: record.argumentsRedacted,
    misfits: words?.misfits,
    requester: {
      issuer: record.issuer,
      subject: record.subject,
      name: record.userName,
      email: record.email,
      traces: record.traces,
      clientId: record.clientId,
      clientName: record.clientName,
    },
    era: record.era,
    method: record.method,
    upstream: record.upstream,
    tool: record.tool,
    definitionDigest: record.definitionDigest,
    policies: record.policies,
    policySet: record.policySet,
    flows: record.snapshot.flows.map((flow) => flow.name),
    stages: stagesAt(stored, now),
    stage: record.stage,
    message: words?.message ?? "",
    reason: record.snapshot.reason,
    requesterMayApprove: record.snapshot.requesterMayApprove,
    run: record.run,
    createdAt: record.createdAt,
    pendingUntil: record.pendingUntil,
    decidedAt: record.decidedAt,
    executeUntil: record.executeUntil,
    executionStartedAt: record.executionStartedAt,
    executionEndedAt: record.executionEndedAt,
    hasResult: record.hasResult,
    resultIsError: record.resultIsError,
    deliveredAt: record.deliveredAt,
    decisions,
  };
}
