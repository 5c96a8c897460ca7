import type { Cancellation } from "../core/cancellation.ts";
import type { StepUpRequirement } from "../core/decision.ts";
import type { Refusal } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { StepUpFailure } from "../core/step-up.ts";

/** Who calls what, as far as a sign-in can be bound to it. */
export interface StepUpCaller {
  readonly principal: Principal;
  /** Digest of the exact call: `per: call` is bound to it. */
  readonly callDigest: string;
  /** `upstream/tool`, original names; of what is no tool with its kind before it, `prompt upstream/name`. */
  readonly tool: string;
  /** The legacy session's id, where there is one; without it, `per: session` means this person and client. */
  readonly session: string | undefined;
}

/** What a check says. */
export type StepUpCheck =
  | { readonly satisfied: true; readonly by: "token" }
  /** `spend`: it serves one call only, and is to be spent right before that is made; `undefined`: it serves on. */
  | {
      readonly satisfied: true;
      readonly by: "elevation";
      readonly spend: string | undefined;
      /** The challenge that was met. */
      readonly challenge: string;
    }
  | { readonly satisfied: false; readonly why: StepUpLack };

/**
 * What is missing; of `acr`, `amr` and `max_age` the first that the caller's own token lacks. `machine`: nobody is there
 * who could sign in. `not_configured`: no identity provider of this gateway knows this caller, so that only a better token
 * would help, and not even that where its issuer may not say how its people sign in. `scope`: the token lacks one, which no sign-in at the
 * gateway replaces. `call`: what is at hand is strong and fresh enough, but not for this very call or tool.
 */
export type StepUpLack = "machine" | "not_configured" | "scope" | "acr" | "amr" | "max_age" | "call";

/** A call that lacks a sign-in. */
export interface StepUpRequest {
  readonly requirement: StepUpRequirement;
  readonly caller: StepUpCaller;
  /** `caller.tool` as it may be kept and shown. */
  readonly shown: string;
  /** What the client program calls itself; shown to the person. */
  readonly clientName: string;
}

/** Where a person can sign in for one call. */
export interface Challenge {
  readonly id: string;
  /** Holds nothing but the id, and lets nobody in. */
  readonly url: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

export type Challenged =
  | { readonly ok: true; readonly kind: "opened" | "joined"; readonly challenge: Challenge }
  /** STEP_UP_TOO_MANY, STEP_UP_IMPOSSIBLE */
  | Refusal<"STEP_UP_IMPOSSIBLE" | "STEP_UP_TOO_MANY">;

/** `failed`: too many attempts; ask for another challenge. `expired`: also for an unknown id. */
export type ChallengeOutcome = "elevated" | "waiting" | "expired" | "failed";

/** Something that happened to a challenge in this process. Holds no secrets: it is made for records. */
export interface StepUpEvent {
  readonly act: "opened" | "started" | "met" | "refused";
  /** For `refused`. */
  readonly reason: StepUpFailure | undefined;
  readonly challenge: string;
  /** Who was challenged, whoever it was that came. */
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string | undefined;
  /** `StepUpRequest.shown` */
  readonly tool: string;
  readonly at: number;
}

/** Stronger sign-ins: asked for, carried out, remembered for a while. Every method may throw StoreError. */
export interface StepUp {
  /**
   * Whether the caller's sign-in is strong and fresh enough: by the token's own claims (for `per: session`) or by a live
   * elevation of this person and client for what `per` says. A machine's or an anonymous caller's never is.
   */
  check(requirement: StepUpRequirement, caller: StepUpCaller): Promise<StepUpCheck>;
  /** Spends what `check` named. `false`: it is gone already, and the call must not be made. */
  spend(elevation: string): Promise<boolean>;
  /**
   * Opens a challenge, or joins the open one of the same caller, strength and `per`. Only after `check` said that a
   * sign-in would help (`acr`, `amr`, `max_age`, `call`). Bounded per person.
   */
  challenge(request: StepUpRequest): Promise<Challenged>;
  /**
   * Waits for a challenge to be met, `ms` at most: answers at once in the process where that happens, within half a
   * second in others. Beyond a bound of waiters it answers at once.
   */
  wait(challengeId: string, ms: number, cancellation?: Cancellation): Promise<ChallengeOutcome>;
  /** Hears of everything that happens to challenges in this process, after it is on disk. */
  onEvent(listener: (event: StepUpEvent) => void): () => void;
  /** Answers all waiters. */
  close(): Promise<void>;
}
