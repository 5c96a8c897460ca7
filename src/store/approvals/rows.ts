import type { ApprovalDecision, ApprovalEvent, FlowSnapshot, Person, StageRule } from "../../core/approval.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { TRACE_KINDS, type Traces } from "../../core/persons.ts";
import { objectIn, stringsIn } from "../database/stored-json.ts";
import { StoreError } from "../store-error.ts";
import type { ApprovalRecord, NewDecision, NewEvent } from "./approvals.ts";
import type { approvalDecisions, approvalEvents, approvalRequests } from "./schema.ts";

/** One row of `approval_requests`, of `approval_decisions`, of `approval_events`. */
export type RequestRow = typeof approvalRequests.$inferSelect;
export type DecisionRow = typeof approvalDecisions.$inferSelect;
export type EventRow = typeof approvalEvents.$inferSelect;

/** A record as its row, but for its seal. */
export function requestRow(record: ApprovalRecord): Omit<RequestRow, "history" | "mac"> {
  return {
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
  };
}

/** The columns that transitions write. */
export function changingColumns(record: ApprovalRecord) {
  return {
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
  };
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

/** One vote as its row. */
export function decisionRow(requestId: string, decision: NewDecision): DecisionRow {
  return {
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
  };
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
  return {
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
  };
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

function tracesIn(text: string | null, place: { readonly table: string; readonly column: string }): Traces | undefined {
  if (text === null) return undefined;
  const { kind: written, vouched, names, actors, mentions, odd } = objectIn(text, place);
  const kind = TRACE_KINDS.find((one) => one === written);
  if (kind === undefined || typeof vouched !== "boolean") throw malformed();
  // Of before it was written down: whether every name was read, and was plain, nobody knows any more.
  const others = { actors: texts(actors ?? []), mentions: texts(mentions ?? []) };
  return { kind, vouched, names: texts(names), ...others, odd: odd !== false || mentions === undefined };
}

const SNAPSHOT = { table: "approval_requests", column: "flow_snapshot" };

// A snapshot says who may approve: what does not read exactly as it was written decides nothing.
function snapshotIn(text: string): FlowSnapshot {
  const { flows, stages, executeTtlMs, requesterMayApprove, reason } = objectIn(text, SNAPSHOT);
  if (!Array.isArray(flows) || !Array.isArray(stages) || stages.length === 0) throw malformed();
  if (typeof executeTtlMs !== "number" || typeof requesterMayApprove !== "boolean") throw malformed();
  if (reason !== "never" && reason !== "on_reject" && reason !== "always") throw malformed();
  return { flows: flows.map(flowIn), stages: stages.map(stageIn), executeTtlMs, requesterMayApprove, reason };
}

function flowIn(value: Json): FlowSnapshot["flows"][number] {
  const { name, digest, notify } = objectOf(value);
  if (typeof name !== "string" || typeof digest !== "string") throw malformed();
  return { name, digest, notify: texts(notify) };
}

function stageIn(value: Json): StageRule {
  const { flow, approvers, required, escalate } = objectOf(value);
  if (typeof flow !== "string" || typeof required !== "number" || !(required >= 1)) throw malformed();
  const rule = { flow, approvers: approversIn(approvers), required };
  if (escalate === undefined) return { ...rule, escalate: undefined };
  const { afterMs, to } = objectOf(escalate);
  if (typeof afterMs !== "number") throw malformed();
  return { ...rule, escalate: { afterMs, to: approversIn(to) } };
}

function approversIn(value: Json | undefined): StageRule["approvers"] {
  const { roles, users } = objectOf(value);
  return { roles: texts(roles), users: texts(users) };
}

function objectOf(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw malformed();
  return value;
}

function texts(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw malformed();
  return value;
}

function malformed(): StoreError {
  return new StoreError("STORE_ROW_MALFORMED", "A row of approval_requests holds no usable flow_snapshot.");
}
