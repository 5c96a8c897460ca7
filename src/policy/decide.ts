import type { Decision, Effect, Match } from "../core/decision.ts";
import { CallContext } from "./context.ts";
import type { Condition } from "./environment.ts";
import { indexPolicies } from "./policy-index.ts";
import type { PolicyInput } from "./policy-set.ts";
import type { CompiledTarget } from "./target.ts";
import type { Template } from "./template.ts";

/** One policy, compiled. */
export interface CompiledPolicy {
  readonly id: string;
  readonly effect: Effect;
  readonly shadow: boolean;
  readonly target: CompiledTarget;
  /** `undefined`: every call that the target matches. */
  readonly condition: Condition | undefined;
  readonly message: Template | undefined;
}

/** Stands for a policy's id where `policies.default: deny` decided. No id can have a dot. */
export const DEFAULT_POLICY = "policies.default";

const STRENGTH: Readonly<Record<Effect, number>> = { allow: 0, request_approval: 1, step_up: 2, deny: 3 };

/**
 * Makes the decision function of a set: every matching policy is evaluated, the strongest effect wins and the first
 * policy that has it gives the message. A condition that fails counts as true for an effect that restricts and as false
 * for `allow`. Pure: equal calls get equal decisions.
 */
export function createDecide(
  policies: readonly CompiledPolicy[],
  set: string,
  fallback: "allow" | "deny",
): (input: PolicyInput) => Decision {
  const find = indexPolicies(policies);

  return (input) => {
    const tool = find(input.tool);
    const matched: Match[] = [];
    let unapplied: Match[] | undefined;
    let strongest: CompiledPolicy | undefined;
    let failure: string | undefined;
    let allowed = fallback === "allow";
    let context: CallContext | undefined;

    for (const policy of tool.policies) {
      const { target, condition, effect } = policy;
      if (target.matchesCaller !== undefined && !target.matchesCaller(input)) continue;
      let error: string | undefined;
      if (condition !== undefined) {
        context ??= new CallContext(input, tool.facts());
        const result = condition(context);
        if (result === false) continue;
        if (result !== true) error = result.error;
      }
      const match: Match =
        error === undefined
          ? { policy: policy.id, effect, because: "condition" }
          : { policy: policy.id, effect, because: "error", error };
      if (policy.shadow || (effect === "allow" && error !== undefined)) {
        unapplied ??= [];
        unapplied.push(policy.shadow ? { ...match, mode: "shadow" } : match);
        continue;
      }
      matched.push(match);
      if (effect === "allow") allowed = true;
      else if (strongest === undefined || STRENGTH[effect] > STRENGTH[strongest.effect]) {
        strongest = policy;
        failure = error;
      }
    }

    const report = unapplied === undefined ? { matched, set } : { matched, set, unapplied };
    if (strongest !== undefined && (allowed || strongest.effect === "deny")) {
      const { id, effect, message } = strongest;
      if (message !== undefined) context ??= new CallContext(input, tool.facts());
      const text =
        message === undefined || context === undefined ? defaultMessage(id, effect) : message.render(context);
      const why = failure === undefined ? text : `${text} ${becauseOf(failure)}`;
      if (effect !== "allow") return Object.assign(report, { effect, policy: id, message: why });
    }
    if (allowed) return Object.assign(report, { effect: "allow" as const });
    const message =
      "No policy allows this call, and without one calls are denied. An operator can add an allow policy.";
    return Object.assign(report, { effect: "deny" as const, policy: DEFAULT_POLICY, message });
  };
}

function defaultMessage(id: string, effect: Effect): string {
  switch (effect) {
    case "deny":
      return `The policy ${id} denies this call.`;
    case "step_up":
      return `The policy ${id} asks the user to sign in again before this call.`;
    case "request_approval":
      return `The policy ${id} asks for an approval of this call.`;
    case "allow":
      return `The policy ${id} allows this call.`;
    default:
      return effect satisfies never;
  }
}

// An agent can only do something about its arguments; what else a condition looks at is not its business.
function becauseOf(failure: string): string {
  return /^args[\w.]* is missing$/.test(failure)
    ? `(The policy counts because it could not be evaluated: ${failure}.)`
    : "(The policy counts because it could not be evaluated; the audit says why.)";
}
