import type { Approvals } from "../../approvals/approvals.ts";
import type { CallDigests } from "../../approvals/call-digest.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call } from "../../core/call.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import type { Cancellation } from "../../core/cancellation.ts";
import type { Decision } from "../../core/decision.ts";
import { refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Outcome, PausedEnd, PausedOutcome, SettledOutcome, StillPaused } from "../../core/outcome.ts";
import { isMadeBy } from "../../core/persons.ts";
import type { Principal } from "../../core/principal.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { TaskView } from "../gateway.ts";
import { readStatusQuery } from "../lists/status-tool.ts";
import { FOREIGN_STATE } from "../requests/params.ts";
import type { ApprovalContinuation, RequestStates } from "../requests/request-state.ts";
import type { NamedCall, ResolvedCall } from "../requests/resolved-call.ts";
import { boundCall } from "../step-up/step-up-gate.ts";
import type { Links } from "../steps/links.ts";
import { contextOf, requesterOf } from "./approval-context.ts";
import type { ApprovedRuns } from "./approved-runs.ts";
import type { Fetcher, GiveOut } from "./kept-results.ts";
import { createRequestEnds } from "./request-ends.ts";
import { createRequestWatch } from "./request-watch.ts";
import type { LiveCaller } from "./run-check.ts";

/** What came of a call that needs approval. */
export interface Paused {
  readonly outcome: Outcome;
  readonly recordAs: CallOutcome;
  /** The request's id. */
  readonly approval?: string;
}

/** A decision that asks for approvals. */
type PausingDecision = Extract<Decision, { effect: "request_approval" | "step_up" }>;

/** Calls that wait for people, from the first request to the answer. */
export interface PausedCalls {
  /** Asks for approval, or joins the request of an identical call. `leg`: which one of the call. @throws never */
  ask(made: ResolvedCall, decision: PausingDecision, leg: number): Promise<Paused>;
  /**
   * Whether the call could lead to a run right now: because it opens a request, or its own is approved. `id`: of the
   * request that it goes on with; else the one that it would join. @throws never
   */
  runs(made: ResolvedCall, id: string | undefined): Promise<boolean>;
  /** Goes on with the request that the client brought a state of. @throws never */
  resume(made: NamedCall, continuation: ApprovalContinuation): Promise<Paused>;
  /** Answers a call of the status tool. @throws never */
  status(call: Call): Promise<Outcome>;
  /** See `Gateway.task`. */
  task(id: string, fetcher: Fetcher): Promise<TaskView | undefined>;
  /** See `Gateway.cancelTask`. */
  cancel(id: string, principal: Principal): Promise<boolean>;
}

