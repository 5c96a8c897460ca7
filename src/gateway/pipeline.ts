import type { Call } from "../core/call.ts";
import { type Allowed, allows, type Decision } from "../core/decision.ts";
import { ERRORS, refuse } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { LeftRequests } from "./approvals/left-requests.ts";
import type { Paused, PausedCalls } from "./approvals/paused-calls.ts";
import type { Visibility } from "./lists/visibility.ts";
import { REQUEST_KINDS } from "./requests/kinds.ts";
import { withAnswersAsked } from "./requests/params.ts";
import type { RequestStates } from "./requests/request-state.ts";
import type { Resolved, ResolvedCall } from "./requests/resolved-call.ts";
import type { Charged, RetryTokens } from "./requests/retry-tokens.ts";
import { isListed, type Subject } from "./requests/subject.ts";
import { isClear, type SignInCheck, type SignInDecision, type SignInLack, signedInAs } from "./step-up/sign-in.ts";
import { approvalOf, type StepUpGate } from "./step-up/step-up-gate.ts";
import type { DecidedRequest } from "./steps/decided-request.ts";
import type { Execute, ExecutionStrategy, Forward, RecordedRequest, Unable } from "./steps/execute.ts";
import type { Links, RequestedUri } from "./steps/links.ts";
import { type ResolveOtherDeps, resolveCompletion, resolvePrompt, resolveResource } from "./steps/resolve-other.ts";
import { notListed, type ResolveToolDeps, resolveTool } from "./steps/resolve-tool.ts";
import { followRounds } from "./steps/rounds.ts";
import type { UnlistedCalls } from "./steps/unlisted-calls.ts";
import { UNKNOWN } from "./steps/unresolved.ts";

export interface PipelineDeps extends Omit<ResolveToolDeps & ResolveOtherDeps, "visibility"> {
  readonly visibility: Pick<Visibility, "hides" | "hidesSome">;
  readonly execute: Execute;
  readonly retryTokens: RetryTokens;
  readonly upstreams: Upstreams;
  readonly states: RequestStates;
  readonly links: Links;
  readonly paused: Pick<PausedCalls, "ask" | "resume" | "status" | "runs">;
  readonly leftRequests: LeftRequests;
  readonly signIns: Pick<StepUpGate, "check" | "ask">;
  readonly unlistedCalls: Pick<UnlistedCalls, "record">;
  /** Whether a call is for the gateway's own tool. */
  readonly isStatusCall: (call: Call) => boolean;
  /** Makes the id of a call that is decided anew. */
  readonly callIds: () => string;
  readonly now: () => number;
}

/**
 * The life of one request: what it is about is found, and then it takes the steps of `execute.ts`, as a first call does. One
 * that needs a sign-in or an approval stops on the way: after a sign-in it comes again and is decided anew, and what is run
 * with an approval is its request.
 */
export function createPipeline(deps: PipelineDeps): (call: Call) => Promise<Outcome> {
  const carryOut = async (call: Call): Promise<Outcome> => {
    const { method } = call;
    if (method === "tools/call" && deps.isStatusCall(call)) return deps.paused.status(call);
    const resolve = Object.hasOwn(RESOLVE, method) ? RESOLVE[method] : undefined;
    // What the gateway does not know, it refuses.
    if (resolve === undefined) return { kind: "refused", refusal: refuse("METHOD_UNKNOWN") };
    const resolved = resolve(deps, call);
    if (resolved.ok) return deps.execute(call, resolved.subject, new FirstCall(deps, resolved, carryOut));
    const { undecided, kind, form } = resolved;
    // Whoever has asked for approval of it before hears what became of that, though its tool is gone.
    const left = form === undefined && kind === "tool" ? await deps.leftRequests.find(call) : undefined;
    const paused = left && (await deps.paused.resume(left.made, left.continuation));
    const outcome = paused?.recordAs ?? form;
    await deps.unlistedCalls.record(call, { kind, name: undecided, outcome, approval: paused?.approval });
    return paused?.outcome ?? resolved.outcome;
  };
  return carryOut;
}

