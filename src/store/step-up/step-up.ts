import type { StepUpPer } from "../../core/decision.ts";
import type { ChallengeState } from "../../core/step-up.ts";

/** Whom and what a sign-in serves. */
export interface StepUpBinding {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string | undefined;
  readonly per: StepUpPer;
  /** A hash of the call, the tool or the session that `per` speaks of. */
  readonly target: string;
}

/** One challenge. What it is bound to never changes. */
export interface ChallengeRecord extends StepUpBinding {
  /** 128 random bits. It opens a page and nothing else. */
  readonly id: string;
  /** A hash of the binding and the strength: of equal ones only one is open. */
  readonly key: string;
  /** What the ID token's subject claim must say. */
  readonly expected: string;
  /** What the client program calls itself. */
  readonly clientName: string;
  /** `upstream/tool`, of the call that opened it. */
  readonly tool: string;
  /** As `StepUpRequirement` has them. */
  readonly acr: readonly (readonly string[])[];
  readonly amr: readonly (readonly string[])[];
  readonly maxAgeMs: number | undefined;
  /** How long the sign-in will count. */
  readonly ttlMs: number;
  readonly state: ChallengeState;
  /** Attempts that came back and were refused. */
  readonly failures: number;
  readonly createdAt: number;
  /** Past this nothing can happen to it any more. */
  readonly expiresAt: number;
}

/** What a person signed in with, and what that serves. */
export interface ElevationRecord extends StepUpBinding {
  readonly id: string;
  /** The challenge that was met; there is one elevation of each at most. */
  readonly challengeId: string;
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** ms since the epoch, as the others. */
  readonly authTime: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export type OpenedChallenge =
  | { readonly kind: "opened" | "joined"; readonly challenge: ChallengeRecord }
  | { readonly kind: "too_many" };

/** Challenges and elevations. Every method may throw StoreError; whatever changes something does so once or not at all. */
export interface StepUpStore {
  /** Joins the open challenge of the same key, else keeps this one, unless the person has `max` unmet ones. Purges, too. */
  open(challenge: ChallengeRecord, max: number): Promise<OpenedChallenge>;
  find(id: string): Promise<ChallengeRecord | undefined>;
  /** States of these challenges; unknown ones are missing. */
  states(ids: readonly string[]): Promise<ReadonlyMap<string, ChallengeState>>;
  /** Begins an attempt, in the place of the one before. `false` if the challenge is not open. */
  begin(id: string, attemptHash: string, now: number): Promise<boolean>;
  /** Ends an attempt: `false` if it was ended before, another took its place, or the challenge is not open. */
  take(id: string, attemptHash: string, now: number): Promise<boolean>;
  /** Counts an attempt that was refused; the challenge has failed when there are `max`. */
  fail(id: string, max: number): Promise<void>;
  /** The challenge is met, and the elevation there, at once. `false` if the challenge is not open. */
  meet(elevation: ElevationRecord): Promise<boolean>;
  /** Elevations that live, for exactly this binding; the newest first, at most ten. */
  elevations(binding: StepUpBinding, now: number): Promise<readonly ElevationRecord[]>;
  /** Spends an elevation that is for one call. `false` if it is gone. */
  spend(id: string, now: number): Promise<boolean>;
}
