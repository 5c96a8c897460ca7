import type { Call } from "../core/call.ts";
import { type Allowed, allows, type Decision } from "../core/decision.ts";
import { refuse } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { LeftRequests } from "./approvals/left-requests.ts";
import type { Paused, PausedCalls } from "./approvals/paused-calls.ts";
import { withAnswersAsked } from "./requests/params.ts";
import type { RequestStates } from "./requests/request-state.ts";
import type { ResolvedCall } from "./requests/resolved-call.ts";
import type { Charged, RetryTokens } from "./requests/retry-tokens.ts";
import { type SignInCheck, type SignInDecision, type SignInLack, signedInAs } from "./step-up/sign-in.ts";
import { approvalOf, type StepUpGate } from "./step-up/step-up-gate.ts";
import type { DecidedRequest, Execute, ExecutionStrategy, Forward, RecordedRequest, Unable } from "./steps/execute.ts";
import type { Links } from "./steps/links.ts";
import { notListed, type ResolveDeps, resolveTool, UNKNOWN_TOOL } from "./steps/resolve.ts";
import { followRounds } from "./steps/rounds.ts";
import type { UnlistedCalls } from "./steps/unlisted-calls.ts";

export interface PipelineDeps extends ResolveDeps {
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
 * The life of one `tools/call`: its tool is found, and then it takes the steps of `execute.ts`, as a first call does. A call
 * that needs a sign-in or an approval stops on the way: after a sign-in it comes again and is decided anew, and what is run
 * with an approval is its request.
 */
export function createPipeline(deps: PipelineDeps): (call: Call) => Promise<Outcome> {
  const callTool = async (call: Call): Promise<Outcome> => {
    if (deps.isStatusCall(call)) return deps.paused.status(call);
    const resolved = resolveTool(deps, call);
    if (resolved.ok) return deps.execute(call, resolved.subject, new FirstCall(deps, resolved, callTool));
    // Whoever has asked for approval of it before hears what became of that, though its tool is gone.
    const left = resolved.form === undefined ? await deps.leftRequests.find(call) : undefined;
    const paused = left && (await deps.paused.resume(left.made, left.continuation));
    await deps.unlistedCalls.record(call, resolved.undecided, paused?.recordAs ?? resolved.form, paused?.approval);
    return paused?.outcome ?? resolved.outcome;
  };
  return callTool;
}

/** The way of a call that a client made. */
class FirstCall implements ExecutionStrategy<Outcome> {
  readonly approval = undefined;
  readonly cancellation: Call["cancellation"];
  readonly #deps: PipelineDeps;
  readonly #made: ResolvedCall;
  readonly #callTool: (call: Call) => Promise<Outcome>;
  /** The approval request that it goes on with. */
  readonly #request: string | undefined;
  /** What an earlier request of the same call has done. */
  readonly #charged: Charged | undefined;

  constructor(deps: PipelineDeps, made: ResolvedCall, callTool: (call: Call) => Promise<Outcome>) {
    const { call, continuation } = made;
    this.#deps = deps;
    this.#made = made;
    this.#callTool = callTool;
    this.cancellation = call.cancellation;
    this.#request = approvalOf(continuation);
    this.#charged =
      continuation.kind === "upstream"
        ? deps.retryTokens.exchange(call.peer.owner, continuation.retryToken)
        : undefined;
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
    const clear = decision.effect === "step_up" && signIn?.kind === "made" && decision.approvals.length === 0;
    return clear ? decision : undefined;
  }

  unable(code: Unable, { hidden }: Decision): Outcome {
    return hidden ? UNKNOWN_TOOL : { kind: "refused", refusal: refuse(code) };
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
    const { subject, decision, signIn, guard, close } = recorded;
    const { upstream, place } = subject.tool;
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
      guard,
      retryToken: paying.drawn || paying.signedIn ? () => retryTokens.issue(peer.owner, paying) : undefined,
      links: links.from({ scope, holder: peer.owner }, upstream),
      now,
      onEnd: (outcome, askedMs) => close(outcome, { askedMs }),
    });
    return follow(round);
  }

  #refused({ decision, misfit, subject, close }: RecordedRequest): Outcome | undefined {
    // The record says why; the caller hears what it would hear of any name that nobody has.
    if (decision.hidden) {
      close("denied");
      return UNKNOWN_TOOL;
    }
    if (!allows(decision)) {
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
    return notListed(subject.tool);
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
    const again = () => this.#callTool({ ...this.#made.call, id: callIds(), receivedAt: now() });
    const stop = await signIns.ask(this.#made, decision, lack, again);
    close(stop.recordAs, stop.challenge === undefined ? {} : { challenge: stop.challenge });
    return stop.outcome;
  }
}
