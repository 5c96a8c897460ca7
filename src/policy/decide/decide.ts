import type { ApprovalRequirement, Decision, Match, RateLimit } from "../../core/decision.ts";
import type { Redaction } from "../../redaction/redaction.ts";
import { CallContext } from "../cel/context.ts";
import { createScreen, type QuickCheck, type Screen } from "../cel/quick-check.ts";
import { defaultMessage, withFailure } from "../messages.ts";
import type { PolicyInput, PolicyResult, PolicySet, ResultDecision, Viewer } from "../policy-set.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import { chargeFor } from "./charge.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import { mergeStepUps } from "./merge-step-ups.ts";
import { indexPolicies, type ToolMatch } from "./policy-index.ts";
import { classifyBy, shapesLists } from "./visibility.ts";

/** Stands for a policy's id where `policies.default: deny` decided. No id can have a dot. */
export const DEFAULT_POLICY = "policies.default";

/** Of the effects that bear on whether a call is made. */
const STRENGTH = { allow: 0, request_approval: 1, step_up: 2, deny: 3, hide: 4 } as const;

/** What a compiled set can be asked: see `PolicySet`. */
export type Decider = Pick<
  PolicySet,
  "decide" | "decideResult" | "hides" | "viewerClass" | "redacts" | "looksAt" | "about"
>;

/**
 * Makes the decision functions of a set: every matching policy is evaluated, the strongest effect wins and the first
 * policy that has it gives the message. A condition that fails counts as true for an effect that restricts and as false
 * for `allow`. Pure: equal calls get equal decisions, and nothing is counted here.
 */
export function createDecider(policies: readonly CompiledPolicy[], set: string, fallback: "allow" | "deny"): Decider {
  const find = indexPolicies(policies);
  const shaping = policies.filter((policy) => shapesLists(policy, fallback));
  const listsDiffer = fallback === "deny" || shaping.length > 0;
  const classify = classifyBy(new Set(shaping.flatMap(({ viewerFacts }) => viewerFacts)));
  const redacting = policies.filter((policy) => policy.effect === "redact");
  const screens = new WeakMap<readonly CompiledPolicy[], Screen>();
  const screenOf = (candidates: readonly CompiledPolicy[]): Screen => {
    const before = screens.get(candidates);
    if (before !== undefined) return before;
    const screen = createScreen(candidates.map(quickCheckFor));
    screens.set(candidates, screen);
    return screen;
  };
  const looked = new WeakMap<readonly CompiledPolicy[], readonly ArgumentPath[]>();
  const looksAt = (found: readonly CompiledPolicy[]): readonly ArgumentPath[] => {
    const before = looked.get(found);
    if (before !== undefined) return before;
    const paths = found.flatMap((policy) => (policy.shadow ? [] : policy.looksAt));
    looked.set(found, paths);
    return paths;
  };

  return {
    decide: (input) => decideCall(input, find(input.tool), { set, fallback, screenOf }),
    decideResult: (input, result) => decideResult(input, find(input.tool), result),
    hides: (viewer, tool) => listsDiffer && hides(viewer, tool, find(tool), fallback),
    viewerClass: (viewer) => (listsDiffer ? classify(viewer) : undefined),
    redacts: (tool) =>
      redacting.length > 0 && find(tool).policies.some(({ effect, shadow }) => effect === "redact" && !shadow),
    looksAt: (tool) => looksAt(find(tool).policies),
    about: (tool) => find(tool).policies,
  };
}

interface DecideDeps {
  readonly set: string;
  readonly fallback: "allow" | "deny";
  readonly screenOf: (candidates: readonly CompiledPolicy[]) => Screen;
}

// That an `allow` or a `redact` is there counts, even where its condition is false for this call.
function quickCheckFor({ effect, condition }: CompiledPolicy): QuickCheck | undefined {
  return effect === "allow" || effect === "redact" ? undefined : condition?.quick;
}

type Stopping = Extract<CompiledPolicy, { effect: "hide" | "deny" | "step_up" | "request_approval" | "rate_limit" }>;

