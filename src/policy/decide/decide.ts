import type { Decision, Match } from "../../core/decision.ts";
import type { Redaction } from "../../redaction/redaction.ts";
import { CallContext } from "../cel/context.ts";
import { createScreen, type QuickCheck, type Screen } from "../cel/quick-check.ts";
import type { PolicyInput, PolicyResult, PolicySet, ResultDecision, Viewer } from "../policy-set.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import { indexPolicies, type ToolMatch } from "./policy-index.ts";
import { matchOf, Tally, verdictOfNone } from "./tally.ts";
import { classifyBy, shapesLists } from "./visibility.ts";

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

function decideCall(
  input: PolicyInput,
  tool: ToolMatch<CompiledPolicy>,
  { set, fallback, screenOf }: DecideDeps,
): Decision {
  // About most calls no policy says anything: a tally costs as much as all else then.
  let tally: Tally | undefined;
  let viewer: Viewer | undefined;
  const candidates = tool.policiesFor(input.principal);
  const screen = screenOf(candidates);
  for (let index = 0; index < candidates.length; index++) {
    if (screen.isSurelyFalse(index, input.arguments)) continue;
    const policy = candidates[index];
    if (policy === undefined) break;
    const { matchesCaller } = policy.target;
    if (matchesCaller !== undefined) {
      viewer ??= viewerOf(input);
      if (!matchesCaller(viewer)) continue;
    }
    tally ??= new Tally(input, tool, fallback);
    tally.add(policy);
  }
  return tally === undefined ? verdictOfNone(set, fallback) : tally.verdict(set);
}

function viewerOf({ principal, client, request }: PolicyInput): Viewer {
  return { principal, client, endpoint: request.endpoint };
}

function decideResult(
  input: PolicyInput,
  tool: ToolMatch<CompiledPolicy>,
  answer: PolicyResult | undefined,
): ResultDecision {
  const context = new CallContext(input, tool.facts(), answer);
  const viewer = viewerOf(input);
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
