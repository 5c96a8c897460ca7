import type { StepUpRequirement } from "../core/decision.ts";
import type { Principal } from "../core/principal.ts";
import type { StepUpLack } from "./step-up.ts";

/** How somebody signed in, as far as a verified token says. */
export interface SignIn {
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** ms since the epoch. */
  readonly authTime: number | undefined;
}

/** What is asked of a sign-in itself. */
export type Strength = Pick<StepUpRequirement, "acr" | "amr" | "maxAgeMs">;

/** What a sign-in lacks, the first of them; `undefined` if it is strong and fresh enough. What is not said counts as missing. */
export function lackOf(strength: Strength, signIn: SignIn, now: number): "acr" | "amr" | "max_age" | undefined {
  const { acr, amr, authTime } = signIn;
  if (!strength.acr.every((list) => acr !== undefined && list.includes(acr))) return "acr";
  if (!strength.amr.every((list) => list.some((method) => amr.includes(method)))) return "amr";
  if (strength.maxAgeMs === undefined) return undefined;
  if (authTime === undefined) return "max_age";
  const age = now - authTime;
  return age >= 0 && age <= strength.maxAgeMs ? undefined : "max_age";
}

/**
 * The contexts to ask the provider for: those that are in every list, because a sign-in has one context only. `undefined`
 * where none is asked; empty where none can do.
 */
export function acrValues(lists: StepUpRequirement["acr"]): readonly string[] | undefined {
  const [first, ...others] = lists;
  return first?.filter((value) => others.every((list) => list.includes(value)));
}

/**
 * What the caller's own token lacks, where that is all there is to look at; `undefined`: it serves. Of an issuer that may
 * not say how its people sign in nothing counts. `not_configured`: nor would the scopes that it could still get there.
 */
export function tokenLack(requirement: StepUpRequirement, principal: Principal, now: number): StepUpLack | undefined {
  if (principal.kind !== "person") return "machine";
  const vouched = principal.may.includes("step_up");
  if (!vouched && requirement.scopes.length > 0) return "not_configured";
  if (!requirement.scopes.every((scope) => principal.scopes.includes(scope))) return "scope";
  const lack = lackOf(requirement, vouched ? principal : NOTHING_SAID, now);
  if (lack !== undefined) return lack;
  // What the client signed in with before was for no call or tool in particular.
  return requirement.per === "session" || requiresNothing(requirement) ? undefined : "call";
}

/**
 * Whether who lacks a sign-in is sent for a better token (RFC 9470): not to an issuer whose tokens say nothing here of how
 * its people sign in, nor who acts for somebody, or they would come back with one that serves no better, and be sent again.
 */
export function wantsBetterToken(
  { challenge }: Pick<StepUpRequirement, "challenge">,
  { may, actors }: Pick<Principal, "may" | "actors">,
): boolean {
  return challenge === "rfc9470" && may.includes("step_up") && actors.length === 0;
}

const NOTHING_SAID: SignIn = { acr: undefined, amr: [], authTime: undefined };

/** Scopes alone were asked for: the token that has them is all there is to have. */
function requiresNothing({ acr, amr, maxAgeMs }: Strength): boolean {
  return acr.length === 0 && amr.length === 0 && maxAgeMs === undefined;
}
