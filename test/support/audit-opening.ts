import type { AuditOpening } from "../../src/audit/audit.ts";
import { AT_HOME } from "../../src/core/principal.ts";

/** A call about to be made. */
export function opening(callId: string, changes: Partial<AuditOpening> = {}): AuditOpening {
  return {
    callId,
    at: 1_790_000_000_000,
    principal: {
      issuer: "https://idp.example",
      subject: "u-1",
      kind: "person",
      clientId: "agent",
      email: "ann@acme.com",
      name: "Ann",
      roles: ["employee"],
      groups: [],
      scopes: [],
      claims: {},
      acr: undefined,
      amr: [],
      authTime: undefined,
      ...AT_HOME,
    },
    client: { name: "claude-code", version: "2.0", ip: "127.0.0.1", userAgent: "claude/2" },
    endpoint: "",
    session: undefined,
    method: "tools/call",
    upstream: "expenses",
    subjectKind: "tool",
    subject: "create_expense",
    definitionDigest: "d".repeat(64),
    decision: { effect: "allow", matched: [], set: "0".repeat(64) },
    arguments: { amount: 12, currency: "EUR" },
    headers: {},
    traceId: undefined,
    ...changes,
  };
}
