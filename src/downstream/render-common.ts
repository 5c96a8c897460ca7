import type { Call, RpcError } from "../core/call.ts";
import type { Stop } from "../core/decision.ts";
import { ERRORS, type Refusal } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { PausedOutcome, UnapprovedOutcome } from "../core/outcome.ts";
import type { UpstreamFault } from "../core/round.ts";
import { approvalMeta, pendingText } from "../gateway/approval-texts.ts";
import { refusalError } from "./edge.ts";

/** An answer of the gateway's own, before it takes the form of an era. */
export type OwnAnswer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly error: RpcError; readonly status: number };

/** A tool result that tells the model what went wrong. 2026-07-28 server/tools, "Error Handling" */
export function toolError(text: string, meta?: JsonObject): JsonObject {
  return { content: [{ type: "text", text }], isError: true, ...(meta === undefined ? {} : { _meta: meta }) };
}

/** A denied call: words for the model, facts for programs. Only a tool has results that can say so. */
export function deniedAnswer(decision: Stop, call: Call, errors: "result" | "protocol"): OwnAnswer {
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

/** A call that the gateway refused before it reached a tool. */
export function refusedAnswer(refusal: Refusal): OwnAnswer {
  return { kind: "error", error: refusalError(refusal), status: ERRORS[refusal.code].status };
}

/** A server that did not answer properly: the model is told which, and whether the call may be repeated. */
export function faultAnswer(fault: UpstreamFault, call: Call): OwnAnswer {
  const text = faultText(fault);
  const data = { code: fault.code, upstream: fault.upstream, executed: fault.executed, call: call.id };
  return notPossible(call, text, { "portcullis/fault": data });
}

/** A result that may not be given out: the tool has run, and calling it again would bring no more of it. */
export function withheldAnswer(call: Call): OwnAnswer {
  const data = { code: "RESULT_WITHHELD", call: call.id };
  return notPossible(call, ERRORS.RESULT_WITHHELD.message, { "portcullis/withheld": data });
}

/** A call that waits for people: words for the model, facts for programs. */
export function pausedAnswer(outcome: PausedOutcome): OwnAnswer {
  const { request, link } = outcome;
  const meta = { "portcullis/approval": approvalMeta(request, link) };
  return { kind: "result", result: toolError(pendingText(request, link), meta) };
}

/** A call that nobody will run. */
export function unapprovedAnswer({ request, link, message }: UnapprovedOutcome): OwnAnswer {
  return { kind: "result", result: toolError(message, { "portcullis/approval": approvalMeta(request, link) }) };
}

/** Ends a call with a text: in a tool result where there is one, else in an error. */
export function notPossible(call: Call, text: string, meta?: JsonObject): OwnAnswer {
  if (call.method === "tools/call") return { kind: "result", result: toolError(text, meta) };
  const error = { code: ERRORS.INTERNAL.rpc, message: text, ...(meta === undefined ? {} : { data: meta }) };
  return { kind: "error", error, status: 200 };
}

function faultText(fault: UpstreamFault): string {
  const next =
    fault.executed === "no"
      ? "The call was not carried out; it is safe to try again later."
      : "The call may or may not have been carried out: check before you repeat it.";
  return `${ERRORS[fault.code].message} Server: ${fault.upstream}. ${next}`;
}
