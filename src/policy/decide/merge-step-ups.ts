import type { StepUpPer, StepUpRequirement } from "../../core/decision.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";

/** Merges what all policies ask of the sign-in of one call to the strictest: whoever satisfies it satisfies each. */
export function mergeStepUps(policies: readonly Extract<CompiledPolicy, { effect: "step_up" }>[]): StepUpRequirement {
  const stepUps = policies.map((policy) => policy.stepUp);
  const scopes = [...new Set(stepUps.flatMap((stepUp) => stepUp.scopes))];
  const per = NARROWEST_FIRST.find((width) => stepUps.some((stepUp) => stepUp.per === width)) ?? "session";
  return {
    policies: policies.map(({ id }) => id),
    acr: stepUps.flatMap(({ acr }) => (acr.length === 0 ? [] : [acr])),
    amr: stepUps.flatMap(({ amr }) => (amr.length === 0 ? [] : [amr])),
    maxAgeMs: smallest(stepUps.map((stepUp) => stepUp.maxAgeMs)),
    scopes,
    ttlMs: smallest(stepUps.map((stepUp) => stepUp.ttlMs)),
    per,
    via: scopes.length === 0 ? undefined : "scope",
    // A new token would be answered with the same challenge again, for ever.
    challenge: per === "session" ? stepUps.find((stepUp) => stepUp.challenge !== undefined)?.challenge : undefined,
  };
}

const NARROWEST_FIRST: readonly StepUpPer[] = ["call", "tool", "session"];

function smallest(times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
