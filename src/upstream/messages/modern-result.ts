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
  const { requestState } = value;
  const inputRequests = readInputRequests(value["inputRequests"]);
  const state = typeof requestState === "string" ? requestState : undefined;
  if (inputRequests === undefined || (state === undefined && Object.keys(inputRequests).length === 0)) {
    return faultRound(upstream, "UPSTREAM_INVALID", "unknown", "Its input_required result holds no valid requests.");
  }
  let over = false;
  const round: InputRequiredRound = {
    kind: "input_required",
    era: "modern",
    inputRequests,
    state,
    resume(responses) {
      if (over)
        return Promise.reject(new Error("An input_required round was resumed twice, or after it was abandoned."));
      over = true;
      return answer(inputRequests, state, responses, again);
    },
    // Nothing is held upstream between the requests of a modern call.
    abandon() {
      over = true;
    },
    onSuperseded() {},
  };
  return round;
}

function readInputRequests(sent: Json | undefined): Record<string, InputRequest> | undefined {
  if (sent === undefined) return {};
  if (!isObject(sent)) return undefined;
  const inputRequests: [string, InputRequest][] = [];
  for (const [key, entry] of Object.entries(sent)) {
    if (!isObject(entry) || typeof entry["method"] !== "string") return undefined;
    const { method, params } = entry;
    const given = readParams(params);
    if (given === undefined) return undefined;
    inputRequests.push([key, { method, params: given }]);
  }
  // Keys are the server's: by assignment `__proto__` would be none.
  return Object.fromEntries(inputRequests);
}

// `inputResponses` holds results only: a client that answered with an error ends the call with that error.
function answer(
  inputRequests: Readonly<Record<string, InputRequest>>,
  state: string | undefined,
  responses: Readonly<Record<string, InputResponse>>,
  again: (additions: JsonObject) => Promise<Round>,
): Promise<Round> {
  const inputResponses: [string, Json][] = [];
  for (const [key, inputRequest] of Object.entries(inputRequests)) {
    const given = Object.hasOwn(responses, key) ? responses[key] : undefined;
    if (given === undefined) continue;
    const response = sendableAnswer(inputRequest.method, given);
    if (!response.ok) return Promise.resolve({ kind: "error", error: response.error });
    inputResponses.push([key, response.result]);
  }
  return again({
    ...(inputResponses.length === 0 ? {} : { inputResponses: Object.fromEntries(inputResponses) }),
    ...(state === undefined ? {} : { requestState: state }),
  });
}
