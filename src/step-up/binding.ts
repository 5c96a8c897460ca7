import type { StepUpPer } from "../core/decision.ts";
import { digestOf } from "../core/digest.ts";
import type { StepUpBinding } from "../store/step-up/step-up.ts";
import type { StepUpCaller } from "./step-up.ts";
import type { Strength } from "./strength.ts";

/** Whom and what a sign-in for this call serves, and no other. */
export function bindingOf(per: StepUpPer, caller: StepUpCaller): StepUpBinding {
  const { issuer, subject, clientId, actors } = caller.principal;
  // Where they signed in for what they do themselves, they did not for whoever acts for them.
  const acting = actors.length === 0 ? [] : [actors.map((actor) => [actor.issuer, actor.subject])];
  return { issuer, subject, clientId, per, target: digestOf([per, targetOf(per, caller), ...acting]) };
}

function targetOf(per: StepUpPer, caller: StepUpCaller): string | null {
  switch (per) {
    case "call":
      return caller.callDigest;
    case "tool":
      return caller.tool;
    case "session":
      return caller.session ?? null;
    default:
      return per satisfies never;
  }
}

/** What makes two challenges the same. */
export function challengeKey(binding: StepUpBinding, { acr, amr, maxAgeMs }: Strength, ttlMs: number): string {
  const { issuer, subject, clientId = null, per, target } = binding;
  return digestOf([issuer, subject, clientId, per, target, acr, amr, maxAgeMs ?? null, ttlMs]);
}
