import type { CallContext } from "../cel/context.ts";
import type { Condition } from "../cel/environment.ts";
import type { EvaluationFailure } from "../step-budget/evaluation-failure.ts";

/** What a condition came to: it matches or not, or it has no value. */
export interface Evaluation {
  readonly value: boolean;
  readonly error: string | undefined;
  /** The places that got a default, where the condition matched by these only. */
  readonly defaults: readonly string[] | undefined;
}

/** It matches, as a policy without a condition does. */
export const MATCHES: Evaluation = { value: true, error: undefined, defaults: undefined };
const DIFFERS: Evaluation = { value: false, error: undefined, defaults: undefined };

/**
 * Evaluates a condition for a call as it was sent and, where the call leaves out what the tool has a default for, with the
 * default in its place. The stricter of the two counts, errors included: a default is what a server says of itself, so it
 * can stop a call and never let one pass. @throws never
 */
export function evaluateCondition(condition: Condition, context: CallContext, restricts: boolean): Evaluation {
  const sent = condition(context);
  if (sent !== !restricts) return typeof sent === "boolean" ? (sent ? MATCHES : DIFFERS) : failed(sent, restricts);
  for (const { context: filled, places: defaults } of context.withDefaults(condition.values)) {
    const value = condition(filled);
    if (value === sent) continue;
    return typeof value === "boolean"
      ? { value, error: undefined, defaults }
      : { ...failed(value, restricts), defaults };
  }
  return sent ? MATCHES : DIFFERS;
}

function failed({ error }: EvaluationFailure, restricts: boolean): Evaluation {
  return { value: restricts, error, defaults: undefined };
}
