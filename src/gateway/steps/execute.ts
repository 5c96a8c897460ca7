import type { Audit, AuditClosing } from "../../audit/audit.ts";
import type { Call } from "../../core/call.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import { type Cancellation, isCallEnder } from "../../core/cancellation.ts";
import type { Allowed, Decision } from "../../core/decision.ts";
import type { Round } from "../../core/round.ts";
import type { Scope } from "../../core/scope.ts";
import { Slices } from "../../core/slices.ts";
import type { Answers } from "../../policy/answer.ts";
import { hasConsultations } from "../../policy/consult.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { createResponseFilter, type ResponseFilterDeps } from "../filters/create-response-filter.ts";
import type { ResponseFilter } from "../filters/response-filter.ts";
import { type Subject, subjectGiven } from "../requests/subject.ts";
import type { SignInCheck, SignInDecision } from "../step-up/sign-in.ts";
import type { StepUpGate } from "../step-up/step-up-gate.ts";
import type { DecidedRequest } from "./decided-request.ts";
import { auditOpening, type Origin, policyInput } from "./origin.ts";
import type { OutOfBand } from "./out-of-band.ts";
import type { Questions } from "./questions.ts";
import type { RateLimitGuard } from "./rate-limit-guard.ts";
import { callUpstream, type UpstreamCall } from "./upstream-call.ts";

/** A request that is on record. */
export interface RecordedRequest extends DecidedRequest {
  /** What everything that the upstream says passes through; none where no policy looks at it. */
  readonly filter: ResponseFilter | undefined;
  /** Records the end. To be called once. */
  close(outcome: CallOutcome, more?: Pick<AuditClosing, "approval" | "challenge" | "askedMs">): void;
}

/** What goes to the upstream besides the subject. */
export interface Outgoing extends Pick<UpstreamCall, "params" | "state" | "approval" | "peer"> {
  readonly listener: Pick<Call, "wantsProgress" | "logLevel" | "notify">;
  readonly upstreams: Pick<Upstreams, "get">;
}

/** Passes it to the upstream, and waits for the first round. @throws never */
export type Forward = (outgoing: Outgoing) => Promise<Round>;

/** Why nothing can be done for a request now. */
export type Unable = "LIMITS_UNAVAILABLE" | "AUDIT_UNAVAILABLE";

/** What differs between a first call and the run of an approved one. `End` is what each comes to. */
export interface ExecutionStrategy<End> {
  /** The approval request that is run. */
  readonly approval: string | undefined;
  readonly cancellation: Cancellation;
  /** Whether it may go on with other arguments, which policies or a guard have put in place of its own; from then on it is about those. */
  goesOnWith(subject: Subject): boolean;
  /** Looks for the sign-in; `undefined` where it does not matter yet. @throws never */
  signIn(decision: SignInDecision): Promise<SignInCheck | undefined>;
  /** The decision whose budgets are drawn on now; `undefined`: none are. */
  charges(decided: DecidedRequest): Allowed | undefined;
  /** What it comes to where it cannot be counted, or cannot be recorded. */
  unable(code: Unable, decision: Decision): Promise<End> | End;
  /** Stops it before it is on record: only what does not vanish by that may. `counted`: with a budget that is used up. */
  beforeRecord(decided: DecidedRequest, counted: Decision): Promise<End> | undefined;
  /** Stops it once it is on record: refused, or waiting for people or a sign-in. It closes the record. */
  afterRecord(recorded: RecordedRequest): Promise<End | undefined> | undefined;
  /** What it comes to where another call has spent the sign-in. It closes the record. */
  spentBefore(recorded: RecordedRequest, decision: SignInDecision): Promise<End> | End;
  /** Carries it out and closes the record. */
  carryOut(recorded: RecordedRequest, forward: Forward): Promise<End>;
}

export interface ExecuteDeps extends ResponseFilterDeps {
  readonly policies: () => PolicySet;
  readonly answers: Pick<Answers, "of">;
  readonly questions: Questions;
  readonly budgets: Pick<RateLimitGuard, "draw" | "giveBack">;
  readonly audit: Audit;
  readonly signIns: Pick<StepUpGate, "spend">;
  readonly outOfBand: OutOfBand;
  /** What an endpoint is now. */
  readonly scope: (endpoint: string) => Pick<Scope, "deadline"> | undefined;
  readonly now: () => number;
}

/** Takes a request whose subject is known through all steps, one way or the other. @throws never of its own */
export type Execute = <End>(origin: Origin, subject: Subject, way: ExecutionStrategy<End>) => Promise<End>;

/**
 * The order of every request, top to bottom. Stopping early is the only branch, and nothing happens to an upstream before
 * its decision is on disk.
 *
 *                     a first call                               the run of an approved one
 *   1 decide          by the policies of now, on what they       the same, with what was approved
 *                     make of it, and by whom they ask:
 *                     decision points, then guards
 *   2 sign-in         unless it only waits for people            always: it has to be fresh
 *   3 charge          if it goes at once, not charged yet        if it fits
 *   4 before record   -                                          unfit, or beyond a budget: it stays approved, or never runs
 *   5 record          -                                          with its approval
 *   6 after record    refused; sent to sign in; waits            -
 *   7 spend           a sign-in for one call serves the first    the same
 *   8 carry out       forward, follow its rounds                 claim, forward, keep the end
 */
