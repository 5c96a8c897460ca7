import type { StepUpPer, StepUpRequirement } from "../../core/decision.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";

/** Merges what all policies ask of the sign-in of one call to the strictest: whoever satisfies it satisfies each. */
export function mergeStepUps(policies: readonly Extract<CompiledPolicy, { effect: "step_up" }>[]): StepUpRequirement {
  const asks = policies.map((policy) => policy.asks);
  const scopes = [...new Set(asks.flatMap((ask) => ask.scopes))];
  const per = NARROWEST_FIRST.find((width) => asks.some((ask) => ask.per === width)) ?? "session";
  return {
    policies: policies.map(({ id }) => id),
    acr: asks.flatMap(({ acr }) => (acr.length === 0 ? [] : [acr])),
    amr: asks.flatMap(({ amr }) => (amr.length === 0 ? [] : [amr])),
    maxAgeMs: smallest(asks.map((ask) => ask.maxAgeMs)),
    scopes,
    ttlMs: smallest(asks.map((ask) => ask.ttlMs)),
    per,
    via: scopes.length === 0 ? undefined : "scope",
    // A new token would be answered with the same challenge again, for ever.
    challenge: per === "session" ? asks.find((ask) => ask.challenge !== undefined)?.challenge : undefined,
  };
}

const NARROWEST_FIRST: readonly StepUpPer[] = ["call", "tool", "session"];

function smallest(times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