/** What servers answer for a resource that they do not have. 2025-11-25 and 2026-07-28 server/resources, "Error Handling" */
const NOT_THERE: ReadonlySet<number> = new Set([-32002, ERRORS.PARAMS_INVALID.rpc]);

/** How each request names what it is about. */
const RESOLVE: Readonly<Record<string, (deps: PipelineDeps, call: Call) => Resolved>> = {
  "tools/call": resolveTool,
  "prompts/get": resolvePrompt,
  "resources/read": resolveResource,
  "completion/complete": resolveCompletion,
};

/** The way of a call that a client made. */
class FirstCall implements ExecutionStrategy<Outcome> {
  readonly approval = undefined;
  readonly cancellation: Call["cancellation"];
  readonly #deps: PipelineDeps;
  #made: ResolvedCall;
  readonly #carryOut: (call: Call) => Promise<Outcome>;
  /** The approval request that it goes on with. */
  readonly #request: string | undefined;
  /** What an earlier request of the same call has done. */
  readonly #charged: Charged | undefined;

  constructor(deps: PipelineDeps, made: ResolvedCall, carryOut: (call: Call) => Promise<Outcome>) {
    const { call, continuation } = made;
    this.#deps = deps;
    this.#made = made;
    this.#carryOut = carryOut;
    this.cancellation = call.cancellation;
    this.#request = approvalOf(continuation);
    this.#charged =
      continuation.kind === "upstream"
        ? deps.retryTokens.exchange(call.peer.owner, continuation.retryToken)
        : undefined;
  }

  goesOnWith(subject: Subject): boolean {
    this.#made = { ...this.#made, subject };
    return true;
  }

