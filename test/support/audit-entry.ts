import type { AuditEntry } from "../../src/store/audit/audit-rows.ts";

/** A call that was allowed and went well. */
export function auditEntry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    seq: 1,
    at: 1_790_000_000_000,
    callId: "call_1",
    kind: "opened",
    actor: "ann",
    actorIssuer: "https://idp.example",
    actorEmail: "ann@acme.com",
    client: "claude-code/2.0",
    clientId: "agent",
    clientIp: "127.0.0.1",
    endpoint: "",
    session: null,
    upstream: "expenses",
    tool: "create_expense",
    decision: "allow",
    policies: "[]",
    resultPolicies: null,
    policySet: "0".repeat(64),
    argumentsDigest: "a".repeat(64),
    argumentsRedacted: '{"amount":12}',
    definitionDigest: "d".repeat(64),
    facts: null,
    endFacts: null,
    outcome: "ok",
    durationMs: 12,
    endedAt: 1_790_000_000_012,
    traceId: null,
    approval: null,
    challenge: null,
    ...changes,
  };
}