export interface PausedCallsDeps {
  readonly approvals: Approvals;
  readonly upstreams: Pick<Upstreams, "get">;
  readonly runs: ApprovedRuns;
  /** Whether the operator says that running this tool (original name) twice does no harm. */
  readonly isIdempotent: (upstream: string, tool: string) => boolean;
  readonly states: RequestStates;
  readonly digests: Pick<CallDigests, "isCall">;
  /** Where people find a request. */
  readonly link: (id: string) => string;
  readonly links: Pick<Links, "from">;
  readonly giveOut: GiveOut;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** How long after a request's own time its state still opens: an approved call may be run, and its end be told, later. */
const STATE_GRACE_MS = 14 * 86_400_000;

/** Makes them. Long because all ways to come to a request, and to wait for it, are over the same parts. */
export function createPausedCalls(deps: PausedCallsDeps): PausedCalls {
  const { approvals, upstreams, runs, states, digests, link, log, now } = deps;
  const watch = createRequestWatch(approvals);
  const endOf = createRequestEnds(deps);

  /** A request that this principal made through this client; to everybody else there is none. */
  async function own(id: string, principal: Principal): Promise<ApprovalRequest | undefined> {
    const request = await approvals.get(id);
    return request !== undefined && isMadeBy(request.requester, principal) ? request : undefined;
  }

  /** One wait: until the end, until it may be run by whoever waits, or as long as they wait. */
  async function waitFor(
    first: ApprovalRequest,
    call: Call,
    ms: number,
    cancellation: Cancellation | undefined,
  ): Promise<PausedEnd | StillPaused> {
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
          if (begun.kind === "not_run") return notRun(begun.outcome);
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
  }

  function pause(request: ApprovalRequest, call: Call, leg: number, pollMs?: number): PausedOutcome {
    return {
      kind: "paused",
      request,
      link: link(request.id),
      leg,
      pollMs,
      async wait(ms, cancellation) {
        try {
          return await waitFor(request, call, ms, cancellation);
        } catch (err) {
          log.error({ err, request: request.id }, "A call that waits for approval could not be looked after.");
          return notRun({ kind: "refused", refusal: refuse("APPROVALS_UNAVAILABLE") });
        }
      },
      state: (next) =>
        states.sealApproval(
          call,
          request.upstream,
          { id: request.id, leg: next },
          request.pendingUntil + STATE_GRACE_MS,
        ),
    };
  }

  /** Nothing was asked for if the store could not be reached, or it is there and an identical call joins it. */
  async function guarded<T extends Pick<Paused, "outcome">>(work: () => Promise<T>): Promise<T | Paused> {
    try {
      return await work();
    } catch (err) {
      log.error({ err }, "A call was refused, because its approval could not be looked up.");
      return UNAVAILABLE;
    }
  }

  return {
    async runs(made, id) {
      try {
        const { principal } = made.call;
        const request = id === undefined ? await approvals.find(boundCall(made)) : await own(id, principal);
        return request === undefined || request.state === "approved";
      } catch (err) {
        log.error({ err }, "Whether a call has an approval could not be looked up.");
        return true;
      }
    },
    ask: (made, decision, leg) =>
      guarded(async () => {
        const { call, subject } = made;
        const { tool } = subject;
        const requested = await approvals.request({
          ...requesterOf(call),
          upstream: tool.upstream,
          tool: tool.name,
          definitionDigest: tool.digest,
          arguments: subject.arguments,
          approvals: decision.approvals,
          policySet: decision.set,
          run: call.acceptsTasks ? "gateway" : "caller",
          idempotent: deps.isIdempotent(tool.upstream, tool.name),
          context: contextOf(call, decision.approvals, upstreams.get(tool.upstream)?.place),
        });
        if (!requested.ok) return { outcome: { kind: "refused", refusal: requested }, recordAs: requested.code };
        const { request } = requested;
        const recordAs = requested.kind === "opened" ? "approval_pending" : "approval_joined";
        return { outcome: pause(request, call, leg), recordAs, approval: request.id };
      }),
    resume: (made, { id, leg }) =>
      guarded(async () => {
        const { call } = made;
        const request = await own(id, call.principal);
        const foreign: Paused = { outcome: { kind: "refused", refusal: FOREIGN_STATE }, recordAs: FOREIGN_STATE.code };
        if (request === undefined) return foreign;
        const joined = (now: ApprovalRequest): Paused => {
          return { outcome: pause(now, call, leg), recordAs: "approval_joined", approval: id };
        };
        const bound = boundCall(made);
        const isFor = (definitionDigest: string) => digests.isCall(request.digest, { ...bound, definitionDigest });
        if (await isFor(bound.definitionDigest)) return joined(request);
        if (!(await isFor(request.definitionDigest))) return foreign;
        // It is the same call, of a tool that is another one now. What has been run already was not.
        await approvals.invalidate(id, "The definition of the tool has changed since the approval was asked for.");
        return joined((await approvals.get(id)) ?? request);
      }),
    async status(call) {
      const query = readStatusQuery(call.params);
      if (!query.ok) return { kind: "refused", refusal: query };
      const { outcome } = await guarded(async () => {
        const request = await own(query.id, call.principal);
        if (request === undefined) return { outcome: UNKNOWN_REQUEST };
        return { outcome: pause(request, call, 0, query.waitMs) };
      });
      return outcome;
    },
    async task(id, fetcher) {
      const { principal, client, headers } = fetcher;
      let request = await own(id, principal);
      if (request === undefined) return undefined;
      if (request.state === "approved") {
        const caller: LiveCaller = { principal, client, headers };
        const begun = await runs.begin(request, caller);
        if (begun.kind === "sign_in") return { request, link: link(id), end: undefined, needsSignIn: true };
        request = (await approvals.get(id)) ?? request;
      }
      const end = await endOf(request, fetcher);
      // Its client asks again anyhow.
      return { request, link: link(id), end: end?.later === true ? undefined : end, needsSignIn: false };
    },
    async cancel(id, principal) {
      if ((await own(id, principal)) === undefined) return false;
      // What runs or has ended stays as it is: a request to cancel is a wish. SEP-2663, "Task cancellation"
      await approvals.cancel(id, principal);
      return true;
    },
  };
}

const UNAVAILABLE: Paused = {
  outcome: { kind: "refused", refusal: refuse("APPROVALS_UNAVAILABLE") },
  recordAs: "APPROVALS_UNAVAILABLE",
};

const UNKNOWN_REQUEST: Outcome = { kind: "refused", refusal: refuse("APPROVAL_UNKNOWN") };

/** The answer to whoever waits, while the request stays as it is. */
function notRun(outcome: SettledOutcome): PausedEnd {
  return { ended: true, outcome, delivered: () => {} };
}
