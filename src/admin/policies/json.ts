import type { Decision, Match } from "../../core/decision.ts";
import { refusalText } from "../../core/errors.ts";
import type { PolicyDryRun, PolicyState, PolicyView } from "../../operations/policies/policies.ts";
import { scopeJson } from "../../policy/decide/scope.ts";
import type { PolicyExplanation } from "../../policy/explain/explain.ts";
import type { Trace } from "../../policy/explain/trace.ts";
import { timeText } from "../list-schema.ts";
import type { DryRunBody, PolicyStateBody, TraceBody } from "./schema.ts";

/** The policies in force as the API shows them. */
export function policyStateJson(state: PolicyState): PolicyStateBody {
  return {
    digest: state.digest,
    default: state.default,
    levels: state.levels.map(({ level, default: fallback }) => ({ level, default: fallback })),
    since: timeText(state.since),
    policies: state.policies.map(policyJson),
    mistakes: state.mistakes.map(({ file, line, column, message, hint, excerpt }) => ({
      ...{ file, line, column, message, hint: hint ?? null, excerpt },
    })),
    coverage: { tools: state.tools, uncovered: state.uncovered.map(({ upstream, tool }) => ({ upstream, tool })) },
  };
}

function policyJson(policy: PolicyView): PolicyStateBody["policies"][number] {
  const { id, level, description, file, line, effect, enabled, shadow, scope, target, when, matches } = policy;
  return {
    ...{ id, level, description: description ?? null, file, line, effect, enabled, shadow },
    about: scopeJson(scope),
    target: target === undefined ? null : { ...target },
    when: when ?? null,
    matches: { applied: matches.applied, shadow: matches.shadow },
  };
}

/** A tried call as the API shows it. */
export function dryRunJson({ decision, refusal, signIn, approvals, policies, test }: PolicyDryRun): DryRunBody {
  return {
    decision: decisionJson(decision),
    refusal: refusal === undefined ? null : { code: refusal.code, message: refusalText(refusal) },
    step_up: decision.effect === "step_up" && refusal === undefined ? stepUpJson(decision.stepUp, signIn) : null,
    approvals: approvals.map(({ policy, flow, message, stages }) => ({
      ...{ policy, flow, message },
      stages: stages.map(({ roles, users, required }) => ({ roles: [...roles], users: [...users], required })),
    })),
    policies: policies.map(explanationJson),
    test,
  };
}

function decisionJson(decision: Decision): DryRunBody["decision"] {
  const { effect, matched, unapplied = [], hidden = false, limits = [], inspectsResult = false, set } = decision;
  const { authorize = [], guards = [] } = decision;
  return {
    effect,
    policy: effect === "allow" ? null : decision.policy,
    message: effect === "allow" ? null : decision.message,
    hidden,
    matched: matched.map(matchJson),
    unapplied: unapplied.map(matchJson),
    limits: limits.map(({ policy, limit, windowMs, cost }) => ({
      policy,
      limit,
      window_seconds: windowMs / 1_000,
      cost,
    })),
    inspects_result: inspectsResult,
    authorize: authorize.map(({ policy, by, shadow }) => ({ policy, by, shadow })),
    guards: guards.map(({ policy, by, phases, shadow }) => ({ policy, by, phases: [...phases], shadow })),
    policy_set: set,
  };
}

function stepUpJson(
  { policies, acr, amr, maxAgeMs, scopes, ttlMs, per }: Extract<Decision, { effect: "step_up" }>["stepUp"],
  signIn: PolicyDryRun["signIn"],
): DryRunBody["step_up"] {
  return {
    policies: [...policies],
    acr: acr.map((list) => [...list]),
    amr: amr.map((list) => [...list]),
    max_age_seconds: maxAgeMs === undefined ? null : maxAgeMs / 1_000,
    scopes: [...scopes],
    ttl_seconds: ttlMs === undefined ? null : ttlMs / 1_000,
    per,
    lacks: signIn === undefined || signIn === "token" ? null : signIn,
  };
}

function matchJson({
  policy,
  effect,
  because,
  error,
  defaults = [],
  mode,
}: Match): DryRunBody["decision"]["matched"][number] {
  return { policy, effect, because, error: error ?? null, defaults: [...defaults], shadow: mode === "shadow" };
}

function explanationJson(explained: PolicyExplanation): DryRunBody["policies"][number] {
  const { id, file, line, effect, shadow, verdict, misses, trace, error } = explained;
  return {
    ...{ id, file, line, effect, shadow, verdict },
    misses: misses.map(({ key, wanted, actual }) => ({ key, wanted, actual })),
    trace: trace === undefined ? null : traceJson(trace),
    error: error ?? null,
  };
}

function traceJson({ text, value, error, because }: Trace): TraceBody {
  return { text, value: value ?? null, error: error ?? null, because: because.map(traceJson) };
}
