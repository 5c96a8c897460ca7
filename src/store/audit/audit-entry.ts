import { GATEWAY_LOST } from "../../core/call-outcome.ts";
import { StoreError } from "../store-error.ts";
import { AUDIT_KINDS, EMPTY_ROW, type StoredAuditRow } from "./audit-row.ts";
import type { AuditEntry } from "./audit-rows.ts";

/** The outcome of an entry whose row, or the row of its end, somebody has changed so that it cannot be read. */
export const UNREADABLE_OUTCOME = "unreadable";

/** The last moment of the year 9999, beyond which RFC 3339 has no time. */
const LAST_AT = 253_402_300_799_999;

/**
 * A call or an act as it is listed, with the row of its end. A row that cannot be read is listed, too, as an act without anything
 * but its place: all others stay to be seen. `lost`: the gateway that carried the call has ended. @throws StoreError STORE_ROW_MALFORMED for the end of a call or a checkpoint
 */
export function entryOf(row: StoredAuditRow, ended: StoredAuditRow | null, lost = false): AuditEntry {
  if (!isReadable(row) || (ended !== null && !isReadable(ended))) return unreadable(row);
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
    method: row.method,
    subjectKind: row.subjectKind,
    subject: row.subject,
    decision: row.decision,
    policies: row.policies,
    resultPolicies: ended?.policies ?? null,
    policySet: row.policySet,
    argumentsDigest: row.argumentsDigest,
    argumentsRedacted: row.argumentsRedacted,
    definitionDigest: row.definitionDigest,
    facts: row.facts,
    endFacts: ended?.facts ?? null,
    outcome: lost ? GATEWAY_LOST : (ended?.outcome ?? row.outcome),
    durationMs: ended?.durationMs ?? row.durationMs,
    endedAt: ended?.at ?? null,
    traceId: row.traceId,
    approval: row.approval ?? ended?.approval ?? null,
    challenge: row.challenge ?? ended?.challenge ?? null,
  };
}

/** Whether the values are of the kinds that the gateway writes: SQLite keeps others, too. */
export function isReadable(row: StoredAuditRow): boolean {
  const { seq: _seq, at, kind, durationMs, scheme: _scheme, ...texts } = row;
  const known: readonly string[] = AUDIT_KINDS;
  return (
    isMoment(at) &&
    known.includes(kind) &&
    (durationMs === null || Number.isFinite(durationMs)) &&
    Object.values(texts).every((value) => value === null || typeof value === "string")
  );
}

function isMoment(at: number): boolean {
  return Number.isFinite(at) && at >= 0 && at <= LAST_AT;
}

function unreadable({ seq, at, callId }: StoredAuditRow): AuditEntry {
  return {
    ...EMPTY_ROW,
    seq,
    at: isMoment(at) ? at : 0,
    callId: typeof callId === "string" ? callId : "",
    kind: "admin",
    outcome: UNREADABLE_OUTCOME,
    resultPolicies: null,
    endFacts: null,
    endedAt: null,
  };
}
