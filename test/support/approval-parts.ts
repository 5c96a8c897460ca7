import type { ApprovalVote, CallToApprove } from "../../src/approvals/approvals.ts";
import type { ApprovalFlow } from "../../src/approvals/flow.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { AT_HOME, type Principal } from "../../src/core/principal.ts";

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** A person with a token. */
export function person(subject: string, changes: Partial<Principal> = {}): Principal {
  return {
    issuer: "https://idp.example",
    subject,
    kind: "person",
    clientId: "agent",
    email: `${subject}@acme.com`,
    name: subject,
    roles: [],
    groups: [],
    scopes: [],
    claims: {},
    acr: undefined,
    amr: [],
    authTime: undefined,
    ...AT_HOME,
    ...changes,
  };
}

export const requester = person("rita");
export const ann = person("ann", { roles: ["finance-lead"] });
export const bob = person("bob", { roles: ["finance-lead"] });
export const carl = person("carl", { roles: ["cfo"] });

/** A flow of one stage: one finance lead, and the CFO after two hours. */
export function flow(changes: Partial<ApprovalFlow> = {}): ApprovalFlow {
  return {
    name: "finance",
    description: undefined,
    stages: [{ ...stage("finance-lead"), escalate: { afterMs: 2 * HOUR, to: { roles: ["cfo"], users: [] } } }],
    pendingTtlMs: DAY,
    executeTtlMs: HOUR,
    requesterMayApprove: false,
    reason: "on_reject",
    execute: "on_request",
    notify: ["hook"],
    ...changes,
  };
}

/** A stage of a flow. */
export function stage(role: string, required = 1): ApprovalFlow["stages"][number] {
  return { approvers: { roles: [role], users: [] }, required, escalate: undefined };
}

/** A call that needs approval. */
export function ask(changes: Partial<CallToApprove> = {}): CallToApprove {
  return {
    principal: requester,
    clientName: "claude-code",
    era: "modern",
    method: "tools/call",
    upstream: "expenses",
    tool: "create_expense",
    definitionDigest: "d".repeat(64),
    arguments: { amount: 1200, currency: "EUR" },
    approvals: [{ policy: "large-expenses", flow: "finance", message: "Expenses above 1000 need finance." }],
    policySet: "0".repeat(64),
    run: "caller",
    idempotent: false,
    context: { endpoint: "" },
    ...changes,
  };
}

/** An approver's yes to what they see. */
export function yes(request: ApprovalRequest, approver: Principal, changes: Partial<ApprovalVote> = {}): ApprovalVote {
  return {
    id: request.id,
    approver,
    decision: "approve",
    reason: undefined,
    version: request.version,
    argumentsDigest: request.argumentsDigest,
    channel: "api",
    ip: "127.0.0.1",
    ...changes,
  };
}

/** An approver's no. */
export function no(request: ApprovalRequest, approver: Principal, changes: Partial<ApprovalVote> = {}): ApprovalVote {
  return yes(request, approver, { decision: "reject", reason: "Too much.", ...changes });
}
