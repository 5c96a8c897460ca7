import type { Approvals } from "../../approvals/approvals.ts";
import type { CallDigests } from "../../approvals/call-digest.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call } from "../../core/call.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import type { Decision } from "../../core/decision.ts";
import { refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Outcome, PausedOutcome } from "../../core/outcome.ts";
import { isMadeBy } from "../../core/persons.ts";
import type { Principal } from "../../core/principal.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { TaskView } from "../gateway.ts";
import { readStatusQuery } from "../lists/status-tool.ts";
import { FOREIGN_STATE } from "../requests/params.ts";
import type { ApprovalContinuation, RequestStates } from "../requests/request-state.ts";
import type { NamedCall, ResolvedCall } from "../requests/resolved-call.ts";
import { givenTo } from "../requests/subject.ts";
import { boundCall } from "../step-up/step-up-gate.ts";
import type { Links } from "../steps/links.ts";
import { contextOf, requesterOf } from "./approval-context.ts";
import type { ApprovedRuns } from "./approved-runs.ts";
import type { Fetcher, GiveOut } from "./kept-results.ts";
import { createRequestEnds } from "./request-ends.ts";
import { definitionChanged, type LiveCaller } from "./run-check.ts";
import { createWaits, leftAsItIs } from "./waits.ts";

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
  const endOf = createRequestEnds(deps);
  const waits = createWaits({ approvals, runs, endOf, now });

  /** A request that this principal made through this client; to everybody else there is none. */
  async function own(id: string, principal: Principal): Promise<ApprovalRequest | undefined> {
    const request = await approvals.get(id);
    return request !== undefined && isMadeBy(request.requester, principal) ? request : undefined;
  }

  /** The same as a task, which only a call of a tool is. */
  async function ownTask(id: string, principal: Principal): Promise<ApprovalRequest | undefined> {
    const request = await own(id, principal);
    return request?.method === "tools/call" ? request : undefined;
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
          const wait = request.method === call.method ? waits.untilEnd : waits.untilDecided;
          return await wait(request, call, ms, cancellation);
        } catch (err) {
          log.error({ err, request: request.id }, "A call that waits for approval could not be looked after.");
          return leftAsItIs({ kind: "refused", refusal: refuse("APPROVALS_UNAVAILABLE") });
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
        const { method, upstream, name } = subject;
        const requested = await approvals.request({
          ...requesterOf(call),
          method,
          upstream,
          tool: name,
          definitionDigest: subject.digest,
          arguments: givenTo(subject),
          approvals: decision.approvals,
          policySet: decision.set,
          run: call.acceptsTasks ? "gateway" : "caller",
          // To get a prompt and to read a resource changes nothing.
          idempotent: subject.kind !== "tool" || deps.isIdempotent(upstream, name),
          context: contextOf(call, decision.approvals, upstreams.get(upstream)?.place),
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
        // It is the same call, of something that is another one now. What has been run already was not.
        await approvals.invalidate(id, definitionChanged(request.method));
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
      let request = await ownTask(id, principal);
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
      if ((await ownTask(id, principal)) === undefined) return false;
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
