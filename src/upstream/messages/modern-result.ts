import type { InputRequest, InputResponse } from "../../core/call.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { RawJson } from "../../core/raw-json.ts";
import type { InputRequiredRound, Round } from "../../core/round.ts";
import { readParams } from "../../mcp/messages.ts";
import { faultRound } from "./fault.ts";
import { sendableAnswer } from "./input-response.ts";

/**
 * The round that a modern result is: what it says, or the questions of an `InputRequiredResult`.
 * 2026-07-28 basic/patterns/mrtr. `again` sends the request once more with these additions to its parameters.
 */
export function modernRound(
  upstream: string,
  result: RawJson,
  again: (additions: JsonObject) => Promise<Round>,
): Round {
  const type = result.member("resultType");
  // What is no text says no more than a server that leaves it out.
  if (type === "complete" || typeof type !== "string") return { kind: "result", result };
  if (type !== "input_required") {
    // 2026-07-28 basic, "ResultType": types belong to extensions, of which none was offered to this server.
    return faultRound(upstream, "UPSTREAM_INVALID", "unknown", "Its result is of a type that nobody knows here.");
  }
  const value = result.value();
  if (!isObject(value)) return faultRound(upstream, "UPSTREAM_INVALID", "unknown", "Its result is not JSON.");
  const { inputRequests, requestState } = value;
  const asks = readAsks(inputRequests);
  const state = typeof requestState === "string" ? requestState : undefined;
  if (asks === undefined || (state === undefined && Object.keys(asks).length === 0)) {
    return faultRound(upstream, "UPSTREAM_INVALID", "unknown", "Its input_required result holds no valid requests.");
  }
  let over = false;
  const round: InputRequiredRound = {
    kind: "input_required",
    era: "modern",
    inputRequests: asks,
    state,
    resume(responses) {
      if (over) return Promise.reject(new Error("An asks round was resumed twice, or after it was abandoned."));
      over = true;
      return answer(asks, state, responses, again);
    },
    // Nothing is held upstream between the requests of a modern call.
    abandon() {
      over = true;
    },
    onSuperseded() {},
  };
  return round;
}

function readAsks(inputRequests: Json | undefined): Record<string, InputRequest> | undefined {
  if (inputRequests === undefined) return {};
  if (!isObject(inputRequests)) return undefined;
  const asks: [string, InputRequest][] = [];
  for (const [key, entry] of Object.entries(inputRequests)) {
    if (!isObject(entry) || typeof entry["method"] !== "string") return undefined;
    const { method, params } = entry;
    const given = readParams(params);
    if (given === undefined) return undefined;
    asks.push([key, { method, params: given }]);
  }
  // Keys are the server's: by assignment `__proto__` would be none.
  return Object.fromEntries(asks);
}

// `inputResponses` holds results only: a client that answered with an error ends the call with that error.
function answer(
  asks: Readonly<Record<string, InputRequest>>,
  state: string | undefined,
  responses: Readonly<Record<string, InputResponse>>,
  again: (additions: JsonObject) => Promise<Round>,
): Promise<Round> {
  const inputResponses: [string, Json][] = [];
  for (const [key, ask] of Object.entries(asks)) {
    const given = Object.hasOwn(responses, key) ? responses[key] : undefined;
    if (given === undefined) continue;
    const response = sendableAnswer(ask.method, given);
    if (!response.ok) return Promise.resolve({ kind: "error", error: response.error });
    inputResponses.push([key, response.result]);
  }
  return again({
    ...(inputResponses.length === 0 ? {} : { inputResponses: Object.fromEntries(inputResponses) }),
    ...(state === undefined ? {} : { requestState: state }),
  });
}
