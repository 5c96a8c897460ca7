import type { Call } from "../core/call.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Round } from "../core/round.ts";
import type { RequestStates } from "./request-state.ts";

/**
 * Brings the rounds of an upstream call to outcomes. `onEnd` hears how this request ended, once: at its last round, or,
 * for a modern client, when it is sent away with a question, because its retry is a request of its own.
 */
export function followRounds(
  call: Call,
  upstream: string,
  states: RequestStates,
  onEnd: (ending: string, round: Round | undefined) => void,
): (round: Round) => Outcome {
  let over = false;
  // A question that is put and then given up (the client cannot answer it) must not end its call twice.
  const end = (ending: string, round: Round | undefined): void => {
    if (over) return;
    over = true;
    onEnd(ending, round);
  };
  const follow = (round: Round): Outcome => {
    switch (round.kind) {
      case "asks": {
        if (call.era === "modern" && round.era === "modern") end("input_required", round);
        return {
          kind: "asks",
          era: round.era,
          asks: round.asks,
          state: round.state === undefined ? undefined : states.seal(call, upstream, round.state),
          resume: async (responses) => follow(await round.resume(responses)),
          abandon: (reason) => {
            round.abandon(reason);
            end("abandoned", undefined);
          },
          onMoot: (listener) => round.onMoot(listener),
        };
      }
      case "result":
        end(round.result.member("isError") === true ? "tool_error" : "ok", round);
        return round;
      case "error":
        end("rpc_error", round);
        return round;
      case "fault":
        end(round.fault.code, round);
        return round;
      default:
        return round satisfies never;
    }
  };
  return follow;
}