export function createExecute(deps: ExecuteDeps): Execute {
  const { audit, signIns } = deps;

  return async (origin, subject, way) => {
    const slices = new Slices();
    const decided = await decide(origin, subject, way);
    const counted = await charge(decided, way);
    if (counted === undefined) return way.unable("LIMITS_UNAVAILABLE", decided.decision);
    // Writing down what took long to decide on takes long, too.
    if (slices.isOver) await slices.next();
    const unrecorded = way.beforeRecord(decided, counted);
    if (unrecorded !== undefined) return unused(counted, unrecorded);
    const opened = await audit.open(auditOpening(origin, decided, counted, way.approval));
    if (!opened) return unused(counted, way.unable("AUDIT_UNAVAILABLE", counted));
    const recorded = record(origin, decided, counted, way);
    const stopped = await way.afterRecord(recorded);
    if (stopped !== undefined) return stopped;
    if (counted.effect === "step_up" && !(await spend(recorded))) {
      return unused(counted, way.spentBefore(recorded, counted));
    }
    return way.carryOut(recorded, (outgoing) => forward(recorded, way, outgoing));
  };

  /** What is not carried out has cost nothing. */
  async function unused<End>(counted: Decision, end: Promise<End> | End): Promise<End> {
    await deps.budgets.giveBack(counted);
    return end;
  }

  async function decide(origin: Origin, asked: Subject, way: ExecutionStrategy<unknown>): Promise<DecidedRequest> {
    const set = deps.policies();
    const given = policyInput(origin, asked);
    // What policies were asked about has to be what the server reads.
    const { decision, refusal: misfit, transformed } = deps.answers.of(set, given, way.approval !== undefined);
    const subject = transformed === undefined ? asked : subjectGiven(asked, transformed.arguments);
    if (subject !== asked) way.goesOnWith(subject);
    const input = subject === asked ? given : policyInput(origin, subject);
    const decided = { asked, subject, set, input, decision, misfit, transformed, signIn: undefined };
    const answered = hasConsultations(decision) ? await deps.questions.answered(decided, way) : decided;
    const { decision: now } = answered;
    if (now.effect !== "step_up" || now.hidden || answered.misfit !== undefined) return answered;
    return { ...answered, signIn: await way.signIn(now) };
  }

  /** Counted before it is recorded, so that the record says what came of it; `undefined`: the counters cannot be reached. */
  async function charge(decided: DecidedRequest, way: ExecutionStrategy<unknown>): Promise<Decision | undefined> {
    const charged = way.charges(decided);
    const limits = charged?.limits;
    return charged === undefined || limits === undefined ? decided.decision : deps.budgets.draw(charged, limits);
  }

  function record(
    origin: Origin,
    decided: DecidedRequest,
    decision: Decision,
    { cancellation }: ExecutionStrategy<unknown>,
  ): RecordedRequest {
    const { asked, subject, set, input, misfit, transformed, signIn } = decided;
    const looked = decision.inspectsResult === true || decision.guards !== undefined;
    const filter = looked ? createResponseFilter(deps, { set, input, decision, cancellation }) : undefined;
    const close: RecordedRequest["close"] = (outcome, more) => {
      const at = deps.now();
      audit.close({
        callId: origin.id,
        at,
        outcome,
        durationMs: at - origin.receivedAt,
        approval: more?.approval,
        challenge: more?.challenge,
        askedMs: more?.askedMs,
        policies: filter?.matched(),
      });
    };
    return { asked, subject, set, input, decision, misfit, transformed, signIn, filter, close };
  }

  /** Of two requests that found one sign-in for one call, the first has it. */
  async function spend({ signIn }: RecordedRequest): Promise<boolean> {
    return signIn?.kind !== "made" || signIn.spend === undefined || signIns.spend(signIn.spend);
  }

  async function forward(
    recorded: RecordedRequest,
    { cancellation }: ExecutionStrategy<unknown>,
    outgoing: Outgoing,
  ): Promise<Round> {
    const { subject, set, filter, input } = recorded;
    const { listener, peer } = outgoing;
    const round = await callUpstream(outgoing.upstreams, {
      params: outgoing.params,
      state: outgoing.state,
      approval: outgoing.approval,
      listener,
      subject,
      cancellation,
      deadline: deps.scope(input.request.endpoint)?.deadline,
      peer: deps.outOfBand.peerFor(peer, subject.upstream, filter && { set, redactions: filter.beside() }),
      onNotification: (notification) => listener.notify(filter?.notification(notification) ?? notification),
    });
    return neverBegan(round) ? unused(recorded.decision, round) : round;
  }
}

/** Whether it surely reached no tool. Who gives a call up has it counted: nobody is to try for nothing. */
function neverBegan(round: Round): boolean {
  return round.kind === "fault" && round.fault.executed === "no" && !isCallEnder(round.fault.code);
}
