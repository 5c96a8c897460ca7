import type { BoundCall, CallDigests } from "../../approvals/call-digest.ts";
import { clientText } from "../../audit/client-texts.ts";
import { shownSubject } from "../../audit/secrets/shown-subject.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import type { StepUpRequirement } from "../../core/decision.ts";
import { type ErrorCode, refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { DeniedOutcome, Outcome, TokenNeed } from "../../core/outcome.ts";
import { subjectPath } from "../../core/subject.ts";
import type { StepUp, StepUpCaller } from "../../step-up/step-up.ts";
import { acrValues, wantsBetterToken } from "../../step-up/strength.ts";
import type { Continuation, RequestStates } from "../requests/request-state.ts";
import type { NamedCall, ResolvedCall } from "../requests/resolved-call.ts";
import type { Charged } from "../requests/retry-tokens.ts";
import { givenTo } from "../requests/subject.ts";
import {
  hasDeclined,
  requirementDigest,
  type SignInCheck,
  type SignInDecision,
  type SignInLack,
  type SignInStop,
} from "./sign-in.ts";
import { DECLINED_TEXT, noSignInText } from "./texts.ts";

/** Stronger sign-ins, as calls need them. */
export interface StepUpGate {
  /** `charged`: what an earlier round of the same call has proved. @throws never */
  check(call: ResolvedCall, decision: SignInDecision, charged: Charged | undefined): Promise<SignInCheck>;
  /** The same for an approved call that is to be run, whoever runs it. @throws never */
  checkRun(requirement: StepUpRequirement, caller: StepUpCaller): Promise<Exclude<SignInCheck, { kind: "later" }>>;
  /** Spends what `check` named; `false`: it is gone, and the call must not be made. @throws never */
  spend(elevation: string): Promise<boolean>;
  /** What whoever lacks a sign-in is told: where to make it, or why that would not help. @throws never */
  ask(
    call: ResolvedCall,
    decision: SignInDecision,
    lack: SignInLack,
    again: () => Promise<Outcome>,
  ): Promise<SignInStop>;
}

export interface StepUpGateDeps {
  readonly stepUp: Pick<StepUp, "check" | "spend" | "challenge" | "wait">;
  readonly states: RequestStates;
  readonly digests: Pick<CallDigests, "call">;
  readonly log: Log;
}

/** What a token says by itself was never challenged, and is not spent. */
const NO_ELEVATION = { spend: undefined, challenge: undefined };

/** Makes it. Long because its answers to whoever lacks a sign-in are told in one table. */
export function createStepUpGate(deps: StepUpGateDeps): StepUpGate {
  const { stepUp, states, digests, log } = deps;

  async function callerOf(made: ResolvedCall): Promise<StepUpCaller> {
    const { call, subject } = made;
    return {
      principal: call.principal,
      // The same digest as an approval's: a sign-in for one call serves what was approved, and nothing else.
      callDigest: await digests.call(boundCall(made)),
      tool: subjectPath(subject),
      session: call.session,
    };
  }

  async function checkRun(
    ...[requirement, caller]: Parameters<StepUpGate["checkRun"]>
  ): ReturnType<StepUpGate["checkRun"]> {
    try {
      const checked = await stepUp.check(requirement, caller);
      if (!checked.satisfied) return { kind: "missing", why: checked.why };
      const { spend, challenge } = checked.by === "elevation" ? checked : NO_ELEVATION;
      return { kind: "made", by: checked.by, spend, challenge };
    } catch (err) {
      log.error({ err }, "A call was refused, because sign-ins could not be looked up.");
      return { kind: "unknown" };
    }
  }

  /** Sends the user to sign in. */
  async function challenge(
    made: ResolvedCall,
    decision: SignInDecision,
    again: () => Promise<Outcome>,
  ): Promise<SignInStop> {
    const { call, subject, continuation } = made;
    const challenged = await stepUp.challenge({
      requirement: decision.stepUp,
      caller: await callerOf(made),
      shown: subjectPath({ ...subject, name: shownSubject(subject.kind, subject.name) }),
      clientName: clientText(call.client.name),
    });
    if (!challenged.ok) return refused(challenged.code);
    const { id, url, expiresAt } = challenged.challenge;
    const outcome: Outcome = {
      kind: "step_up",
      link: { id, url, expiresAt },
      requirement: decision.stepUp,
      message: decision.message,
      leg: continuation.kind === "upstream" ? 0 : continuation.leg,
      shown: continuation.kind === "step_up" && continuation.id === id,
      async wait(ms, cancellation) {
        try {
          return await stepUp.wait(id, ms, cancellation);
        } catch (err) {
          log.error({ err, challenge: id }, "A call that waits for a sign-in could not be looked after.");
          return "waiting";
        }
      },
      again,
      // Its own time and no more: a new link is made for whoever comes later.
      state: (leg) =>
        states.sealStepUp(
          call,
          subject.upstream,
          { id, leg, approval: approvalOf(continuation) },
          expiresAt + GRACE_MS,
        ),
      declined: denied(decision, DECLINED_TEXT),
    };
    return { outcome, recordAs: challenged.kind === "opened" ? "step_up_pending" : "step_up_joined", challenge: id };
  }

  return {
    async check(made, decision, charged) {
      const { signedIn } = charged ?? {};
      if (signedIn?.requirement === requirementDigest(decision.stepUp)) {
        return { kind: "made", by: signedIn.by, ...NO_ELEVATION };
      }
      return checkRun(decision.stepUp, await callerOf(made));
    },
    checkRun,
    async spend(elevation) {
      try {
        return await stepUp.spend(elevation);
      } catch (err) {
        log.error({ err }, "A call was refused, because its sign-in could not be spent.");
        return false;
      }
    },
    async ask(made, decision, lack, again) {
      if (lack.kind === "unknown") return refused("STEP_UP_UNAVAILABLE");
      const { stepUp: requirement, message } = decision;
      const no = (why: Parameters<typeof noSignInText>[0], token?: TokenNeed): SignInStop => ({
        outcome: denied(decision, noSignInText(why, requirement, message), token),
        recordAs: "denied",
      });
      const byToken = wantsBetterToken(requirement, made.call.principal);
      switch (lack.why) {
        case "machine":
          return no("machine");
        case "scope":
          return no("scope", {
            error: "insufficient_scope",
            issuer: made.call.principal.issuer,
            scopes: requirement.scopes,
          });
        case "not_configured":
          return byToken ? no("token", signInNeed(requirement)) : no("not_configured");
        case "acr":
        case "amr":
        case "max_age":
        case "call": {
          if (byToken) return no("token", signInNeed(requirement));
          if (hasDeclined(made)) return { outcome: denied(decision, DECLINED_TEXT), recordAs: "step_up_declined" };
          try {
            return await challenge(made, decision, again);
          } catch (err) {
            log.error({ err }, "A call was refused, because its user could not be asked to sign in.");
            return refused("STEP_UP_UNAVAILABLE");
          }
        }
        default:
          return lack.why satisfies never;
      }
    },
  };
}

/** A client may come back a little late for the challenge, and is given the next one then. */
const GRACE_MS = 60_000;

/** The approval request that a call goes on with, if it does. */
export function approvalOf(continuation: Continuation): string | undefined {
  switch (continuation.kind) {
    case "approval":
      return continuation.id;
    case "step_up":
      return continuation.approval;
    case "upstream":
      return undefined;
    default:
      return continuation satisfies never;
  }
}

/** A call as approvals are bound to it. */
export function boundCall({ call: { principal }, subject }: NamedCall): BoundCall {
  const { method, upstream, name, digest } = subject;
  return { principal, method, upstream, tool: name, definitionDigest: digest, arguments: givenTo(subject) };
}

function denied(decision: SignInDecision, message: string, token?: TokenNeed): DeniedOutcome {
  return { kind: "denied", decision: { ...decision, message }, ...(token === undefined ? {} : { token }) };
}

function refused(code: ErrorCode & CallOutcome): SignInStop {
  return { outcome: { kind: "refused", refusal: refuse(code) }, recordAs: code };
}

function signInNeed({ acr, maxAgeMs }: StepUpRequirement): TokenNeed {
  return { error: "insufficient_user_authentication", acrValues: acrValues(acr) ?? [], maxAgeMs };
}
