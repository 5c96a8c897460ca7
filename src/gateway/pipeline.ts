import type { Audit } from "../audit/audit.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Call } from "../core/call.ts";
import type { CallOutcome } from "../core/call-outcome.ts";
import type { Decision } from "../core/decision.ts";
import { refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Outcome } from "../core/outcome.ts";
import { Slices } from "../core/slices.ts";
import type { Answers } from "../policy/answer.ts";
import type { PolicySet } from "../policy/policy-set.ts";
import type { LongRedactions } from "../redaction/long-redactions.ts";
import type { MarkHash } from "../redaction/redact.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { Paused, PausedCalls } from "./approvals/paused-calls.ts";
import type { Visibility } from "./lists/visibility.ts";
import { withAnswersAsked } from "./requests/params.ts";
import type { RequestStates } from "./requests/request-state.ts";
import type { RetryTokens } from "./requests/retry-tokens.ts";
import {
  approvalOf,
  type SignInCheck,
  type SignInDecision,
  type StepUpGate,
  signedInAs,
} from "./step-up/step-up-gate.ts";
import { auditOpening, challengeOf, policyInput, withSignIn } from "./steps/call-facts.ts";
import type { Links } from "./steps/links.ts";
import type { OutOfBand } from "./steps/out-of-band.ts";
import type { Allowed, RateLimitGuard } from "./steps/rate-limit-guard.ts";
import { notListed, resolveTool, UNKNOWN_TOOL } from "./steps/resolve.ts";
import { createResultGuard } from "./steps/result-guard.ts";
import { followRounds } from "./steps/rounds.ts";
import type { UnlistedCalls } from "./steps/unlisted-calls.ts";
import { callUpstream } from "./steps/upstream-call.ts";

