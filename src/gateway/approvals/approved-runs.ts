import type { ApprovalClaim, Approvals } from "../../approvals/approvals.ts";
import type { Audit, AuditClosing } from "../../audit/audit.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call } from "../../core/call.ts";
import type { CallOutcome } from "../../core/call-outcome.ts";
import { Cancellation } from "../../core/cancellation.ts";
import { refuse } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import type { LongRedactions } from "../../redaction/long-redactions.ts";
import type { MarkHash } from "../../redaction/redact.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { StepUpGate } from "../step-up/step-up-gate.ts";
import type { OutOfBand } from "../steps/out-of-band.ts";
import type { RateLimitGuard } from "../steps/rate-limit-guard.ts";
import { createResultGuard } from "../steps/result-guard.ts";
import { atPlace, callUpstream } from "../steps/upstream-call.ts";
import { absentPeer, readContext } from "./asked-context.ts";
import { createRunCheck, type LiveCaller, type RunCandidate, type RunCheckDeps } from "./run-check.ts";
import { endRun, type RunEnd } from "./run-end.ts";
import { createRunListeners, type RunListener } from "./run-listeners.ts";
import { openingOf, type Prepared } from "./run-opening.ts";

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

/** Runs approved calls, each once. A run is nobody's: whoever waits for it may come and go. */
export interface ApprovedRuns {
  /** Runs an approved request, unless it is being run. `caller` is who wants it now, if anybody is there. @throws never */
  begin(request: ApprovalRequest, caller: LiveCaller | undefined): Promise<Begun>;
  /** Passes what the run of this request says on its way to `listener`, until the function returned is called. */
  listen(id: string, listener: RunListener): () => void;
  /** Calls `release` once nothing runs on this peer's upstream sessions any more: at once, nearly always. */
  whenPeerIsFree(peerKey: string, release: () => void): void;
  /** Begins nothing more, and resolves when all runs are over, or after `ms`. */
  drain(ms: number): Promise<void>;
}

export interface ApprovedRunsDeps extends RunCheckDeps {
  readonly signIns: Pick<StepUpGate, "checkRun" | "spend">;
  readonly approvals: Pick<Approvals, "asked" | "claim" | "finish" | "invalidate">;
  readonly upstreams: Upstreams;
  readonly budgets: RateLimitGuard;
  readonly audit: Audit;
  readonly outside: OutOfBand;
  readonly hash: MarkHash;
  readonly longRedactions: Pick<LongRedactions, "redact">;
  readonly callIds: () => string;
  readonly log: Log;
  readonly now: () => number;
}

