import type { Call, InputRequest } from "../../core/call.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import type { AnsweredOutcome } from "../../core/outcome.ts";
import type { RawJson } from "../../core/raw-json.ts";
import type { InputRequiredRound, Round, UpstreamFault } from "../../core/round.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { ResponseFilter } from "../filters/response-filter.ts";
import type { RequestStates } from "../requests/request-state.ts";
import type { ShownLinks } from "./links.ts";

/** One upstream call, and who hears of its end. */
export interface Following {
  readonly call: Call;
  readonly upstream: Pick<Upstream, "name" | "place">;
  readonly states: RequestStates;
  /** What everything that the upstream says passes through; none where no policy looks at it. */
  readonly filter?: ResponseFilter | undefined;
  /** Writes what is left of it for this client. */
  readonly links: ShownLinks;
  /** Where the call was charged: proof of it, so that its retry with an answer is not charged again. */
  readonly retryToken?: (() => string) | undefined;
  /** ms since the epoch. */
  now(): number;
  /**
   * Hears how this request ended, once: at its last round, or, for a modern client, when it is sent away with a question,
   * because its retry is a request of its own. `askedMs`: for how long its server waited for answers of the client, which is
   * no time of the server's own.
   */
  onEnd(callOutcome: CallOutcome, askedMs: number): void;
}

/** Brings the rounds of an upstream call to outcomes. */
export function followRounds(following: Following): (round: Round) => AnsweredOutcome | Promise<AnsweredOutcome> {
  const { call, upstream, states, filter, links } = following;
  let over = false;
  let askedMs = 0;
  // A question that is put and then given up (the client cannot answer it) must not end its call twice.
  const end = (callOutcome: CallOutcome): void => {
    if (over) return;
    over = true;
    following.onEnd(callOutcome, askedMs);
  };
  // Only a client that is sent away comes back with the state; the others answer within the call. Without one it could not be
  // told whether its answers were asked for.
  const sealed = ({ era, state, inputRequests }: InputRequiredRound): string | undefined => {
    const asked = Object.keys(inputRequests);
    const leaves = call.era === "modern" && era === "modern" && (state !== undefined || asked.length > 0);
    const { name, place } = upstream;
    return leaves ? states.seal(call, name, { state, asked, retryToken: following.retryToken?.(), place }) : undefined;
  };
  const ended = (result: RawJson | undefined): AnsweredOutcome => {
    if (result === undefined) {
      end(call.cancellation.cancelled ? call.cancellation.by : "RESULT_WITHHELD");
      return { kind: "withheld" };
    }
    end(result.member("isError") === true ? "tool_error" : "ok");
    return { kind: "result", result: links.result(result) };
  };
  const follow = (round: Round): AnsweredOutcome | Promise<AnsweredOutcome> => {
    switch (round.kind) {
      case "input_required": {
        const inputRequests = withLinks(
          filter === undefined ? round.inputRequests : filter.inputRequests(round.inputRequests),
          links,
        );
        if (call.era === "modern" && round.era === "modern") end("input_required");
        const askedAt = following.now();
        return {
          kind: "input_required",
          era: round.era,
          inputRequests,
          state: sealed(round),
          resume: async (responses) => {
            askedMs += following.now() - askedAt;
            return follow(await round.resume(responses));
          },
          abandon: (reason) => {
            round.abandon(reason);
            end("abandoned");
          },
          onSuperseded: (listener) => round.onSuperseded(listener),
        };
      }
      case "result": {
        const result = filter === undefined ? round.result : filter.result(round.result);
        return result instanceof Promise ? result.then(ended) : ended(result);
      }
      case "error": {
        const error = filter === undefined ? round.error : filter.error(round.error);
        end("rpc_error");
        return { kind: "error", error: links.error(error) };
      }
      case "fault":
        end(round.fault.code);
        return filter === undefined ? round : { kind: "fault", fault: filteredFault(round.fault, filter) };
      default:
        return round satisfies never;
    }
  };
  return follow;
}

/** What the server said of it passes as an error of its own would. */
function filteredFault(fault: UpstreamFault, filter: Pick<ResponseFilter, "error">): UpstreamFault {
  if (fault.said === undefined) return fault;
  return { ...fault, said: filter.error({ code: 0, message: fault.said }).message };
}

function withLinks(
  inputRequests: Readonly<Record<string, InputRequest>>,
  links: ShownLinks,
): Readonly<Record<string, InputRequest>> {
  return Object.fromEntries(
    Object.entries(inputRequests).map(([key, { method, params }]) => [key, { method, params: links.params(params) }]),
  );
}