export interface PipelineDeps {
  readonly catalog: Catalog;
  readonly policies: () => PolicySet;
  readonly visibility: Visibility;
  readonly budgets: RateLimitGuard;
  readonly receipts: RetryTokens;
  readonly audit: Audit;
  readonly upstreams: Upstreams;
  readonly states: RequestStates;
  readonly links: Links;
  readonly outside: OutOfBand;
  readonly paused: Pick<PausedCalls, "ask" | "resume" | "status" | "runs">;
  readonly signIns: StepUpGate;
  readonly answers: Pick<Answers, "of">;
  readonly unlistedCalls: Pick<UnlistedCalls, "record">;
  /** Whether a call is for the gateway's own tool. */
  readonly isStatusCall: (call: Call) => boolean;
  /** For what policies replace with its hash. */
  readonly hash: MarkHash;
  /** For results that take long to be searched. */
  readonly longRedactions: Pick<LongRedactions, "redact">;
  /** Makes the id of a call that is decided anew. */
  readonly callIds: () => string;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * The life of one `tools/call`, top to bottom: resolve → decide → check the arguments → look for the sign-in → count → record → enforce → call
 * the upstream → decide on what it says → record the end. Stopping early is the only branch, and nothing happens to an
 * upstream before its decision is on disk. A call that needs a sign-in or an approval stops here, too: after a sign-in
 * it comes again and is decided anew, and what is run with an approval is its request.
 */
export function createPipeline(deps: PipelineDeps): (call: Call) => Promise<Outcome> {
  const { audit, states, receipts, signIns, hash, longRedactions, log, now } = deps;

  const callTool = async (call: Call): Promise<Outcome> => {
    if (deps.isStatusCall(call)) return deps.paused.status(call);
    const resolved = resolveTool(deps, call);
    if (!resolved.ok) {
      if (resolved.unknown !== undefined) await deps.unlistedCalls.record(call, resolved.unknown);
      return resolved.outcome;
    }
    const { tool, continuation, unlisted } = resolved;

    const slices = new Slices();
    // One set decides on the call and on its result, whatever is swapped in meanwhile.
    const set = deps.policies();
    const input = policyInput(call, tool, resolved.arguments);
    // What policies were asked about has to be what the server reads.
    const { decision: decided, refusal: misfit } = deps.answers.of(set, input);

    const made = { call, ...resolved };
    const approval = approvalOf(continuation);
    const paid = continuation.kind === "upstream" ? receipts.redeem(call.peer.owner, continuation.receipt) : undefined;
    const runs = misfit === undefined && !unlisted;
    const signIn = runs && decided.effect === "step_up" ? await signInOf(decided) : undefined;

    // Counted before it is recorded, so that the record says what came of it. A call that is cancelled now has cost; one
    // that waits for people costs when it is run.
    const goes = approval === undefined && runs ? atOnce(decided, signIn) : undefined;
    const limits = goes?.limits;
    const draws = goes !== undefined && limits !== undefined && paid?.drawn !== true;
    const decision = draws ? await deps.budgets.draw(goes, limits) : decided;
    if (decision === undefined) return { kind: "refused", refusal: refuse("LIMITS_UNAVAILABLE") };

    // Writing down what took long to decide on takes long, too.
    if (slices.isOver) await slices.next();
    const record = auditOpening(call, tool, withSignIn(decision, signIn), resolved.arguments);
    const opened = await audit.open({ ...record, ...challengeOf(signIn) });
    if (!opened) return decision.hidden ? UNKNOWN_TOOL : { kind: "refused", refusal: refuse("AUDIT_UNAVAILABLE") };
    const { cancellation } = call;
    const guard = decision.inspectsResult
      ? createResultGuard({ set, input, hash, longRedactions, log, cancellation })
      : undefined;

    // The record says why; the caller hears what it would hear of any name that nobody has.
    if (decision.hidden) {
      close("denied");
      return UNKNOWN_TOOL;
    }
    if (isRefusal(decision)) {
      close("denied");
      return { kind: "denied", decision };
    }
    if (misfit !== undefined) {
      close(misfit.code);
      return { kind: "refused", refusal: misfit };
    }
    // Nobody is asked about what cannot be run.
    if (unlisted) {
      close("UPSTREAM_UNAVAILABLE");
      return notListed(tool);
    }
    if (decision.effect === "step_up" && (signIn?.kind === "missing" || signIn?.kind === "unknown")) {
      return askToSignIn(decision, signIn);
    }
    const approvals = decision.effect === "allow" ? [] : decision.approvals;
    let paused: Paused | undefined;
    const leg = continuation.kind === "upstream" ? 0 : continuation.leg;
    if (approval !== undefined) paused = await deps.paused.resume(made, { kind: "approval", id: approval, leg });
    else if (approvals.length > 0) paused = await deps.paused.ask(made, { set: decision.set, approvals }, leg);
    if (paused !== undefined) {
      close(paused.ending, paused.approval);
      return paused.outcome;
    }
    // Of two calls that found one sign-in for one call, the first makes it.
    const spend = signIn?.kind === "made" ? signIn.spend : undefined;
    if (decision.effect === "step_up" && spend !== undefined && !(await signIns.spend(spend))) {
      return askToSignIn(decision, { kind: "missing", why: "call" });
    }

    const round = await callUpstream(deps.upstreams, {
      call: { ...call, params: withAnswersAsked(call.params, continuation) },
      tool,
      arguments: resolved.arguments,
      state: continuation.kind === "upstream" ? continuation.state : undefined,
      peer: deps.outside.peerFor(call.peer, tool.upstream, guard && { set, redactions: guard.beside() }),
      onNotification: (notification) => call.notify(guard?.notification(notification) ?? notification),
    });
    const paying = { drawn: limits !== undefined, signedIn: signedInAs(decision, signIn) };
    const follow = followRounds({
      call,
      upstream: tool.upstream,
      states,
      guard,
      receipt: paying.drawn || paying.signedIn ? () => receipts.issue(call.peer.owner, paying) : undefined,
      links: deps.links.from({ scope: call.scope, holder: call.peer.owner }, tool.upstream),
      onEnd: (ending) => close(ending),
    });
    return follow(round);

    async function signInOf(asked: SignInDecision): Promise<SignInCheck | undefined> {
      if (asked.hidden) return undefined;
      // What only waits for others, or has been run, is looked after without a sign-in: it is wanted when it can be run.
      const joins = approval !== undefined || asked.approvals.length > 0;
      if (joins && !(await deps.paused.runs(made, approval))) return { kind: "later" };
      return signIns.check(made, asked, paid);
    }

    async function askToSignIn(asked: SignInDecision, lack: Parameters<StepUpGate["ask"]>[2]): Promise<Outcome> {
      const stop = await signIns.ask(made, asked, lack, () =>
        callTool({ ...call, id: deps.callIds(), receivedAt: now() }),
      );
      close(stop.ending, undefined, stop.challenge);
      return stop.outcome;
    }

    function close(outcome: CallOutcome, request?: string, challenge?: string): void {
      const at = now();
      const policies = guard?.matched() ?? [];
      audit.close({
        callId: call.id,
        at,
        outcome,
        durationMs: at - call.receivedAt,
        ...(policies.length === 0 ? {} : { policies }),
        ...(request === undefined ? {} : { approval: request }),
        ...(challenge === undefined ? {} : { challenge }),
      });
    }
  };
  return callTool;
}

/** The decision, if it lets the call go to its upstream now. */
function atOnce(decided: Decision, signIn: SignInCheck | undefined): Allowed | undefined {
  if (decided.effect === "allow") return decided;
  const clear = decided.effect === "step_up" && signIn?.kind === "made" && decided.approvals.length === 0;
  return clear ? decided : undefined;
}

function isRefusal(decision: Decision): decision is Extract<Decision, { effect: "hide" | "deny" | "rate_limit" }> {
  return decision.effect === "hide" || decision.effect === "deny" || decision.effect === "rate_limit";
}
