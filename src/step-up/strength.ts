import type { StepUpRequirement } from "../core/decision.ts";

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
  return authTime !== undefined && now - authTime <= strength.maxAgeMs ? undefined : "max_age";
}

/**
 * The contexts to ask the provider for: those that are in every list, because a sign-in has one context only. `undefined`
 * where none is asked; empty where none can do.
 */
export function acrValues(lists: StepUpRequirement["acr"]): readonly string[] | undefined {
  const [first, ...others] = lists;
  return first?.filter((value) => others.every((list) => list.includes(value)));
}
