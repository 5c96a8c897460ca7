import type { Effect } from "../../core/decision.ts";
import { createAnswers, type PolicyAnswer, sentBy } from "../answer.ts";
import { CallContext, readSubjectFacts } from "../cel/context.ts";
import { createPolicyLanguage, type PolicyLanguage } from "../cel/environment.ts";
import { compilePolicies } from "../compile/compile.ts";
import type { CompileOptions } from "../compile/entries.ts";
import type { PolicyError, PolicyFile, PolicyInput, PolicySet } from "../policy-set.ts";
import { explainTarget, type TargetMiss } from "./target.ts";
import { type Trace, traceCondition } from "./trace.ts";

/** What one policy had to do with a call. */
export interface PolicyExplanation {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly effect: Effect;
  /**
   * `applied` counts in the decision; `unapplied` matched without counting; `result` is decided once the tool has
   * answered; the others did not match.
   */
  readonly verdict: "applied" | "unapplied" | "result" | "target" | "condition" | "disabled";
  readonly shadow: boolean;
  /** The parts of the target that do not fit the call. */
  readonly misses: readonly TargetMiss[];
  /** The condition, evaluated; absent where there is none or where nobody asked it. */
  readonly trace?: Trace;
  /** Why the condition could not be evaluated, and the policy counts for that. */
  readonly error?: string;
  /** Places that the call leaves out, where it matched, and was traced, with the tool's defaults in them. */
  readonly defaults?: readonly string[];
}

export type Explained =
  | (PolicyAnswer & { readonly ok: true; readonly policies: readonly PolicyExplanation[] })
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/**
 * Decides one call and tells of every policy why it counted or did not. The verdicts are the decision's own; only the
 * reasons are found by looking again. Pure. @throws never for what stands in the files
 */
export function explainCall(files: readonly PolicyFile[], options: CompileOptions, input: PolicyInput): Explained {
  const compiled = compilePolicies(files, options);
  if (!compiled.ok) return compiled;
  const answer = createAnswers().ofGiven(compiled.set, input);
  return { ok: true, ...answer, policies: explainPolicies(compiled.set, input, answer) };
}

/**
 * What each policy of a set, in file order, had to do with a call that the set decided so. `mayTrace` is asked before
 * each condition and each part of one is taken apart: where it says no, the verdict stands without its trace. Pure.
 * @throws never
 */
export function explainPolicies(
  set: PolicySet,
  input: PolicyInput,
  answer: PolicyAnswer,
  mayTrace: () => boolean = () => true,
): readonly PolicyExplanation[] {
  const language = createPolicyLanguage();
  const { decision } = answer;
  const facts = readSubjectFacts(input.subject);
  const sent = sentBy(answer, input);
  const came = new CallContext(input, facts);
  const decided = sent === input ? came : new CallContext(sent, facts);
  const applied = new Map(decision.matched.map((match) => [match.policy, match]));
  const unapplied = new Map((decision.unapplied ?? []).map((match) => [match.policy, match]));

  return set.policies.map((summary): PolicyExplanation => {
    const { id, file, line, effect, shadow, target, when } = summary;
    const about = { id, file, line, effect, shadow };
    if (!summary.enabled) return { ...about, verdict: "disabled", misses: [] };
    const match = applied.get(id) ?? unapplied.get(id);
    const misses = match === undefined ? explainTarget(target, summary.scope, input, effect === "allow") : [];
    if (misses.length > 0) return { ...about, verdict: "target", misses };
    if (effect === "redact") return { ...about, verdict: "result", misses };
    const { error, defaults } = match ?? {};
    // What is written is decided on what came.
    const context = effect === "transform" ? came : decided;
    const seen =
      defaults === undefined || when === undefined ? context : contextWith(when, language, context, defaults);
    const trace = when === undefined || !mayTrace() ? undefined : traceCondition(when, language, seen, mayTrace);
    const verdict = match === undefined ? "condition" : applied.has(id) ? "applied" : "unapplied";
    const why = { ...(trace && { trace }), ...(error !== undefined && { error }), ...(defaults && { defaults }) };
    return { ...about, verdict, misses, ...why };
  });
}

// As the decision saw it: with those of the tool's defaults that decided.
function contextWith(
  when: string,
  language: PolicyLanguage,
  context: CallContext,
  defaults: readonly string[],
): CallContext {
  const compiled = language.condition(when);
  if (!compiled.ok) return context;
  for (const filled of context.withDefaults(compiled.run.values))
    if (filled.places.join() === defaults.join()) return filled.context;
  return context;
}
