import type { Call, RpcError } from "../core/call.ts";
import type { Stop } from "../core/decision.ts";
import { ERRORS, type Refusal, refusalText } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { StillPaused, UnapprovedOutcome } from "../core/outcome.ts";
import type { UpstreamFault } from "../core/round.ts";
import { SUBJECT_KINDS, type SubjectKind, USES } from "../core/subject.ts";
import { approvalMeta, pendingText } from "../gateway/approval-texts.ts";
import { WAITS_FOR_SIGN_IN } from "../gateway/step-up/texts.ts";
import { refusalError } from "./edge.ts";

/** An answer of the gateway's own, before it takes the form of an era. */
export type OwnAnswer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly error: RpcError; readonly status: number };

/** What an answer needs to know of its call. */
export type Answered = Pick<Call, "id" | "method">;

/** What a call asks for, as its client wrote it. */
export function namedIn({ method, params }: Pick<Call, "method" | "params">): {
  readonly kind: SubjectKind;
  readonly name: string;
} {
  const kind = SUBJECT_KINDS.find((one) => USES[one] === method) ?? "tool";
  return { kind, name: String(params[kind === "resource" ? "uri" : "name"]) };
}

/** What a model is told when a call ended at a question of its server, besides why. */
export const RAN_UP_TO_QUESTION =
  "The call may have been carried out up to its question: check before you call it again.";

/** A tool result that tells the model what went wrong. 2026-07-28 server/tools, "Error Handling" */
export function toolError(text: string, meta?: JsonObject): JsonObject {
  return { content: [{ type: "text", text }], isError: true, ...(meta === undefined ? {} : { _meta: meta }) };
}

/** A denied call: words for the model, facts for programs. Only a tool has results that can say so. */
export function deniedAnswer(decision: Stop, call: Answered, errors: "result" | "protocol"): OwnAnswer {
  const data = {
    decision: decision.effect,
    policy: decision.policy,
    call: call.id,
    ...(decision.effect === "rate_limit" && { retry_after_ms: decision.retryAfterMs }),
  };
  if (call.method === "tools/call" && errors === "result") {
    return { kind: "result", result: toolError(decision.message, { "portcullis/decision": data }) };
  }
  const error = { code: ERRORS.DENIED.rpc, message: decision.message, data };
  return { kind: "error", error, status: ERRORS.DENIED.status };
}

/** A call that the gateway refused before it reached a tool. What the model can do something about, it hears like a denial. */
export function refusedAnswer(refusal: Refusal, call: Answered, errors: "result" | "protocol"): OwnAnswer {
  const { status, rpc } = ERRORS[refusal.code];
  const denies = rpc === ERRORS.DENIED.rpc;
  if (denies && errors === "result" && call.method === "tools/call") {
    return { kind: "result", result: toolError(refusalText(refusal)) };
  }
  // That what a call names is not there is said in the body: by its status a 404 tells clients of an unknown method.
  return { kind: "error", error: refusalError(refusal), status: denies || status === 404 ? 200 : status };
}

/** A server that did not answer properly: the model is told which, and whether the call may be repeated. */
export function faultAnswer(fault: UpstreamFault, call: Answered): OwnAnswer {
  const text = faultText(fault);
  const data = { code: fault.code, upstream: fault.upstream, executed: fault.executed, call: call.id };
  return notPossible(call, text, { "portcullis/fault": data });
}

/** A result that may not be given out: the tool has run, and calling it again would bring no more of it. */
export function withheldAnswer(call: Answered): OwnAnswer {
  const data = { code: "RESULT_WITHHELD", call: call.id };
  return toldInstead(call, ERRORS.RESULT_WITHHELD.message, { "portcullis/withheld": data });
}

/** A call that waits for people, or runs: words for the model, facts for programs. It is no denial, whatever those are. */
export function pendingAnswer(
  call: Answered & Pick<Call, "params">,
  { request, needsSignIn }: Omit<StillPaused, "ended">,
  link: string,
): OwnAnswer {
  const text = pendingText(request, link, call.method === "tools/call" ? undefined : namedIn(call).name);
  return toldInstead(call, needsSignIn ? `${text}\n${WAITS_FOR_SIGN_IN}` : text, {
    "portcullis/approval": approvalMeta(request, link),
  });
}

/** A call that nobody will run, which is a denial; or one of which nobody knows whether it ran, which is none. */
export function unapprovedAnswer(call: Answered, outcome: UnapprovedOutcome, errors: "result" | "protocol"): OwnAnswer {
  const { request, link, message } = outcome;
  const facts = approvalMeta(request, link);
  if (call.method !== "tools/call" || errors === "result" || request.state === "indeterminate") {
    return toldInstead(call, message, { "portcullis/approval": facts });
  }
  const error = { code: ERRORS.DENIED.rpc, message, data: facts };
  return { kind: "error", error, status: ERRORS.DENIED.status };
}

/** Tells a model that there is no result, and why: in a tool result where there is one, else in the error of what was not let through. */
export function toldInstead(call: Pick<Call, "method">, text: string, meta: JsonObject): OwnAnswer {
  if (call.method === "tools/call") return { kind: "result", result: toolError(text, meta) };
  const { rpc, status } = ERRORS.DENIED;
  return { kind: "error", error: { code: rpc, message: text, data: meta }, status };
}

/** Ends a call with a text: in a tool result where there is one, else in an error. */
export function notPossible(call: Answered, text: string, meta?: JsonObject): OwnAnswer {
  if (call.method === "tools/call") return { kind: "result", result: toolError(text, meta) };
  const error = { code: ERRORS.INTERNAL.rpc, message: text, ...(meta === undefined ? {} : { data: meta }) };
  return { kind: "error", error, status: 200 };
}

function faultText(fault: UpstreamFault): string {
  if (fault.code === "UPSTREAM_REFUSED") {
    return `${ERRORS[fault.code].message} Server: ${fault.upstream}. The call was not carried out; the same call will fail again until then.`;
  }
  const next =
    fault.executed === "no"
      ? "The call was not carried out; it is safe to try again later."
      : "The call may or may not have been carried out: check before you repeat it.";
  const deadline = fault.code === "UPSTREAM_TIMEOUT" && fault.ours !== true ? DEADLINE : "";
  const says = fault.said === undefined ? "" : ` It says: "${fault.said}"`;
  return `${ERRORS[fault.code].message} Server: ${fault.upstream}.${says} ${next}${deadline}`;
}

const DEADLINE = " How long it may take, with progress or without, is a timeout in the gateway's configuration.";
