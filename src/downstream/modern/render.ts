import type { Call, InputRequest, RpcError } from "../../core/call.ts";
import { ERRORS } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { InputRequiredOutcome, SettledOutcome } from "../../core/outcome.ts";
import { RawJson } from "../../core/raw-json.ts";
import { encodeError, encodeResult } from "../../mcp/encode.ts";
import { asClientParams, asModernResult } from "../../mcp/members/era-members.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { missingCapability } from "../../mcp/missing-capability.ts";
import { META } from "../../mcp/revisions.ts";
import { type Edge, refusalError } from "../edge.ts";
import {
  type Answered,
  deniedAnswer,
  faultAnswer,
  notPossible,
  type OwnAnswer,
  RAN_UP_TO_QUESTION,
  refusedAnswer,
  unapprovedAnswer,
  withheldAnswer,
} from "../render-common.ts";

/** A response and the HTTP status that it has if nothing was streamed before it. */
export interface ModernAnswer {
  readonly message: Buffer;
  readonly status: number;
}

/** A result or an error in modern form, before it gets its envelope. */
export type ModernEnd =
  | { readonly kind: "result"; readonly result: RawJson }
  | { readonly kind: "error"; readonly error: RpcError; readonly status: number };

/** The response to a modern client. 2026-07-28 basic, "Responses"; patterns/mrtr; server/utilities/caching. */
export function renderModern(
  edge: Edge,
  id: RpcId,
  call: Call,
  outcome: SettledOutcome | InputRequiredOutcome,
): ModernAnswer {
  return outcome.kind === "input_required"
    ? renderInputRequired(edge, id, call, outcome)
    : envelope(id, modernEnd(edge, call, outcome));
}

/** How a call ended, in modern form. */
export function modernEnd(edge: Edge, call: Answered, outcome: SettledOutcome): ModernEnd {
  switch (outcome.kind) {
    case "result":
      return { kind: "result", result: asModernResult(call.method, outcome.result, edge.serverInfo) };
    case "error":
      return { kind: "error", error: modernCode(outcome.error), status: statusOf(outcome.error.code) };
    case "denied":
      return ownEnd(edge, deniedAnswer(outcome.decision, call, edge.errors));
    case "refused":
      return ownEnd(edge, refusedAnswer(outcome.refusal, call, edge.errors));
    case "fault":
      return ownEnd(edge, faultAnswer(outcome.fault, call));
    case "withheld":
      return ownEnd(edge, withheldAnswer(call));
    case "unapproved":
      return ownEnd(edge, unapprovedAnswer(call, outcome, edge.errors));
    default:
      return outcome satisfies never;
  }
}

/** The gateway's own answer in modern form: complete, and signed with who made it. */
export function renderModernOwn(edge: Edge, id: RpcId, answer: OwnAnswer): ModernAnswer {
  return envelope(id, ownEnd(edge, answer));
}

/** A result that the gateway itself makes. */
export function ownResult(edge: Edge, resultType: string, result: JsonObject): JsonObject {
  const meta = result["_meta"];
  return {
    resultType,
    ...result,
    _meta: { ...(isObject(meta) ? meta : {}), [META.serverInfo]: edge.serverInfo },
  };
}

function ownEnd(edge: Edge, answer: OwnAnswer): ModernEnd {
  if (answer.kind === "error") return answer;
  return { kind: "result", result: RawJson.fromValue(ownResult(edge, "complete", answer.result)) };
}

function envelope(id: RpcId, end: ModernEnd): ModernAnswer {
  return end.kind === "result"
    ? { message: encodeResult(id, end.result), status: 200 }
    : { message: encodeError(id, end.error), status: end.status };
}

// Codes of earlier revisions that this one forbids. 2026-07-28 basic, "Error Codes"
function modernCode(error: RpcError): RpcError {
  if (error.code === -32002) return { ...error, code: ERRORS.PARAMS_INVALID.rpc };
  if (error.code === -32042) return { ...error, code: ERRORS.INTERNAL.rpc };
  return error;
}

// Errors of a server stay in the body under 200, but for the one whose status the specification fixes.
function statusOf(code: number): number {
  return code === ERRORS.CAPABILITY_REQUIRED.rpc ? ERRORS.CAPABILITY_REQUIRED.status : 200;
}

const MAY_REQUEST_INPUT = new Set(["tools/call", "prompts/get", "resources/read"]);

const NEEDS_SESSION =
  "The server asks the client something while it works, and asks only clients that keep a session. " +
  `Call it through a client that speaks protocol 2025-11-25. ${RAN_UP_TO_QUESTION}`;

function renderInputRequired(edge: Edge, id: RpcId, call: Call, outcome: InputRequiredOutcome): ModernAnswer {
  if (outcome.era === "legacy") {
    outcome.abandon("the client keeps no session");
    return renderModernOwn(edge, id, notPossible(call, NEEDS_SESSION));
  }
  const inputRequests = Object.entries(outcome.inputRequests);
  const missing = missingOf(inputRequests, call.peer.capabilities);
  if (missing !== undefined) {
    outcome.abandon("the client lacks a capability that the server needs");
    const error = refusalError({ ok: false, code: "CAPABILITY_REQUIRED" }, { requiredCapabilities: missing });
    return envelope(id, { kind: "error", error, status: ERRORS.CAPABILITY_REQUIRED.status });
  }
  if (!MAY_REQUEST_INPUT.has(call.method) || (inputRequests.length === 0 && outcome.state === undefined)) {
    outcome.abandon("this request cannot ask anything");
    const answer = notPossible(call, "The server asked for input in a way that this protocol revision does not allow.");
    return renderModernOwn(edge, id, answer);
  }
  const result = ownResult(edge, "input_required", {
    ...(inputRequests.length === 0
      ? {}
      : { inputRequests: Object.fromEntries(inputRequests.map(([key, inputRequest]) => [key, plain(inputRequest)])) }),
    ...(outcome.state === undefined ? {} : { requestState: outcome.state }),
  });
  return { message: encodeResult(id, RawJson.fromValue(result)), status: 200 };
}

function plain(inputRequest: InputRequest): JsonObject {
  return { method: inputRequest.method, params: asClientParams(inputRequest.params) };
}

function missingOf(
  inputRequests: ReadonlyArray<readonly [string, InputRequest]>,
  declared: JsonObject,
): JsonObject | undefined {
  let all: JsonObject | undefined;
  for (const [, inputRequest] of inputRequests) {
    const missing = missingCapability(inputRequest, declared);
    if (missing !== undefined) all = { ...all, ...missing };
  }
  return all;
}
