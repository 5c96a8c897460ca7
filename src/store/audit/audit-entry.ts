import { StoreError } from "../store-error.ts";
import type { StoredAuditRow } from "./audit-row.ts";
import type { AuditEntry } from "./audit-rows.ts";

/** A call or an act as it is listed, with the row of its end. @throws StoreError STORE_ROW_MALFORMED for any other row */
export function entryOf(row: StoredAuditRow, ended: StoredAuditRow | null): AuditEntry {
  if (row.kind === "closed" || row.kind === "checkpoint") {
    throw new StoreError("STORE_ROW_MALFORMED", `Audit row ${row.seq} is neither a call nor an act.`);
  }
  return {
    seq: row.seq,
    at: row.at,
    callId: row.callId,
    kind: row.kind,
    actor: row.actor,
    actorIssuer: row.actorIssuer,
    actorEmail: row.actorEmail,
    client: row.client,
    clientId: row.clientId,
    clientIp: row.clientIp,
    endpoint: row.endpoint,
    session: row.session,
    upstream: row.upstream,
    tool: row.tool,
    decision: row.decision,
    policies: row.policies,
    resultPolicies: ended?.policies ?? null,
    policySet: row.policySet,
    argumentsDigest: row.argumentsDigest,
    argumentsRedacted: row.argumentsRedacted,
    definitionDigest: row.definitionDigest,
    facts: row.facts,
    outcome: ended?.outcome ?? row.outcome,
    durationMs: ended?.durationMs ?? row.durationMs,
    endedAt: ended?.at ?? null,
    traceId: row.traceId,
    approval: row.approval ?? ended?.approval ?? null,
    challenge: row.challenge ?? ended?.challenge ?? null,
  };
}