export function createApprovedRuns(deps: ApprovedRunsDeps): ApprovedRuns {
  const { approvals, audit, log, now } = deps;
  const check = createRunCheck(deps);
  const beginning = new Map<string, Promise<Begun>>();
  const running = new Map<string, { readonly peerKey: string; readonly over: Promise<void> }>();
  const listeners = createRunListeners();
  let stopped = false;

  async function invalidate(id: string, reason: string): Promise<Begun> {
    await approvals.invalidate(id, reason);
    return CHANGED;
  }

  async function prepareAndClaim(request: ApprovalRequest, caller: LiveCaller | undefined): Promise<Begun> {
    const { id, version } = request;
    const asked = await approvals.asked(id);
    const context = asked === undefined ? undefined : readContext(asked.context);
    if (asked === undefined || context === undefined) {
      return invalidate(id, "What was asked for can no longer be read.");
    }
    const principal = caller?.principal ?? deps.principalNow(asked.principal);
    if (principal === undefined) return invalidate(id, "The requester's credential is no longer accepted here.");
    // Whoever holds a connection came before it was approved, too: their token may have ended while they waited.
    if (now() >= deps.actsUntil(principal, request.createdAt)) return { kind: "absent" };
    const candidate: RunCandidate = {
      request,
      principal,
      session: caller === undefined ? context.session : caller.session,
      client: caller?.client ?? context.client,
      headers: caller?.headers ?? context.headers,
      context,
      arguments: asked.arguments,
      callId: deps.callIds(),
      at: now(),
    };
    const verdict = await check(candidate);
    if (verdict.kind === "invalid") return invalidate(id, verdict.reason);
    if (verdict.kind === "not_now") return { kind: "not_run", outcome: verdict.outcome };
    if (verdict.kind === "sign_in") return verdict;

    // Counted and recorded before the claim: what cannot be counted or recorded is not run, and stays approved.
    const { decision } = verdict;
    const counted = decision.limits === undefined ? decision : await deps.budgets.draw(decision, decision.limits);
    if (counted === undefined) return notRun({ kind: "refused", refusal: refuse("LIMITS_UNAVAILABLE") });
    if (counted.effect === "rate_limit") return notRun({ kind: "denied", decision: counted });
    if (stopped) return CHANGED;
    if (!(await audit.open(openingOf({ ...verdict, candidate, caller })))) {
      return notRun({ kind: "refused", refusal: refuse("AUDIT_UNAVAILABLE") });
    }
    // Before the claim, because a claim that is not used leaves open whether the call ran.
    if (verdict.spend !== undefined && !(await deps.signIns.spend(verdict.spend))) {
      close(candidate, "step_up_taken");
      return { kind: "sign_in" };
    }
    const claim = await approvals.claim(id, version).catch((err: unknown) => {
      close(candidate, "APPROVALS_UNAVAILABLE");
      throw err;
    });
    if (claim === undefined) {
      // Another process was faster, or the request ended in this moment.
      close(candidate, "approval_taken");
      return CHANGED;
    }
    const peer = caller?.peer ?? absentPeer(candidate.principal, context);
    const over = run(claim, { ...verdict, candidate, caller }, peer).finally(() => running.delete(id));
    running.set(id, { peerKey: peer.key, over });
    return { kind: "running", over };
  }

  /** Carries out what was claimed. @throws never */
  async function run(claim: ApprovalClaim, prepared: Prepared, peer: Call["peer"]): Promise<void> {
    const { tool, set, input, decision, candidate } = prepared;
    const { id } = claim.request;
    const guard = decision.inspectsResult
      ? createResultGuard({ set, input, hash: deps.hash, longRedactions: deps.longRedactions, log })
      : undefined;
    let end = LOST;
    try {
      const round = await callUpstream(atPlace(deps.upstreams, candidate.context.place), {
        call: {
          params: { arguments: claim.arguments },
          ...listeners.wishes(id),
          // Nobody who waits can stop it: that would leave open whether it ran.
          cancellation: new Cancellation(),
        },
        tool,
        arguments: claim.arguments,
        state: undefined,
        approval: id,
        peer: deps.outside.peerFor(peer, tool.upstream, guard && { set, redactions: guard.beside() }),
        onNotification: (notification) => listeners.tell(id, guard?.notification(notification) ?? notification),
      });
      end = await endRun(round, guard);
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
    close(candidate, end.ending, guard?.matched());
  }

  function close({ callId, at: since }: RunCandidate, outcome: CallOutcome, policies?: AuditClosing["policies"]) {
    const at = now();
    audit.close({ callId, at, outcome, durationMs: at - since, ...(policies?.length ? { policies } : {}) });
  }

  function begin(request: ApprovalRequest, caller: LiveCaller | undefined): Promise<Begun> {
    const { id } = request;
    const known = running.get(id);
    if (known !== undefined) return Promise.resolve({ kind: "running", over: known.over });
    const before = beginning.get(id);
    // What cannot be begun without its requester can be with them.
    if (before !== undefined) {
      return before.then((begun) => (begun.kind === "absent" && caller !== undefined ? begin(request, caller) : begun));
    }
    if (stopped) return Promise.resolve(CHANGED);
    const begun = prepareAndClaim(request, caller)
      .catch((err: unknown) => {
        log.error({ err, request: id }, "An approved call could not be begun.");
        return notRun({ kind: "refused", refusal: refuse("APPROVALS_UNAVAILABLE") });
      })
      .finally(() => beginning.delete(id));
    beginning.set(id, begun);
    return begun;
  }

  return {
    begin,
    listen: listeners.listen,
    whenPeerIsFree(peerKey, release) {
      const busy = [...running.values()].filter((run) => run.peerKey === peerKey).map(({ over }) => over);
      if (busy.length === 0) release();
      else void Promise.all(busy).then(release);
    },
    async drain(ms) {
      stopped = true;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
      await Promise.race([late, Promise.all(beginning.values()).then(() => allOver())]);
      clearTimeout(timer);
    },
  };

  async function allOver(): Promise<void> {
    await Promise.all(Array.from(running.values(), ({ over }) => over));
  }
}

/** The end of a run that failed in the gateway itself. */
const LOST: RunEnd = {
  execution: { kind: "indeterminate", why: "The gateway failed while it ran." },
  ending: "INTERNAL",
};

const CHANGED: Begun = { kind: "changed" };

function notRun(outcome: SettledOutcome): Begun {
  return { kind: "not_run", outcome };
}
