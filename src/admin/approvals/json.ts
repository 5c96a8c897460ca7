import type { ApprovalDecision, ApprovalEvent, ApprovalRequest, ApprovalStage, Person } from "../../core/approval.ts";
import { parseExact } from "../../core/exact-json.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { subjectKindOf } from "../../core/subject.ts";
import { timeText } from "../list-schema.ts";
import type { ApprovalBody, ApprovalDetailBody } from "./schema.ts";

/** What of an answer depends on who asks. */
export interface Viewed {
  readonly url: string;
  /** `undefined`: not for this reader, or purged; then the redacted ones are shown. */
  readonly arguments: JsonObject | undefined;
  /** Where they do not fit their tool; `undefined`: not looked at, or not for this reader. */
  readonly misfits: readonly string[] | undefined;
  /** `undefined`: not for this reader. */
  readonly message: string | undefined;
  /** The code of the reason why the reader cannot decide now; `undefined` if they can. */
  readonly mayNotDecide: string | undefined;
}

/** A request as the API shows it. */
export function approvalJson(request: ApprovalRequest, viewed: Viewed): ApprovalBody {
  const { requester } = request;
  return {
    id: request.id,
    url: viewed.url,
    state: request.state,
    version: request.version,
    arguments_digest: request.argumentsDigest,
    arguments: { ...(viewed.arguments ?? parsed(request.argumentsRedacted)) },
    arguments_form: viewed.arguments === undefined ? "redacted" : "whole",
    arguments_misfits: viewed.misfits === undefined ? null : [...viewed.misfits],
    upstream: request.upstream,
    method: request.method,
    tool: request.method === "tools/call" ? request.tool : null,
    subject: { kind: subjectKindOf(request.method), name: request.tool },
    requester: {
      ...personJson(requester),
      client_id: requester.clientId ?? null,
      client_name: requester.clientName,
    },
    flow: request.stages[request.stage]?.flow ?? request.flows[0] ?? "",
    flows: [...request.flows],
    stage: request.stage,
    stages: request.stages.map(stageJson),
    policies: [...request.policies],
    message: viewed.message ?? null,
    reason_required: request.reason,
    may_decide: viewed.mayNotDecide === undefined,
    may_not_decide_because: viewed.mayNotDecide ?? null,
    run: request.run,
    created_at: timeText(request.createdAt),
    pending_until: timeText(request.pendingUntil),
    decided_at: maybeTime(request.decidedAt),
    execute_until: maybeTime(request.executeUntil),
    execution_started_at: maybeTime(request.executionStartedAt),
    execution_ended_at: maybeTime(request.executionEndedAt),
    result_is_error: request.resultIsError ?? null,
    delivered_at: maybeTime(request.deliveredAt),
    decisions: request.decisions.map(decisionJson),
  };
}

/** One row of a request's history. */
export function eventJson(event: ApprovalEvent): ApprovalDetailBody["history"][number] {
  return {
    seq: event.seq,
    act: event.act,
    from: event.from ?? null,
    to: event.to,
    actor: event.actor === undefined ? null : personJson(event.actor),
    reason: event.reason ?? null,
    at: timeText(event.at),
  };
}

function stageJson(stage: ApprovalStage): ApprovalBody["stages"][number] {
  return {
    flow: stage.flow,
    approvers: { roles: [...stage.approvers.roles], users: [...stage.approvers.users] },
    required: stage.required,
    given: stage.given,
    escalated: stage.escalated,
    escalates_at: maybeTime(stage.escalatesAt),
  };
}

function decisionJson(decision: ApprovalDecision): ApprovalBody["decisions"][number] {
  return {
    stage: decision.stage,
    approver: personJson(decision.approver),
    decision: decision.decision,
    reason: decision.reason ?? null,
    at: timeText(decision.at),
    channel: decision.channel,
  };
}

function personJson({ issuer, subject, name, email }: Person): ApprovalBody["decisions"][number]["approver"] {
  return { issuer, subject, name: name ?? null, email: email ?? null };
}

function parsed(text: string): JsonObject {
  const value = parseExact(text);
  return isObject(value) ? value : {};
}

function maybeTime(ms: number | undefined): string | null {
  return ms === undefined ? null : timeText(ms);
}
