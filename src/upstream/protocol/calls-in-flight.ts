import type { FaultRound, InputRequiredRound, Round } from "../../core/round.ts";
import type { Shares } from "../../core/shares.ts";
import { faultRound } from "../messages/fault.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { waitForTurn } from "../waiting/wait-for.ts";

/** What counted calls need of their session and its upstream. */
export interface CallsInFlightDeps {
  readonly upstream: string;
  /** Places of calls in flight with this upstream. */
  readonly places: Shares;
  readonly timeoutMs: number;
  /** Why no call can begin now, looked at again after a wait. */
  refusal(): FaultRound | undefined;
  /** A call has ended. */
  onEnd(): void;
}

/** The calls of one session, each in a place of its principal's share; one that finds none waits for its turn. */
export class CallsInFlight {
  readonly #deps: CallsInFlightDeps;
  #size = 0;

  constructor(deps: CallsInFlightDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#size;
  }

  /** Calls `send` once there is a place for it. `done` gives the place back, and has to be called exactly once. */
  begin(holder: string, request: UpstreamRequest, send: (done: () => void) => Promise<Round>): Promise<Round> {
    const { places } = this.#deps;
    return places.take(holder) ? send(this.#count(holder)) : this.#inTurn(holder, request, send);
  }

  /** A modern server's question ended its request; the answer is another one, with a place of its own. */
  answered(holder: string, request: UpstreamRequest, round: InputRequiredRound): InputRequiredRound {
    return {
      ...round,
      resume: (responses) =>
        this.begin(holder, request, async (done) => {
          const next = await round.resume(responses).finally(done);
          return next.kind === "input_required" ? this.answered(holder, request, next) : next;
        }),
    };
  }

  #count(holder: string): () => void {
    this.#size++;
    return () => {
      this.#size--;
      this.#deps.onEnd();
      this.#deps.places.give(holder);
    };
  }

  async #inTurn(holder: string, request: UpstreamRequest, send: (done: () => void) => Promise<Round>): Promise<Round> {
    const { upstream, places } = this.#deps;
    const timeoutMs = request.deadline?.ms ?? this.#deps.timeoutMs;
    const how = await waitForTurn(places, holder, timeoutMs, request.cancellation);
    switch (how) {
      case "turn": {
        const refusal = this.#deps.refusal();
        if (refusal === undefined) return send(this.#count(holder));
        places.give(holder);
        return refusal;
      }
      case "full":
        return busy(upstream, "Too many calls of this caller wait. Make fewer at once.");
      case "late":
        return busy(upstream, `The caller's own calls left it no turn in ${timeoutMs} ms.`);
      case "cancelled":
        return faultRound(upstream, request.cancellation.by, "no", "Cancelled while it waited for its turn.");
      default:
        return how satisfies never;
    }
  }
}

function busy(upstream: string, detail: string): FaultRound {
  return { kind: "fault", fault: { code: "UPSTREAM_BUSY", upstream, detail, executed: "no", ours: true } };
}
