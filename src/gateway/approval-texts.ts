import type { ApprovalRequest, ApprovalStage } from "../core/approval.ts";
import type { JsonObject } from "../core/json.ts";
import { type SubjectKind, subjectKindOf } from "../core/subject.ts";
import { REQUEST_WORDS, type RequestWords } from "./requests/words.ts";

/** The gateway's own tool with which an agent looks after a call that waits. */
export const STATUS_TOOL = "portcullis_approval_status";

/** Where a request is, in one line: `Waiting for approval 1 of 2 (finance)`. For people and for tasks. */
export function approvalStatus(request: ApprovalRequest): string {
  switch (request.state) {
    case "pending":
      return waiting(request);
    case "approved":
      return request.run === "gateway"
        ? "Approved. It is about to be run."
        : `Approved. The next identical ${wordsOf(request).noun} runs it.`;
    case "executing":
      return "Approved. It is being run.";
    case "succeeded":
      return "Approved, and carried out.";
    case "failed":
      return "Approved, and carried out with an error.";
    case "indeterminate":
      return "Approved. It may or may not have been carried out.";
    case "rejected":
      return "Rejected.";
    case "expired":
      return request.executeUntil === undefined
        ? "Expired: nobody decided in time."
        : "Expired: it was not run in time.";
    case "cancelled":
      return "Cancelled.";
    case "invalidated":
      return "No longer valid.";
    default:
      return request.state satisfies never;
  }
}

/**
 * What a model is told of a call that has not run: whom it waits for, until when, and what to do next. `named`: what the call
 * is about, as its client wrote it.
 */
export function pendingText(request: ApprovalRequest, link: string, named = request.tool): string {
  const { id } = request;
  const words = wordsOf(request);
  const { noun } = words;
  const again = `To get the result, ${words.again(named)}, ${statusWords(request)}. ${words.other}`;
  switch (request.state) {
    case "succeeded":
    case "failed":
      return lines(`The ${noun} was approved and carried out.`, [`Request: ${id} (${link})`, again]);
    case "executing":
      return lines(
        `The ${noun} is approved and being run. Its result is not known yet: do not assume that it succeeded.`,
        [`Request: ${id} (${link})`, again],
      );
    case "approved":
      return lines(`Not executed yet: the ${noun} is approved and has not been run.`, [
        `Request: ${id} (${link})`,
        `To be run until: ${timeOf(request.executeUntil ?? request.pendingUntil)}`,
        again,
      ]);
    default:
      return lines(`Not executed: the ${noun} needs the approval of people, and they have been asked.`, [
        ...(request.message === "" ? [] : [request.message]),
        `${waiting(request)}: ${approversOf(request)}`,
        `Request: ${id} (${link})`,
        `Waits until: ${timeOf(request.pendingUntil)}`,
        again,
      ]);
  }
}

/** What a model is told of a call that nobody will run, or of which nobody knows whether it ran. */
export function unapprovedText(request: ApprovalRequest, reason: string | undefined): string {
  const why = reason === undefined || reason === "" ? [] : [`Reason: ${reason}`];
  const named = `Request: ${request.id}`;
  const { noun, anew, retry } = wordsOf(request);
  const kind = subjectKindOf(request.method);
  switch (request.state) {
    case "rejected":
      return lines(`Not executed: the ${noun} was rejected. Do not repeat it unless the user asks for it.`, [
        ...why,
        named,
      ]);
    case "expired":
      return lines(`Not executed: the request for approval has expired. ${anew} anew.`, [
        approvalStatus(request),
        named,
      ]);
    case "cancelled":
      return lines("Not executed: the request for approval was taken back.", [named]);
    case "invalidated":
      return lines(
        `Not executed: ${request.executeUntil === undefined ? "" : `the ${noun} was approved, but `}what was asked for can no longer be run as it was. ` +
          `If the ${kind} is still listed, ${retry} anew; if it is not, do not repeat the ${noun}, and tell the user.`,
        [...why, named],
      );
    case "indeterminate":
      return lines(
        `The ${noun} was approved and started, and it is not known whether it was carried out: it may or may not have ` +
          "run. Check before you do anything that depends on it. It is not run again by itself.",
        [named],
      );
    default:
      return lines(`The ${noun} was approved and carried out. Its result is not kept any more.`, [named]);
  }
}

/** `_meta["portcullis/approval"]`: the same facts for programs. Times are RFC 3339; stages count from 1. */
export function approvalMeta(request: ApprovalRequest, link: string): JsonObject {
  return {
    id: request.id,
    state: request.state,
    flow: stageOf(request)?.flow ?? request.flows[0] ?? "",
    stage: request.stage + 1,
    stages: request.stages.length,
    pending_until: timeOf(request.pendingUntil),
    ...(request.executeUntil === undefined ? {} : { execute_until: timeOf(request.executeUntil) }),
    link,
  };
}

/** An approval counts approvals, not stages, for whoever waits: two of two in one stage are two steps. */
function waiting(request: ApprovalRequest): string {
  const needed = request.stages.reduce((sum, { required }) => sum + required, 0);
  const given = request.stages.reduce((sum, stage) => sum + Math.min(stage.given, stage.required), 0);
  const flow = stageOf(request)?.flow;
  return `Waiting for approval ${Math.min(given + 1, needed)} of ${needed}${flow === undefined ? "" : ` (${flow})`}`;
}

function approversOf(request: ApprovalRequest): string {
  const { roles, users } = stageOf(request)?.approvers ?? { roles: [], users: [] };
  return [...roles.map((role) => `anybody with role ${role}`), ...users].join(", ");
}

function stageOf(request: ApprovalRequest): ApprovalStage | undefined {
  return request.stages[request.stage];
}

function lines(first: string, more: readonly string[]): string {
  return [first, ...more].join("\n");
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}

/** What a model is told when the server wanted to ask the client something in the middle of an approved run. */
export function questionText(kind: SubjectKind): string {
  const { noun, anew } = REQUEST_WORDS[kind];
  return (
    `The ${noun} was approved and started, and its server then asked for input, which an approved ${noun} cannot give. It was ` +
    `given up there. Check what it has done before you repeat it. ${anew} for approval anew.`
  );
}

/** What a model is told when an approved call did not reach its server. */
export function spentText(fault: string, upstream: string, kind: SubjectKind): string {
  const { noun, anew } = REQUEST_WORDS[kind];
  return (
    `${fault} Server: ${upstream}. The ${noun} was approved and not carried out, and its approval is spent. ` +
    `${anew} for approval anew.`
  );
}

function wordsOf({ method }: ApprovalRequest): RequestWords {
  return REQUEST_WORDS[subjectKindOf(method)];
}

// The status tool gives no result of what is no tool: it has no form for it.
function statusWords({ id, method }: ApprovalRequest): string {
  const query = `call ${STATUS_TOOL} with {"id": "${id}"}`;
  return method === "tools/call" ? `or ${query}` : `or ${query} to see whether it is time`;
}
