import type { Decision, Match } from "../../core/decision.ts";
import { USES } from "../../core/subject.ts";
import type { Redaction } from "../../redaction/redaction.ts";
import { CallContext } from "../cel/context.ts";
import { createScreen, type QuickCheck, type Screen } from "../cel/quick-check.ts";
import { defaultMessage } from "../messages.ts";
import type {
  PolicyInput,
  PolicyResult,
  PolicySet,
  PolicySubject,
  ResultDecision,
  Transformed,
  Viewer,
} from "../policy-set.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import { deniedByDefault, verdictOfNone } from "./by-default.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import { bitOf, type LevelDefaults, levelsOf, type WantedAllows } from "./level-defaults.ts";
import { indexPolicies, type SubjectMatch } from "./policy-index.ts";
import { isAboutUse, matchOf, Tally } from "./tally.ts";
import { type TransformPolicy, transformRequest } from "./transform-request.ts";
import { classifyBy, shapesLists } from "./visibility.ts";

/** What a compiled set can be asked: see `PolicySet`. */
export type Decider = Pick<
  PolicySet,
  "transform" | "decide" | "decideResult" | "hides" | "viewerClass" | "redacts" | "looksAt" | "about" | "wantsAllowOf"
>;

/**
 * Makes the decision functions of a set: every matching policy is evaluated, the strongest effect wins and the first
 * policy that has it gives the message. A condition that fails counts as true for an effect that restricts and as false
 * for `allow`. Pure: equal calls get equal decisions, and nothing is counted here.
 */
export function createDecider(policies: readonly CompiledPolicy[], set: string, defaults: LevelDefaults): Decider {
  const find = indexPolicies(policies);
  const shaping = policies.filter((policy) => shapesLists(policy, defaults));
  const listsDiffer = defaults.any || shaping.length > 0;
  const facts = shaping.flatMap(({ viewerFacts }) => viewerFacts);
  const classify = classifyBy(new Set(defaults.byEndpoint ? [...facts, "request.endpoint"] : facts));
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

  const transforming = policies.some(({ effect }) => effect === "transform");
  const transforms = new WeakMap<readonly CompiledPolicy[], readonly TransformPolicy[]>();
  const transformsOf = ({ policies: found }: SubjectMatch<CompiledPolicy>): readonly TransformPolicy[] => {
    const before = transforms.get(found);
    if (before !== undefined) return before;
    const those = found.filter((policy) => policy.effect === "transform");
    transforms.set(found, those);
    return those;
  };

  return {
    transform(input, approved = false) {
      if (!transforming) return undefined;
      const match = find(input.subject);
      const those = transformsOf(match);
      return those.length === 0 ? undefined : transformRequest(input, those, match, approved);
    },
    decide: (input, transforms) =>
      decideCall(input, transforms, find(input.subject), { set, defaults, screenOf, listsDiffer }),
    decideResult: (input, result) => decideResult(input, find(input.subject), result),
    hides: (viewer, subject) => listsDiffer && hiddenBy(viewer, subject, find(subject), defaults) !== undefined,
    viewerClass: (viewer) => (listsDiffer ? classify(viewer) : undefined),
    redacts: (subject) =>
      redacting.length > 0 && find(subject).policies.some(({ effect, shadow }) => effect === "redact" && !shadow),
    looksAt: (subject) => looksAt(find(subject).policies),
    about: (subject) => find(subject).policies,
    wantsAllowOf: (endpoint, upstream) => levelsOf(defaults.wanted(endpoint, upstream), endpoint, upstream),
  };
}

interface DecideDeps {
  readonly set: string;
  readonly defaults: LevelDefaults;
  readonly screenOf: (candidates: readonly CompiledPolicy[]) => Screen;
  /** Whether anything can be hidden from anybody. */
  readonly listsDiffer: boolean;
}

// That an `allow` or a `redact` is there counts, even where its condition is false for this call. That of a `transform` was
// about what came, and this is what it made of it.
function quickCheckFor({ effect, condition }: CompiledPolicy): QuickCheck | undefined {
  return effect === "allow" || effect === "redact" || effect === "transform" ? undefined : condition?.quick;
}

