import { type Effect, VERDICTS } from "../../core/decision.ts";

/** What `decide` comes to: it counts nothing. */
export type DecidedEffect = (typeof VERDICTS)[number];

/** Whether the first verdict wins over the second. */
export function isStronger(one: DecidedEffect, other: DecidedEffect): boolean {
  return VERDICTS.indexOf(one) < VERDICTS.indexOf(other);
}

/**
 * What a policy that matched says about whether the call is made; `undefined` where it says nothing of that. `failed`: it
 * matched because it could not be evaluated, which counts for what restricts and never for what allows.
 */
export function verdictOf(effect: Effect, failed: boolean): DecidedEffect | undefined {
  switch (effect) {
    case "hide":
    case "deny":
    case "step_up":
    case "request_approval":
      return effect;
    case "allow":
      return failed ? undefined : effect;
    // A budget that cannot be counted has no room: the call is refused.
    case "rate_limit":
    // Nor is it known what was to be sent.
    case "transform":
      return failed ? "deny" : undefined;
    // What they come to is known once somebody has been asked.
    case "authorize":
    case "guard":
    case "redact":
      return undefined;
    default:
      return effect satisfies never;
  }
}

/** What the strongest verdict comes to: a call that nothing allows is denied, unless it is hidden anyway. */
export function settled(strongest: DecidedEffect, allowed: boolean): DecidedEffect {
  return allowed || isStronger(strongest, "deny") ? strongest : "deny";
}
