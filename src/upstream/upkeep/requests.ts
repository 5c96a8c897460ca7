import type { Round } from "../../core/round.ts";
import type { Supervisor } from "../reaching/supervisor.ts";
import type { PeerSession } from "../sessions/peer-session.ts";
import type { UpstreamOptions, UpstreamRequest } from "../upstream.ts";
import { createDeadlines, type DeadlineOf } from "../waiting/deadlines.ts";
import type { Leave } from "./leave.ts";

export interface RequestsDeps {
  readonly options: UpstreamOptions;
  readonly leave: Leave;
  readonly supervisor: Supervisor;
}

/** Requests of the gateway to one upstream: until when each may take, and what is learned of the server from its end. */
export class Requests {
  readonly #deps: RequestsDeps;
  readonly #deadlineOf: DeadlineOf;

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
    this.#deadlineOf = createDeadlines(deps.options);
  }

  /** Sends one of this principal's over a session. @throws never */
  async send(session: PeerSession, holder: string, given: UpstreamRequest): Promise<Round> {
    const deadline = this.#deadlineOf(given);
    // No further object for a request whose deadline is the upstream's own.
    const request = deadline === given.deadline ? given : { ...given, deadline };
    // One that comes after the end is refused as any other; see `refusal`.
    const late = this.#deps.leave.taken;
    const round = await session.requestFor(holder, request);
    return late ? round : this.#noted(this.#deps.leave.ended(round));
  }

  /** What a call came to is what is known of the server. Lists say themselves what came of reading them. */
  #noted(round: Round): Round {
    const { supervisor, leave } = this.#deps;
    if (round.kind === "fault") supervisor.unanswered("call", round.fault);
    else supervisor.answered(round.kind === "error" ? round.error : undefined);
    if (round.kind !== "input_required") return round;
    return { ...round, resume: async (responses) => this.#noted(leave.ended(await round.resume(responses))) };
  }
}
