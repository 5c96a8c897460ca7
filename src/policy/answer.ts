import { allows, type Decision } from "../core/decision.ts";
import { refuse } from "../core/errors.ts";
import { findAmbiguousKey } from "../core/keys.ts";
import { type ArgumentsRefusal, createArgumentNameCheck } from "./arguments/check.ts";
import type { PolicyInput, PolicySet, Transformed } from "./policy-set.ts";

/** What a call comes to: what policies decide of it, and whether what they decided on is what its server would read. */
export interface PolicyAnswer {
  readonly decision: Decision;
  /** Why the call is refused for its arguments, though no policy refuses it. */
  readonly refusal: ArgumentsRefusal | undefined;
  /** What policies made of it before that; `undefined`: it is as it came. */
  readonly transformed: Transformed | undefined;
}

/** The call that was decided on: with what policies made of its arguments. */
export function sentBy({ transformed }: PolicyAnswer, input: PolicyInput): PolicyInput {
  if (transformed === undefined || transformed.arguments === input.arguments) return input;
  return { ...input, arguments: transformed.arguments };
}

/** Decides calls, and checks their arguments. What was read of schemas is kept. */
export interface Answers {
  /**
   * Of a call whose params no two readers read differently (`mcp/call-params.ts`). `approved`: its arguments are those that people
   * agreed to. @throws never
   */
  of(set: PolicySet, input: PolicyInput, approved?: boolean): PolicyAnswer;
  /** Of a call whose arguments were replaced since it was transformed: that is not done again. @throws never */
  again(set: PolicySet, input: PolicyInput, transformed: Transformed | undefined): PolicyAnswer;
  /** Of a call that somebody wrote down: nobody has looked at its keys yet. @throws never */
  ofGiven(set: PolicySet, input: PolicyInput, approved?: boolean): PolicyAnswer;
}

/** The one place where a call is decided on: real ones, tried ones, those of tests and of a replay. */
export function createAnswers(): Answers {
  const check = createArgumentNameCheck();
  const decided = (set: PolicySet, input: PolicyInput, transformed: Transformed | undefined): PolicyAnswer => {
    const decision = set.decide(input, transformed);
    const { subject, arguments: args } = input;
    // Whoever is refused by a policy hears of that. What a prompt declares is checked where it is resolved.
    const unchecked = decision.hidden || !allows(decision) || subject.kind !== "tool";
    const refusal = unchecked ? undefined : check(subject.definition, args, set.looksAt(subject));
    return { decision, refusal, transformed };
  };
  const ambiguous = (set: PolicySet, input: PolicyInput, transformed?: Transformed): PolicyAnswer | undefined => {
    const path = findAmbiguousKey(input.arguments, "params.arguments");
    if (path === undefined) return undefined;
    const refusal = refuse("KEYS_AMBIGUOUS", `At ${path}.`);
    return { decision: set.decide(input, transformed), refusal, transformed };
  };
  const of = (set: PolicySet, given: PolicyInput, approved = false): PolicyAnswer => {
    const transformed = set.transform(given, approved);
    const input = transformed === undefined ? given : { ...given, arguments: transformed.arguments };
    return decided(set, input, transformed);
  };
  return {
    of,
    ofGiven: (set, input, approved) => ambiguous(set, input) ?? of(set, input, approved),
    again: (set, input, transformed) => ambiguous(set, input, transformed) ?? decided(set, input, transformed),
  };
}