  async signIn(decision: SignInDecision): Promise<SignInCheck | undefined> {
    const { paused, signIns } = this.#deps;
    if (this.#made.unlisted) return undefined;
    // What only waits for others, or has been run, is looked after without a sign-in: it is wanted when it can be run.
    const joins = this.#request !== undefined || decision.approvals.length > 0;
    if (joins && !(await paused.runs(this.#made, this.#request))) return { kind: "later" };
    return signIns.check(this.#made, decision, this.#charged);
  }

  // A call that is cancelled from here on has cost; one that waits for people costs when it is run.
  charges({ decision, misfit, signIn }: DecidedRequest): Allowed | undefined {
    if (this.#request !== undefined || this.#charged?.drawn === true || misfit !== undefined || this.#made.unlisted) {
      return undefined;
    }
    if (decision.effect === "allow") return decision;
    return isClear(decision, signIn) ? decision : undefined;
  }

  unable(code: Unable, { hidden }: Decision): Outcome {
    return hidden ? UNKNOWN[this.#made.subject.kind] : { kind: "refused", refusal: refuse(code) };
  }

  /** Whatever a client asks for is on record. */
  beforeRecord(): undefined {
    return undefined;
  }

  afterRecord(recorded: RecordedRequest): Promise<Outcome | undefined> {
    const refused = this.#refused(recorded);
    return refused === undefined ? this.#waiting(recorded) : Promise.resolve(refused);
  }

  spentBefore({ close }: RecordedRequest, decision: SignInDecision): Promise<Outcome> {
    return this.#askToSignIn(decision, { kind: "missing", why: "call" }, close);
  }

  async carryOut(recorded: RecordedRequest, forward: Forward): Promise<Outcome> {
    const { upstreams, retryTokens, links, states, now } = this.#deps;
    const { call, continuation } = this.#made;
    const { peer, scope } = call;
    const { subject, decision, signIn, filter, close } = recorded;
    const { upstream, place } = subject;
    const round = await forward({
      params: withAnswersAsked(call.params, continuation),
      listener: call,
      peer,
      upstreams,
      state: continuation.kind === "upstream" ? continuation.state : undefined,
      approval: undefined,
    });
    const paying = { drawn: decision.limits !== undefined, signedIn: signedInAs(decision, signIn) };
    const follow = followRounds({
      call,
      upstream: { name: upstream, place },
      states,
      filter,
      retryToken: paying.drawn || paying.signedIn ? () => retryTokens.issue(peer.owner, paying) : undefined,
      links: links.from({ scope, holder: peer.owner }, upstream, askedFor(call, subject)),
      now,
      onEnd: (outcome, askedMs) => close(outcome, { askedMs }),
    });
    const outcome = follow(round);
    return subject.kind === "resource" && !isListed(subject) ? this.#asUnknown(await outcome) : outcome;
  }

  /** Where something may be hidden, a server's own words for what it does not have would tell that from what is hidden. */
  #asUnknown(outcome: Outcome): Outcome {
    if (outcome.kind !== "error" || !NOT_THERE.has(outcome.error.code)) return outcome;
    return this.#deps.visibility.hidesSome(this.#made.call) ? UNKNOWN.resource : outcome;
  }

  #refused({ decision, misfit, subject, signIn, close }: RecordedRequest): Outcome | undefined {
    // The record says why; the caller hears what it would hear of any name that nobody has.
    if (decision.hidden) {
      close("denied");
      return UNKNOWN[subject.kind];
    }
    if (!allows(decision)) {
      close("denied");
      return { kind: "denied", decision };
    }
    // Who cannot come back with a state waits for nothing.
    if (!REQUEST_KINDS[subject.method].waits && decision.effect !== "allow" && !isClear(decision, signIn)) {
      close("denied");
      return { kind: "denied", decision };
    }
    if (misfit !== undefined) {
      close(misfit.code);
      return { kind: "refused", refusal: misfit };
    }
    // Nobody is asked about what cannot be run.
    if (!this.#made.unlisted) return undefined;
    close("UPSTREAM_UNAVAILABLE");
    return notListed(subject);
  }

  async #waiting({ decision, signIn, close }: RecordedRequest): Promise<Outcome | undefined> {
    if (decision.effect === "step_up" && (signIn?.kind === "missing" || signIn?.kind === "unknown")) {
      return this.#askToSignIn(decision, signIn, close);
    }
    const paused = await this.#pause(decision);
    if (paused === undefined) return undefined;
    close(paused.recordAs, paused.approval === undefined ? {} : { approval: paused.approval });
    return paused.outcome;
  }

  async #pause(decision: Decision): Promise<Paused | undefined> {
    const { paused } = this.#deps;
    const { continuation } = this.#made;
    const leg = continuation.kind === "upstream" ? 0 : continuation.leg;
    if (this.#request !== undefined) return paused.resume(this.#made, { kind: "approval", id: this.#request, leg });
    const pauses = decision.effect === "step_up" || decision.effect === "request_approval";
    return pauses && decision.approvals.length > 0 ? paused.ask(this.#made, decision, leg) : undefined;
  }

  async #askToSignIn(decision: SignInDecision, lack: SignInLack, close: RecordedRequest["close"]): Promise<Outcome> {
    const { signIns, callIds, now } = this.#deps;
    const again = () => this.#carryOut({ ...this.#made.call, id: callIds(), receivedAt: now() });
    const stop = await signIns.ask(this.#made, decision, lack, again);
    close(stop.recordAs, stop.challenge === undefined ? {} : { challenge: stop.challenge });
    return stop.outcome;
  }
}

/** The resource that a client has asked for, which goes back under the URI that it wrote. */
function askedFor({ params }: Call, { method, name }: Subject): RequestedUri | undefined {
  const uri = params["uri"];
  return method === "resources/read" && typeof uri === "string" ? { shown: uri, sent: name } : undefined;
}
