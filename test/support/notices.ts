import type { ApprovalNotice } from "../../src/core/approval.ts";

/** A notice of a new request, with what a test says otherwise. */
export function notice(changes: Partial<ApprovalNotice> = {}): ApprovalNotice {
  return {
    kind: "approval.requested",
    requestId: "apr_AAAAAAAAAAAAAAAAAAAAAA",
    state: "pending",
    flow: "finance",
    stage: 0,
    stages: 2,
    approvers: { roles: ["finance-lead"], users: ["ann@acme.example", "auth0|12345"] },
    method: "tools/call",
    upstream: "expenses",
    tool: "create_expense",
    requester: "Bob Miller",
    policies: ["large-expenses"],
    createdAt: Date.UTC(2026, 2, 1, 9, 30),
    pendingUntil: Date.UTC(2026, 2, 2, 9, 30),
    executeUntil: undefined,
    at: Date.UTC(2026, 2, 1, 9, 30),
    ...changes,
  };
}
