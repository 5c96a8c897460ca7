import type { CallOutcome } from "../../core/call-outcome.ts";
import type { Decision, StepUpRequirement } from "../../core/decision.ts";
import { digestOf } from "../../core/digest.ts";
import { isObject } from "../../core/json.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { StepUpLack } from "../../step-up/step-up.ts";
import type { ResolvedCall } from "../requests/resolved-call.ts";
import type { Charged } from "../requests/retry-tokens.ts";

/** A decision that asks for a sign-in. */
export type SignInDecision = Extract<Decision, { effect: "step_up" }>;

/** Whether the sign-in that a decision asks for was made. */
export type SignInCheck =
  /** `spend`: it serves this call only, and is to be spent right before that is made. */
  | {
      readonly kind: "made";
      readonly by: "token" | "elevation";
      readonly spend: string | undefined;
      /** The challenge that was met, where it was one and is known. */
      readonly challenge: string | undefined;
    }
  | { readonly kind: "missing"; readonly why: StepUpLack }
  /** It is not wanted yet: the call waits for others, or has been run. */
  | { readonly kind: "later" }
  /** The store cannot tell, which is no reason to let the call through. */
  | { readonly kind: "unknown" };

/** Why a call does not pass without a sign-in. */
export type SignInLack = Extract<SignInCheck, { kind: "missing" | "unknown" }>;

/** A call that ends here, or pauses. */
export interface SignInStop {
  readonly outcome: Outcome;
  readonly recordAs: CallOutcome;
  /** The challenge that the caller was answered with. */
  readonly challenge?: string;
}

/** Under this name the client is asked, and answers. 2026-07-28 patterns/mrtr */
export const SIGN_IN_KEY = "step_up";

/** Whether what a decision asks for is all there: the sign-in was made, and nobody has to agree besides. */
export function isClear(decision: Decision, signIn: SignInCheck | undefined): decision is SignInDecision {
  return decision.effect === "step_up" && signIn?.kind === "made" && decision.approvals.length === 0;
}

/** What a retry token says of the sign-in of a call; nothing where none was asked for. */
export function signedInAs(decision: Decision, signIn: SignInCheck | undefined): Charged["signedIn"] {
  if (decision.effect !== "step_up" || signIn?.kind !== "made") return undefined;
  return { requirement: requirementDigest(decision.stepUp), by: signIn.by };
}

/** Tells requirements apart: a sign-in serves the one that it was made for. */
export function requirementDigest({ acr, amr, maxAgeMs, scopes, per }: StepUpRequirement): string {
  return digestOf({ acr, amr, maxAgeMs: maxAgeMs ?? null, scopes, per });
}

/** Whether the user has said that they will not sign in. */
export function hasDeclined({ call, continuation }: ResolvedCall): boolean {
  const responses = call.params["inputResponses"];
  if (continuation.kind !== "step_up" || !isObject(responses)) return false;
  const response = responses[SIGN_IN_KEY];
  return isObject(response) && (response["action"] === "decline" || response["action"] === "cancel");
}
