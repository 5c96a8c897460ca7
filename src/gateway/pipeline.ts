import type { Audit } from "../audit/audit.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Call } from "../core/call.ts";
import { refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Outcome } from "../core/outcome.ts";
import type { PolicySet } from "../policy/policy-set.ts";
import type { KeyedHash } from "../redaction/redact.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { Budgets } from "./budgets.ts";
import { auditOpening, policyInput } from "./call-facts.ts";
import { enforceable } from "./enforceable.ts";
import type { Mentions } from "./mentions.ts";
import type { OutsideTalk } from "./outside-talk.ts";
import type { Paused, PausedCalls } from "./paused-calls.ts";
import type { Receipts } from "./receipts.ts";
import type { RequestStates } from "./request-state.ts";
import { resolveTool, UNKNOWN_TOOL } from "./resolve.ts";
import { createResultGuard } from "./result-guard.ts";
import { followRounds } from "./rounds.ts";
import { callUpstream } from "./upstream-call.ts";
import type { Visibility } from "./visibility.ts";

export interface PipelineDeps {
  readonly catalog: Catalog;
  readonly policies: () => PolicySet;
  readonly visibility: Visibility;
  readonly budgets: Budgets;
  readonly receipts: Receipts;
  readonly audit: Audit;
  readonly upstreams: Upstreams;
  readonly states: RequestStates;
  readonly mentions: Mentions;
  readonly outside: OutsideTalk;
  readonly paused: Pick<PausedCalls, "ask" | "resume" | "status">;
  /** Whether a call is for the gateway's own tool. */
  readonly isStatusCall: (call: Call) => boolean;
  /** For what policies replace with its hash. */
  readonly hash: KeyedHash;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * The life of one `tools/call`, top to bottom: resolve → decide → count → record → enforce → call the upstream → decide
 * on what it says → record the end. Stopping early is the only branch, and nothing happens to an upstream before its
 * decision is on disk. A call that needs approval stops here, too: what is run later is its request.
 */
export function createPipeline(deps: PipelineDeps): (call: Call) => Promise<Outcome> {
  const { audit, states, receipts, hash, log, now } = deps;

  return async (call) => {
    if (deps.isStatusCall(call)) return deps.paused.status(call);
    const resolved = resolveTool(deps, call);
    if (!resolved.ok) return resolved.outcome;
    const { tool } = resolved;

    // One set decides on the call and on its result, whatever is swapped in meanwhile.
    const set = deps.policies();
    const input = policyInput(call, tool, resolved.arguments);
    const decided = set.decide(input);

    const { continuation } = resolved;
    // Counted before it is recorded, so that the record says what came of it. A call that is cancelled now has cost; one
    // that waits for approval costs when it is run.
    const limited = continuation.kind === "upstream" && decided.effect === "allow" && decided.limits !== undefined;
    const draws = limited && !receipts.redeem(continuation.receipt);
    const decision = draws ? await deps.budgets.draw(decided, decided.limits) : decided;
    if (decision === undefined) return { kind: "refused", refusal: refuse("LIMITS_UNAVAILABLE") };

    const opened = await audit.open(auditOpening(call, tool, decision, resolved.arguments));
    if (!opened) return decision.hidden ? UNKNOWN_TOOL : { kind: "refused", refusal: refuse("AUDIT_UNAVAILABLE") };
    const guard = decision.inspectsResult ? createResultGuard({ set, input, hash, log }) : undefined;
    const close = (outcome: string, approval?: string): void => {
      const at = now();
      const policies = guard?.matched() ?? [];
      audit.close({
        callId: call.id,
        at,
        outcome,
        durationMs: at - call.receivedAt,
        ...(policies.length === 0 ? {} : { policies }),
        ...(approval === undefined ? {} : { approval }),
      });
    };

    // The record says why; the caller hears what it would hear of any name that nobody has.
    if (decision.hidden) {
      close("denied");
      return UNKNOWN_TOOL;
    }
    if (decision.effect !== "allow" && decision.effect !== "request_approval") {
      close("denied");
      return { kind: "denied", decision: enforceable(decision) };
    }
    let paused: Paused | undefined;
    if (continuation.kind === "approval") paused = await deps.paused.resume({ call, ...resolved }, continuation);
    else if (decision.effect === "request_approval") paused = await deps.paused.ask({ call, ...resolved }, decision);
    if (paused !== undefined) {
      close(paused.ending, paused.approval);
      return paused.outcome;
    }

    const round = await callUpstream(deps.upstreams, {
      call,
      tool,
      arguments: resolved.arguments,
      state: continuation.kind === "upstream" ? continuation.state : undefined,
      peer: deps.outside.peerFor(call.peer, tool.upstream, guard && { set, redactions: guard.beside() }),
      onNotification: (notification) => call.notify(guard?.notification(notification) ?? notification),
    });
    const follow = followRounds({
      call,
      upstream: tool.upstream,
      states,
      guard,
      receipts: limited ? receipts : undefined,
      onEnd(ending, result) {
        close(ending);
        if (result !== undefined) deps.mentions.learn(tool.upstream, result);
      },
    });
    return follow(round);
  };
}
