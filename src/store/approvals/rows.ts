import type { ApprovalDecision, ApprovalEvent, Person } from "../../core/approval.ts";
import { storableRow } from "../database/storable.ts";
import { stringsIn } from "../database/stored-json.ts";
import type { ApprovalRecord, ApproverEntry, NewDecision, NewEvent } from "./approvals.ts";
import { snapshotIn, tracesIn } from "./json-columns.ts";
import type { approvalApprovers, approvalDecisions, approvalEvents, approvalRequests } from "./schema.ts";

/* All rows are made here, with texts as SQLite will give them back, so that their seals fit what is read. */

/** One row of `approval_requests`, of `approval_decisions`, of `approval_events`. */
export type RequestRow = typeof approvalRequests.$inferSelect;
export type DecisionRow = typeof approvalDecisions.$inferSelect;
export type EventRow = typeof approvalEvents.$inferSelect;
type ApproverRow = typeof approvalApprovers.$inferSelect;

/** A record as its row, but for its seal. */
export function requestRow(record: ApprovalRecord): Omit<RequestRow, "history" | "mac"> {
  return storableRow({
    id: record.id,
    digest: record.digest,
    iss: record.issuer,
    sub: record.subject,
    userName: record.userName ?? null,
    email: record.email ?? null,
    traces: record.traces === undefined ? null : JSON.stringify(record.traces),
    personHash: record.personHash ?? null,
    clientId: record.clientId ?? null,
    clientName: record.clientName,
    era: record.era,
    // So rows of before there were others keep their seals.
    method: record.method === "tools/call" ? null : record.method,
    upstream: record.upstream,
    tool: record.tool,
    definitionDigest: record.definitionDigest,
    argumentsDigest: record.argumentsDigest,
    argumentsRedacted: record.argumentsRedacted,
    policies: JSON.stringify(record.policies),
    policySet: record.policySet,
    flow: ` ${record.snapshot.flows.map((flow) => flow.name).join(" ")} `,
    flowSnapshot: JSON.stringify(record.snapshot),
    idempotent: record.idempotent,
    createdAt: record.createdAt,
    pendingUntil: record.pendingUntil,
    ...changingColumns(record),
  });
}

/** The columns that transitions write. */
export function changingColumns(record: ApprovalRecord) {
  return storableRow({
    state: record.state,
    version: record.version,
    messageSealed: record.messageSealed ?? null,
    run: record.run,
    stage: record.stage,
    stageSince: record.stageSince,
    escalated: record.escalated,
    reminded: record.reminded,
    decidedAt: record.decidedAt ?? null,
    executeUntil: record.executeUntil ?? null,
    executionId: record.executionId ?? null,
    executionOwner: record.executionOwner ?? null,
    leaseUntil: record.leaseUntil ?? null,
    executionStartedAt: record.executionStartedAt ?? null,
    executionEndedAt: record.executionEndedAt ?? null,
    runs: record.runs,
    endedAt: record.endedAt ?? null,
    hasResult: record.hasResult,
    resultIsError: record.resultIsError ?? null,
    deliveredAt: record.deliveredAt ?? null,
    purgedAt: record.purgedAt ?? null,
    dueAt: record.dueAt ?? null,
  });
}