function decideCall(
  input: PolicyInput,
  transforms: Transformed | undefined,
  match: SubjectMatch<CompiledPolicy>,
  { set, defaults, screenOf, listsDiffer }: DecideDeps,
): Decision {
  // About most calls no policy says anything: a tally costs as much as all else then.
  let tally: Tally | undefined;
  let viewer: Viewer | undefined;
  const wanted = defaults.wanted(input.request.endpoint, input.subject.upstream);
  const candidates = match.policiesFor(input.principal);
  const screen = screenOf(candidates);
  for (let index = 0; index < candidates.length; index++) {
    if (screen.isSurelyFalse(index, input.arguments)) continue;
    const policy = candidates[index];
    if (policy === undefined) break;
    const { matchesCaller, methods } = policy.target;
    if (methods !== undefined && !methods.has(input.request.method)) continue;
    if (matchesCaller !== undefined) {
      viewer ??= viewerOf(input);
      if (!matchesCaller(viewer)) continue;
    }
    tally ??= new Tally(input, match, wanted, transforms);
    tally.add(policy);
  }
  const decision = tally === undefined ? verdictOfNone(set, wanted, input) : tally.verdict(set);
  if (!listsDiffer || input.request.method === USES[input.subject.kind] || decision.hidden) return decision;
  // Whoever is not to know of it learns nothing of it by another request for it.
  const by = hiddenBy(viewer ?? viewerOf(input), input.subject, match, defaults);
  return by === undefined ? decision : hiddenToo(input, decision, by);
}

/** The decision on a request for what its caller may never use, and so is not to know of. */
function hiddenToo(input: PolicyInput, decision: Decision, by: Hiding): Decision {
  if (decision.effect === "hide" || decision.effect === "deny") return { ...decision, hidden: true };
  const { matched, set, unapplied } = decision;
  const report = { set, ...(unapplied && { unapplied }), hidden: true as const };
  if (typeof by === "number") return { ...report, matched, ...deniedByDefault(input, by) };
  const { policy, error } = by;
  const { id, effect } = policy;
  const message = defaultMessage(id, effect, input.subject.kind);
  return { ...report, matched: [...matched, matchOf(policy, error, undefined)], effect, policy: id, message };
}

function viewerOf({ principal, client, request }: PolicyInput): Viewer {
  return { principal, client, endpoint: request.endpoint };
}

function decideResult(
  input: PolicyInput,
  subject: SubjectMatch<CompiledPolicy>,
  answer: PolicyResult | undefined,
): ResultDecision {
  const context = new CallContext(input, subject.facts(), answer);
  const viewer = viewerOf(input);
  const matched: Match[] = [];
  const unapplied: Match[] = [];
  const redactions: Redaction[] = [];
  for (const policy of subject.policiesFor(input.principal)) {
    if (policy.target.methods?.has(input.request.method) === false) continue;
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

/** What hides something: a policy, with why it could not be evaluated if it counts for that; or the levels none of whose policies allows it where that is wanted. */
type Hiding =
  | { readonly policy: Extract<CompiledPolicy, { effect: "hide" | "deny" }>; readonly error: string | undefined }
  | WantedAllows;

function hiddenBy(
  viewer: Viewer,
  subject: PolicySubject,
  match: SubjectMatch<CompiledPolicy>,
  defaults: LevelDefaults,
): Hiding | undefined {
  const context = new CallContext(inputOf(viewer, subject), match.facts());
  let missing = defaults.wanted(viewer.endpoint, subject.upstream);
  for (const policy of match.policiesFor(viewer.principal)) {
    if (!shapesLists(policy, defaults) || !isAboutUse(policy, subject.kind)) continue;
    if (policy.target.matchesCaller?.(viewer) === false) continue;
    if (!policy.aboutViewer) {
      if (policy.effect === "allow") missing &= ~bitOf(policy.level);
      continue;
    }
    const value = policy.condition?.(context) ?? true;
    if (policy.effect === "allow") {
      if (value === true) missing &= ~bitOf(policy.level);
    } else if (value !== false && (policy.effect === "hide" || policy.effect === "deny")) {
      return { policy, error: value === true ? undefined : value.error };
    }
  }
  return missing === 0 ? undefined : missing;
}

// Conditions that are asked here read nothing of a call but its endpoint.
function inputOf({ principal, client, endpoint }: Viewer, subject: PolicySubject): PolicyInput {
  const request = { id: "", method: USES[subject.kind], time: 0, session: undefined, endpoint, headers: {} };
  return { principal, client, subject, arguments: {}, request };
}
