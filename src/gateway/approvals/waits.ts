import type { Approvals } from "../../approvals/approvals.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call } from "../../core/call.ts";
import type { Cancellation } from "../../core/cancellation.ts";
import type { PausedEnd, SettledOutcome, StillPaused } from "../../core/outcome.ts";
import type { ApprovedRuns } from "./approved-runs.ts";
import type { RequestEnds } from "./request-ends.ts";
import { createRequestWatch } from "./request-watch.ts";

/** One wait of whoever makes a call, `ms` at most. @throws StoreError */
export type RequestWait = (
  first: ApprovalRequest,
  call: Call,
  ms: number,
  cancellation: Cancellation | undefined,
) => Promise<PausedEnd | StillPaused>;

/** Waits for requests. */
export interface Waits {
  /** Until the end, until it may be run by whoever waits, or as long as they wait. */
  readonly untilEnd: RequestWait;
  /**
   * Until people have decided; nothing is run. So the status tool looks after what is no call of a tool: what that gave is for
   * the request itself, whose answer has its own form.
   */
  readonly untilDecided: RequestWait;
}

/** Makes them. */
export function createWaits(deps: {
  readonly approvals: Pick<Approvals, "get" | "waitForChange">;
  readonly runs: Pick<ApprovedRuns, "listen" | "begin">;
  readonly endOf: RequestEnds;
  readonly now: () => number;
}): Waits {
  const { approvals, runs, endOf, now } = deps;
  const watch = createRequestWatch(approvals);

  const untilEnd: RequestWait = async (first, call, ms, cancellation) => {
    const until = now() + ms;
    const stopListening = runs.listen(first.id, call);
    let request = first;
    try {
      for (;;) {
        const end = await endOf(request, call);
        if (end !== undefined) return end;
        const gone = cancellation?.cancelled === true;
        if (request.state === "approved" && !gone) {
          const begun = await runs.begin(request, call);
          if (begun.kind === "not_run") return leftAsItIs(begun.outcome);
          // Its next request is decided anew, and told where to sign in.
          if (begun.kind === "sign_in") return { ended: false, request, needsSignIn: true };
        }
        const left = until - now();
        const changed = gone ? undefined : await watch.after(request, left, cancellation);
        if (changed === undefined) {
          const last = (await approvals.get(request.id)) ?? request;
          return (await endOf(last, call)) ?? { ended: false, request: last };
        }
        request = changed;
      }
    } finally {
      stopListening();
    }
  };

  const untilDecided: RequestWait = async (first, call, ms, cancellation) => {
    const until = now() + ms;
    let request = first;
    while (request.state === "pending") {
      const changed = await watch.after(request, until - now(), cancellation);
      if (changed === undefined) break;
      request = changed;
    }
    request = (await approvals.get(request.id)) ?? request;
    const end = request.hasResult ? undefined : await endOf(request, call);
    return end ?? { ended: false, request };
  };

  return { untilEnd, untilDecided };
}

/** The answer to whoever waits, while the request stays as it is. */
export function leftAsItIs(outcome: SettledOutcome): PausedEnd {
  return { ended: true, outcome, delivered: () => {} };
}