/** A row as its record. @throws StoreError STORE_ROW_MALFORMED */
export function recordOf(row: RequestRow): ApprovalRecord {
  return {
    id: row.id,
    digest: row.digest,
    state: row.state,
    version: row.version,
    issuer: row.iss,
    subject: row.sub,
    userName: row.userName ?? undefined,
    email: row.email ?? undefined,
    traces: tracesIn(row.traces, { table: "approval_requests", column: "traces" }),
    personHash: row.personHash ?? undefined,
    clientId: row.clientId ?? undefined,
    clientName: row.clientName,
    era: row.era,
    method: row.method ?? "tools/call",
    upstream: row.upstream,
    tool: row.tool,
    definitionDigest: row.definitionDigest,
    argumentsDigest: row.argumentsDigest,
    argumentsRedacted: row.argumentsRedacted,
    policies: stringsIn(row.policies, { table: "approval_requests", column: "policies" }),
    policySet: row.policySet,
    snapshot: snapshotIn(row.flowSnapshot),
    messageSealed: row.messageSealed ?? undefined,
    run: row.run,
    idempotent: row.idempotent,
    stage: row.stage,
    stageSince: row.stageSince,
    escalated: row.escalated,
    reminded: row.reminded,
    createdAt: row.createdAt,
    pendingUntil: row.pendingUntil,
    decidedAt: row.decidedAt ?? undefined,
    executeUntil: row.executeUntil ?? undefined,
    executionId: row.executionId ?? undefined,
    executionOwner: row.executionOwner ?? undefined,
    leaseUntil: row.leaseUntil ?? undefined,
    executionStartedAt: row.executionStartedAt ?? undefined,
    executionEndedAt: row.executionEndedAt ?? undefined,
    runs: row.runs,
    endedAt: row.endedAt ?? undefined,
    hasResult: row.hasResult,
    resultIsError: row.resultIsError ?? undefined,
    deliveredAt: row.deliveredAt ?? undefined,
    purgedAt: row.purgedAt ?? undefined,
    dueAt: row.dueAt ?? undefined,
  };
}

/** Who may approve a new request as a row. */
export function approverRow({ id, createdAt }: ApprovalRecord, entry: ApproverEntry): ApproverRow {
  return storableRow({ requestId: id, createdAt, open: true, ...entry });
}

/** One vote as its row. */
export function decisionRow(requestId: string, decision: NewDecision): DecisionRow {
  return storableRow({
    requestId,
    stage: decision.stage,
    approverIss: decision.approver.issuer,
    approverSub: decision.approver.subject,
    approverName: decision.approver.name ?? null,
    approverEmail: decision.approver.email ?? null,
    approverTraces: decision.approver.traces === undefined ? null : JSON.stringify(decision.approver.traces),
    decision: decision.decision,
    reason: decision.reason ?? null,
    argumentsDigest: decision.argumentsDigest,
    acr: decision.acr ?? null,
    channel: decision.channel,
    ip: decision.ip ?? null,
    at: decision.at,
  });
}

/** A row as the vote that people see. */
export function decisionOf(row: DecisionRow): ApprovalDecision {
  return {
    stage: row.stage,
    approver: {
      ...person(row.approverIss, row.approverSub, row.approverName, row.approverEmail),
      traces: tracesIn(row.approverTraces, { table: "approval_decisions", column: "approver_traces" }),
    },
    decision: row.decision,
    reason: row.reason ?? undefined,
    at: row.at,
    channel: row.channel,
  };
}

/** One event as its row. */
export function eventRow(requestId: string, seq: number, event: NewEvent): EventRow {
  return storableRow({
    requestId,
    seq,
    act: event.act,
    from: event.from ?? null,
    to: event.to,
    actorIss: event.actor?.issuer ?? null,
    actorSub: event.actor?.subject ?? null,
    actorName: event.actor?.name ?? null,
    actorEmail: event.actor?.email ?? null,
    reason: event.reason ?? null,
    at: event.at,
  });
}

/** A row as its event. */
export function eventOf(row: EventRow): ApprovalEvent {
  return {
    requestId: row.requestId,
    seq: row.seq,
    act: row.act,
    from: row.from ?? undefined,
    to: row.to,
    actor:
      row.actorIss === null || row.actorSub === null
        ? undefined
        : person(row.actorIss, row.actorSub, row.actorName, row.actorEmail),
    reason: row.reason ?? undefined,
    at: row.at,
  };
}

function person(issuer: string, subject: string, name: string | null, email: string | null): Person {
  return { issuer, subject, name: name ?? undefined, email: email ?? undefined };
}
