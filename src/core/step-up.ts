import type { StepUpPer } from "./decision.ts";

/**
 * Why somebody who came back from the identity provider, or who wanted to go there, gained nothing by it. Each has a
 * page of its own, and stands in events and in the log.
 */
export const STEP_UP_FAILURES = [
  /** There is no such challenge, or none any more. */
  "unknown",
  /** The challenge, or this attempt at it, is past its time. */
  "expired",
  /** It was met already. */
  "met",
  /** Too many attempts at this challenge have failed. */
  "spent",
  /** The answer of the identity provider was used before, or a later attempt took its place. */
  "replayed",
  /** This browser did not begin the sign-in that comes back. */
  "foreign_state",
  /** The answer comes from another issuer than was asked. RFC 9207 §2.4 */
  "mixed_up_issuer",
  /** The person said no at the identity provider. */
  "cancelled",
  /** Somebody else signed in than the caller who was challenged. */
  "wrong_user",
  /** `acr` or `amr` are not among those asked for. */
  "too_weak",
  /** The sign-in is older than the challenge. */
  "too_old",
  /** The identity provider refused, or its ID token is not valid. */
  "provider_refused",
  /** The identity provider does not answer, or not as one. */
  "provider_unreachable",
  /** The form did not come from the gateway's own page. */
  "foreign_page",
] as const;

export type StepUpFailure = (typeof STEP_UP_FAILURES)[number];

/** `open` until it is met, or failed too often. One that is past its time counts as expired whatever its state. */
export const CHALLENGE_STATES = ["open", "met", "failed"] as const;

export type ChallengeState = (typeof CHALLENGE_STATES)[number];

/** See `StepUpPer`. */
export const STEP_UP_PER = ["call", "tool", "session"] as const satisfies readonly StepUpPer[];
