import type { Log } from "../../core/log.ts";
import type { Round } from "../../core/round.ts";
import type { StateKeeper } from "../reaching/state.ts";
import type { Supervisor } from "../reaching/supervisor.ts";
import type { PeerSession } from "../sessions/peer-session.ts";
import type { UpstreamOptions, UpstreamRequest } from "../upstream.ts";
import { createDeadlines, type DeadlineOf } from "../waiting/deadlines.ts";
import { Retries } from "../waiting/retry.ts";
import type { Leave } from "./leave.ts";

export interface RequestsDeps {
  readonly options: UpstreamOptions;
  readonly leave: Leave;
  readonly supervisor: Supervisor;
  readonly state: StateKeeper;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

/** Requests of the gateway to one upstream: until when each may take, and what is learned of the server from its end. */
export class Requests {
  readonly #deps: RequestsDeps;
  readonly #deadlineOf: DeadlineOf;
  /** None where a request goes out once. */
  readonly #retries: Retries | undefined;

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
    this.#deadlineOf = createDeadlines(deps.options);
    const isDown = (): boolean => deps.state.refusal() !== undefined;
    const { name: upstream, timeoutMs, retry: options } = deps.options;
    this.#retries = options && new Retries({ ...deps, upstream, timeoutMs, options, isDown });
  }

  /** Sends one of this principal's over a session. @throws never */
  async send(session: PeerSession, holder: string, given: UpstreamRequest): Promise<Round> {
    const deadline = this.#deadlineOf(given);
    // No further object for a request whose deadline is the upstream's own.
    const request = deadline === given.deadline ? given : { ...given, deadline };
    // One that comes after the end is refused as any other; see `refusal`.
    const { leave } = this.#deps;
    const late = leave.taken;
    const retries = this.#retries;
    const round =
      retries === undefined || late
        ? await session.requestFor(holder, request)
        : await retries.send(request, async (next) => leave.ended(await session.requestFor(holder, next)));
    return late ? round : this.#noted(leave.ended(round));
  }

  /** What waits for its next attempt gets none. */
  close(): void {
    this.#retries?.close();
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
