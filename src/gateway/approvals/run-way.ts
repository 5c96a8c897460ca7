import type { ApprovalClaim, Approvals } from "../../approvals/approvals.ts";
import type { CallDigests } from "../../approvals/call-digest.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import { Cancellation } from "../../core/cancellation.ts";
import { allows } from "../../core/decision.ts";
import { type ErrorCode, refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import type { Round } from "../../core/round.ts";
import { subjectPath } from "../../core/subject.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { givenTo, type Subject } from "../requests/subject.ts";
import type { StepUpGate } from "../step-up/step-up-gate.ts";
import type { ExecutionStrategy, Outgoing, RecordedRequest } from "../steps/execute.ts";
import type { Origin } from "../steps/origin.ts";
import type { RateLimitGuard } from "../steps/rate-limit-guard.ts";
import { atPlace } from "../steps/upstream-call.ts";
import { type ApprovalContext, absentPeer } from "./approval-context.ts";
import { type LiveCaller, type Unfit, unfitBy } from "./run-check.ts";
import { endRun, type RunEnd } from "./run-end.ts";
import type { RunListeners } from "./run-listeners.ts";

/** What came of the wish to run an approved call. */
export type Begun =
  /** It runs; `over` resolves when its end is written down. */
  | { readonly kind: "running"; readonly over: Promise<void> }
  /** Not now, and it stays approved: this is why. */
  | { readonly kind: "not_run"; readonly outcome: SettledOutcome }
  /** Not before its requester has signed in again, and it stays approved: only a call of theirs can ask them. */
  | { readonly kind: "sign_in" }
  /** Its requester's credential ended too long ago to go by what it said, and it stays approved: their next call runs it. */
  | { readonly kind: "absent" }
  /** It is not there to be run, or this process ends and leaves it to the next: wait until the request changes. */
  | { readonly kind: "changed" };

/** One approved call that is to be run. `origin`: the live caller's, else as it was when they asked. */
export interface ApprovedRun {
  readonly request: ApprovalRequest;
  readonly context: ApprovalContext;
  readonly caller: LiveCaller | undefined;
  readonly origin: Origin;
  readonly subject: Subject;
}

export interface RunWayDeps {
  readonly signIns: Pick<StepUpGate, "checkRun">;
  readonly approvals: Pick<Approvals, "claim" | "finish" | "invalidate">;
  readonly upstreams: Upstreams;
  readonly digests: Pick<CallDigests, "call">;
  readonly budgets: Pick<RateLimitGuard, "giveBack">;
  readonly log: Log;
}

/** The process that runs them. */
export interface RunHost {
  readonly listeners: Pick<RunListeners, "wishes" | "notify">;
  /** Whether it begins nothing more. */
  stopped(): boolean;
  /** Keeps a run until it is over. */
  keep(id: string, peerKey: string, over: Promise<void>): Promise<void>;
}

/** The way of an approved call that is run: see `execute.ts`. */
export function createRunWay(deps: RunWayDeps, host: RunHost): (run: ApprovedRun) => ExecutionStrategy<Begun> {
  const { approvals, budgets, log } = deps;

  return ({ request, context, caller, origin, subject }) => {
    const { id, version } = request;
    const { principal } = origin;
    return {
      approval: id,
      // Nobody who waits can stop it: that would leave open whether it ran.
      cancellation: new Cancellation(),
      // Nobody has approved anything else.
      goesOnWith: () => false,
      async signIn(decision) {
        const { method, upstream, name, digest: definitionDigest } = subject;
        const made = { ...request.requester, actors: principal.actors };
        const what = { method, upstream, tool: name, definitionDigest, arguments: givenTo(subject) };
        const bound = { principal: made, ...what };
        return deps.signIns.checkRun(decision.stepUp, {
          principal,
          callDigest: await deps.digests.call(bound),
          tool: subjectPath(subject),
          session: caller === undefined ? context.session : caller.session,
        });
      },
      charges: (decided) => {
        const { decision } = decided;
        return unfitBy(decided, context) === undefined && allows(decision) ? decision : undefined;
      },
      // What cannot be counted or recorded is not run, and stays approved.
      unable: refusedNow,
      beforeRecord(decided, counted) {
        const unfit = unfitBy(decided, context);
        if (unfit !== undefined) return notRun(approvals, id, unfit);
        if (counted.effect === "rate_limit") {
          return Promise.resolve({ kind: "not_run", outcome: { kind: "denied", decision: counted } });
        }
        return host.stopped() ? Promise.resolve(CHANGED) : undefined;
      },
      afterRecord: () => undefined,
      // The sign-in is spent before the claim, because a claim that is not used leaves open whether the call ran.
      spentBefore({ close }) {
        close("step_up_taken");
        return { kind: "sign_in" };
      },
      async carryOut(recorded, forward) {
        const { close, decision } = recorded;
        const claim = await approvals.claim(id, version).catch(async (err: unknown) => {
          close("APPROVALS_UNAVAILABLE");
          await budgets.giveBack(decision);
          throw err;
        });
        if (claim === undefined) {
          // Another process was faster, or the request ended in this moment.
          close("approval_taken");
          await budgets.giveBack(decision);
          return CHANGED;
        }
        const peer = caller?.peer ?? absentPeer(principal, context);
        const outgoing: Outgoing = {
          params: { arguments: claim.arguments },
          listener: { ...host.listeners.wishes(id), notify: (notification) => host.listeners.notify(id, notification) },
          peer,
          upstreams: atPlace(deps.upstreams, context.place),
          state: undefined,
          approval: id,
        };
        const over = run(claim, recorded, () => forward(outgoing));
        return { kind: "running", over: host.keep(id, peer.key, over) };
      },
    };
  };

  /** Carries out what was claimed. @throws never */
  async function run(
    claim: ApprovalClaim,
    { filter, close, subject }: RecordedRequest,
    send: () => Promise<Round>,
  ): Promise<void> {
    const { id } = claim.request;
    let end = LOST;
    try {
      end = await endRun(await send(), filter, subject.kind);
    } catch (err) {
      log.error({ err, request: id }, "An approved call was lost while it ran.");
    }
    try {
      const finished = await approvals.finish(claim, end.execution);
      if (!finished.ok) log.warn({ request: id, code: finished.code }, "An approved call ended after it was given up.");
    } catch (err) {
      // Its lease runs out, and then nobody knows whether it ran: which is so, as far as the store can tell.
      log.error({ err, request: id }, "The end of an approved call could not be written down.");
    }
    close(end.recordAs);
  }
}

/** What becomes of a request that is not run. */
export async function notRun(approvals: Pick<Approvals, "invalidate">, id: string, unfit: Unfit): Promise<Begun> {
  switch (unfit.kind) {
    case "invalid":
      await approvals.invalidate(id, unfit.reason);
      return CHANGED;
    case "sign_in":
      return unfit;
    case "not_now":
      return { kind: "not_run", outcome: unfit.outcome };
    default:
      return unfit satisfies never;
  }
}

/** The end of a run that failed in the gateway itself. */
const LOST: RunEnd = {
  execution: { kind: "indeterminate", why: "The gateway failed while it ran." },
  recordAs: "INTERNAL",
};

/** It was left to others, or to the next process. */
export const CHANGED: Begun = { kind: "changed" };

/** The answer to whoever waits, while the request stays approved. */
export function refusedNow(code: ErrorCode): Begun {
  return { kind: "not_run", outcome: { kind: "refused", refusal: refuse(code) } };
}
