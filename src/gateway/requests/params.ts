import type { Call } from "../../core/call.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { type Continuation, NOTHING_CONTINUED, type RequestStates } from "./request-state.ts";

/** The arguments of a `tools/call`; none given is none, anything but an object is refused. */
export function readArguments(params: JsonObject): { readonly ok: true; readonly value: JsonObject } | Refusal {
  const args = params["arguments"];
  if (args === undefined) return { ok: true, value: {} };
  return isObject(args) ? { ok: true, value: args } : refuse("PARAMS_INVALID", "params.arguments must be an object.");
}

/** What a retry brings back, or nothing on a first request. A forged or foreign state is refused. */
export function readContinuation(
  call: Call,
  upstream: Pick<Upstream, "name" | "place">,
  states: RequestStates,
): { readonly ok: true; readonly value: Continuation } | Refusal {
  const text = call.params["requestState"];
  if (text === undefined) return { ok: true, value: NOTHING_CONTINUED };
  const value = typeof text === "string" ? states.open(call, upstream, text) : undefined;
  return value === undefined ? FOREIGN_STATE : { ok: true, value };
}

/**
 * The params as they may go to the upstream: with those answers alone that it asked for. Others are ignored, as the
 * specification asks. 2026-07-28 patterns/mrtr, "Error Handling"
 */
export function withAnswersAsked(given: JsonObject, continuation: Continuation): JsonObject {
  if (given["inputResponses"] === undefined) return given;
  const { inputResponses, ...params } = given;
  if (continuation.kind !== "upstream" || !isObject(inputResponses)) return params;
  const asked = continuation.asked.filter((key) => Object.hasOwn(inputResponses, key));
  if (asked.length === 0) return params;
  return { ...params, inputResponses: Object.fromEntries(asked.map((key) => [key, inputResponses[key]])) };
}

/** The answer to a state that is forged, stale, somebody else's, or of another request. Nothing tells these apart. */
export const FOREIGN_STATE = refuse(
  "PARAMS_INVALID",
  "params.requestState is not one that this gateway gave for this request.",
);
