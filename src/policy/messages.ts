import type { Effect } from "../core/decision.ts";
import type { SubjectKind } from "../core/subject.ts";

/** What an agent is told where a policy has no words of its own. `kind`: what it asked for. */
export function defaultMessage(id: string, effect: Effect, kind: SubjectKind): string {
  const request = kind === "tool" ? "call" : "request";
  switch (effect) {
    case "hide":
      return `The policy ${id} hides this ${kind}.`;
    case "deny":
      return `The policy ${id} denies this ${request}.`;
    case "step_up":
      return `The policy ${id} asks the user to sign in again before this ${request}.`;
    case "request_approval":
      return `The policy ${id} asks for an approval of this ${request}.`;
    case "authorize":
      return `What the policy ${id} has asked does not allow this ${request}.`;
    case "guard":
      return `What the policy ${id} has look at it does not let this ${request} pass.`;
    case "rate_limit":
      return `The limit of the policy ${id} is used up.`;
    case "transform":
      return `The policy ${id} cannot write what this ${request} is to send.`;
    case "allow":
    case "redact":
      return "";
    default:
      return effect satisfies never;
  }
}

/**
 * A message with the reason why its policy could not be evaluated. An agent can only do something about its arguments;
 * what else a condition looks at is not its business.
 */
export function withFailure(text: string, failure: string): string {
  return /^args[\w.]* is missing$/.test(failure)
    ? `${text} (The policy counts because it could not be evaluated: ${failure}.)`
    : `${text} (The policy counts because it could not be evaluated; the audit says why.)`;
}
