import type { ApprovalRequest } from "../../core/approval.ts";
import type { JsonObject } from "../../core/json.ts";
import { RawJson } from "../../core/raw-json.ts";
import { approvalMeta, approvalStatus } from "../../gateway/approval-texts.ts";
import type { TaskView } from "../../gateway/gateway.ts";
import { WAITS_FOR_SIGN_IN } from "../../gateway/step-up/texts.ts";
import { encodeResult } from "../../mcp/encode.ts";
import { withMember } from "../../mcp/members/raw-members.ts";
import type { RpcId } from "../../mcp/messages.ts";
import type { Task, TaskStatus } from "../../mcp/tasks.ts";
import type { Edge } from "../edge.ts";
import { type ModernAnswer, type ModernEnd, modernEnd, ownResult } from "./render.ts";

/** How often a client should ask: people take their time, a tool rarely does. */
const POLL_MS = { waiting: 5_000, running: 1_000 } as const;

/**
 * For how long after its last deadline a task can be asked for at the least. A running call has no deadline of its own,
 * and a client may take a task for lost once this time is over.
 */
const TTL_AFTER_MS = 24 * 60 * 60 * 1000;

/** The result of a call that goes on as a task. The request is on disk: the next `tasks/get` finds it. */
export function createdTask(edge: Edge, id: RpcId, view: Pick<TaskView, "request" | "link">): ModernAnswer {
  const task = taskOf(view.request, "working", false);
  return { message: encodeResult(id, RawJson.fromValue(ownTask(edge, "task", task, view))), status: 200 };
}

/** A task as it is now. */
export interface GotTask extends ModernAnswer {
  /** Whether it has ended, so that the client need not ask again. */
  readonly over: boolean;
}

/** The result of `tasks/get`: where the call is, and with its end what it ended with. */
export function gotTask(edge: Edge, id: RpcId, view: TaskView): GotTask {
  const { request, end } = view;
  const ended = end && modernEnd(edge, { id: request.id, method: "tools/call" }, end.outcome);
  const status = statusOf(request, ended);
  const own = RawJson.fromValue(ownTask(edge, "complete", taskOf(request, status, view.needsSignIn), view));
  const whole = ended === undefined ? own : withEnd(own, status, ended);
  return { message: encodeResult(id, whole), status: 200, over: status !== "working" };
}

// What ends a task belongs to two of its statuses; one that was taken back ends with nothing. SEP-2663, "Task Status"
function withEnd(task: RawJson, status: TaskStatus, end: ModernEnd): RawJson {
  if (status === "completed" && end.kind === "result") return withMember(task, "result", end.result);
  if (status === "failed" && end.kind === "error")
    return withMember(task, "error", RawJson.fromValue({ ...end.error }));
  return task;
}

// A call that can still run works on, even if an attempt to run it was refused just now.
function statusOf({ state }: ApprovalRequest, end: ModernEnd | undefined): TaskStatus {
  switch (state) {
    case "pending":
    case "approved":
    case "executing":
      return "working";
    case "cancelled":
      return "cancelled";
    case "succeeded":
    case "failed":
    case "indeterminate":
    case "rejected":
    case "expired":
    case "invalidated":
      if (end === undefined) return "working";
      return end.kind === "error" ? "failed" : "completed";
    default:
      return state satisfies never;
  }
}

function taskOf(request: ApprovalRequest, status: TaskStatus, needsSignIn: boolean): Task {
  const until = Math.max(request.pendingUntil, request.executeUntil ?? 0, request.executionEndedAt ?? 0);
  return {
    taskId: request.id,
    status,
    statusMessage: needsSignIn ? WAITS_FOR_SIGN_IN : approvalStatus(request),
    createdAt: timeOf(request.createdAt),
    lastUpdatedAt: timeOf(lastUpdate(request)),
    ttlMs: until - request.createdAt + TTL_AFTER_MS,
    pollIntervalMs: request.state === "pending" ? POLL_MS.waiting : POLL_MS.running,
  };
}

function ownTask(
  edge: Edge,
  resultType: "task" | "complete",
  task: Task,
  { request, link }: Pick<TaskView, "request" | "link">,
): JsonObject {
  return ownResult(edge, resultType, { ...task, _meta: { "portcullis/approval": approvalMeta(request, link) } });
}

function lastUpdate(request: ApprovalRequest): number {
  const { createdAt, decidedAt, executionStartedAt, executionEndedAt, decisions } = request;
  const votedAt = decisions.map(({ at }) => at);
  return Math.max(createdAt, decidedAt ?? 0, executionStartedAt ?? 0, executionEndedAt ?? 0, ...votedAt);
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
