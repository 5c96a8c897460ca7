import { allows, type Decision } from "../core/decision.ts";
import { refuse } from "../core/errors.ts";
import { findAmbiguousKey } from "../core/keys.ts";
import { type ArgumentsRefusal, createArgumentNameCheck } from "./arguments/check.ts";
import type { PolicyInput, PolicySet } from "./policy-set.ts";

/** What a call comes to: what policies decide of it, and whether what they decided on is what its server would read. */
export interface PolicyAnswer {
  readonly decision: Decision;
  /** Why the call is refused for its arguments, though no policy refuses it. */
  readonly refusal: ArgumentsRefusal | undefined;
}

/** Decides calls, and checks their arguments. What was read of schemas is kept. */
export interface Answers {
  /** Of a call whose params no two readers read differently (`mcp/call-params.ts`). @throws never */
  of(set: PolicySet, input: PolicyInput): PolicyAnswer;
  /** Of a call that somebody wrote down: nobody has looked at its keys yet. @throws never */
  ofGiven(set: PolicySet, input: PolicyInput): PolicyAnswer;
}

/** The one place where a call is decided on: real ones, tried ones, those of tests and of a replay. */
export function createAnswers(): Answers {
  const check = createArgumentNameCheck();
  const of = (set: PolicySet, input: PolicyInput): PolicyAnswer => {
    const decision = set.decide(input);
    const { subject, arguments: args } = input;
    // Whoever is refused by a policy hears of that. What a prompt declares is checked where it is resolved.
    const unchecked = decision.hidden || !allows(decision) || subject.kind !== "tool";
    const refusal = unchecked ? undefined : check(subject.definition, args, set.looksAt(subject));
    return { decision, refusal };
  };
  return {
    of,
    ofGiven(set, input) {
      const path = findAmbiguousKey(input.arguments, "params.arguments");
      if (path === undefined) return of(set, input);
      return { decision: set.decide(input), refusal: refuse("KEYS_AMBIGUOUS", `At ${path}.`) };
    },
  };
}