function decideCall(
  input: PolicyInput,
  tool: ToolMatch<CompiledPolicy>,
  { set, fallback, screenOf }: DecideDeps,
): Decision {
  const matched: Match[] = [];
  let unapplied: Match[] | undefined;
  let strongest: Stopping | undefined;
  let strength = 0;
  let failure: string | undefined;
  let allowed = fallback === "allow";
  // Whether other arguments or another time could be let through: else the tool does not exist for this caller.
  let allowable = allowed;
  let hidden = false;
  let inspectsResult = false;
  let stepUps: Extract<CompiledPolicy, { effect: "step_up" }>[] | undefined;
  let approvals: ApprovalRequirement[] | undefined;
  let limits: RateLimit[] | undefined;
  let context: CallContext | undefined;
  let viewer: Viewer | undefined;

  const candidates = tool.policiesFor(input.principal);
  const screen = screenOf(candidates);
  for (let index = 0; index < candidates.length; index++) {
    if (screen.isSurelyFalse(index, input.arguments)) continue;
    const policy = candidates[index];
    if (policy === undefined) break;
    const { target, condition, effect } = policy;
    if (target.matchesCaller !== undefined) {
      viewer ??= { principal: input.principal, client: input.client, endpoint: input.request.endpoint };
      if (!target.matchesCaller(viewer)) continue;
    }
    if (effect === "redact") {
      inspectsResult = true;
      continue;
    }
    if (effect === "allow" && !policy.shadow && !policy.aboutViewer) allowable = true;
    let error: string | undefined;
    let defaults: readonly string[] | undefined;
    if (condition !== undefined) {
      context ??= new CallContext(input, tool.facts());
      const result = evaluateCondition(condition, context, effect !== "allow");
      if (!result.value && result.error === undefined) continue;
      ({ error, defaults } = result);
    }
    let charged: readonly RateLimit[] | undefined;
    if (effect === "rate_limit" && error === undefined) {
      context ??= new CallContext(input, tool.facts());
      const charge = chargeFor(policy, input, context);
      if (charge.ok) charged = charge.limits;
      else error = charge.error;
    }
    const match = matchOf(policy, error, defaults);
    if (policy.shadow || (effect === "allow" && error !== undefined)) {
      unapplied ??= [];
      unapplied.push(policy.shadow ? { ...match, mode: "shadow" } : match);
      continue;
    }
    matched.push(match);
    if (effect === "allow") {
      allowed = true;
      allowable = true;
      continue;
    }
    if (charged !== undefined) {
      limits ??= [];
      limits.push(...charged);
      continue;
    }
    if ((effect === "hide" || effect === "deny") && policy.aboutViewer) hidden = true;
    if (effect === "step_up") {
      stepUps ??= [];
      stepUps.push(policy);
    } else if (effect === "request_approval") {
      context ??= new CallContext(input, tool.facts());
      approvals ??= [];
      approvals.push({ policy: policy.id, flow: policy.flow, message: messageOf(policy, context, error) });
    }
    // A budget that cannot be counted has no room: the call is refused.
    const weight = STRENGTH[effect === "rate_limit" ? "deny" : effect];
    if (weight > strength) {
      strongest = policy;
      strength = weight;
      failure = error;
    }
  }

  const report = {
    matched,
    set,
    ...(unapplied && { unapplied }),
    ...((hidden || !allowable) && { hidden: true as const }),
  };
  const goesOn = { ...(limits && { limits }), ...(inspectsResult && { inspectsResult: true as const }) };
  if (strongest === undefined || (!allowed && strength < STRENGTH.deny)) {
    return allowed
      ? Object.assign(report, goesOn, { effect: "allow" as const })
      : Object.assign(report, DENIED_BY_DEFAULT);
  }
  context ??= new CallContext(input, tool.facts());
  const policy = strongest.id;
  const message = messageOf(strongest, context, failure);
  switch (strongest.effect) {
    case "hide":
      return Object.assign(report, { effect: "hide" as const, policy, message });
    case "deny":
    case "rate_limit":
      return Object.assign(report, { effect: "deny" as const, policy, message });
    case "step_up": {
      const more = { effect: "step_up" as const, policy, message, stepUp: mergeStepUps(stepUps ?? []) };
      return Object.assign(report, goesOn, more, { approvals: approvals ?? [] });
    }
    case "request_approval":
      return Object.assign(report, goesOn, {
        effect: "request_approval" as const,
        policy,
        message,
        approvals: approvals ?? [],
      });
    default:
      return strongest satisfies never;
  }
}

const DENIED_BY_DEFAULT = {
  effect: "deny",
  policy: DEFAULT_POLICY,
  message: "No policy allows this call, and without one calls are denied. An operator can add an allow policy.",
} as const;

function matchOf(
  { id, effect }: CompiledPolicy,
  error: string | undefined,
  defaults: readonly string[] | undefined,
): Match {
  const match: Match =
    error === undefined
      ? { policy: id, effect, because: "condition" }
      : { policy: id, effect, because: "error", error };
  return defaults === undefined ? match : { ...match, defaults };
}

function messageOf(policy: Stopping, context: CallContext, failure: string | undefined): string {
  const text = policy.message?.render(context) ?? defaultMessage(policy.id, policy.effect);
  return failure === undefined ? text : withFailure(text, failure);
}

function decideResult(
  input: PolicyInput,
  tool: ToolMatch<CompiledPolicy>,
  answer: PolicyResult | undefined,
): ResultDecision {
  const context = new CallContext(input, tool.facts(), answer);
  const viewer = { principal: input.principal, client: input.client, endpoint: input.request.endpoint };
  const matched: Match[] = [];
  const unapplied: Match[] = [];
  const redactions: Redaction[] = [];
  for (const policy of tool.policiesFor(input.principal)) {
    if (policy.effect !== "redact" || policy.target.matchesCaller?.(viewer) === false) continue;
    const result = policy.condition && evaluateCondition(policy.condition, context, true);
    if (result?.value === false) continue;
    const match = matchOf(policy, result?.error, result?.defaults);
    if (policy.shadow) {
      unapplied.push({ ...match, mode: "shadow" });
      continue;
    }
    matched.push(match);
    redactions.push(policy.redaction);
  }
  return { matched, redactions, ...(unapplied.length > 0 && { unapplied }) };
}

function hides(
  viewer: Viewer,
  tool: PolicyInput["tool"],
  match: ToolMatch<CompiledPolicy>,
  fallback: "allow" | "deny",
): boolean {
  const context = new CallContext(inputOf(viewer, tool), match.facts());
  let allowable = fallback === "allow";
  for (const policy of match.policiesFor(viewer.principal)) {
    if (!shapesLists(policy, fallback) || policy.target.matchesCaller?.(viewer) === false) continue;
    if (!policy.aboutViewer) {
      allowable ||= policy.effect === "allow";
      continue;
    }
    const value = policy.condition?.(context) ?? true;
    if (policy.effect === "allow") allowable ||= value === true;
    else if (value !== false) return true;
  }
  return !allowable;
}

// Conditions that are asked here read nothing of a call but its endpoint.
function inputOf({ principal, client, endpoint }: Viewer, tool: PolicyInput["tool"]): PolicyInput {
  const request = { id: "", method: "tools/list", time: 0, session: undefined, endpoint, headers: {} };
  return { principal, client, tool, arguments: {}, request };
}
