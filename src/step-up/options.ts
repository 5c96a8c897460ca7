import type { Standing } from "../core/standing.ts";

/** What the step-up room is told. `config/`'s `step_up` fits. Times are in milliseconds. */
export interface StepUpOptions {
  readonly oidc: OidcOptions;
  /** How long a sign-in counts at most; policies may ask for less. */
  readonly ttlMs: number;
}

/** The OpenID provider that people are sent to, and the gateway's registration there. */
export interface OidcOptions {
  /** Equal to the `iss` claim, character by character; callers whose tokens come from elsewhere cannot step up. */
  readonly issuer: string;
  readonly clientId: string;
  /** `undefined`: a public client. */
  readonly clientSecret: string | undefined;
  /** Asked for besides `openid`. */
  readonly scopes: readonly string[];
  /** The claim, in access token and ID token alike, that says who somebody is; a dotted path. `sub` where it is not pairwise. */
  readonly subjectClaim: string;
  /** The claim of the ID token that names the authentication context; only `acr` itself must be a single text. */
  readonly acrClaim: string;
  /** Whether an address as subject claim counts without `email_verified`. Default: `claim`, it does not. */
  readonly emailVerified?: Standing["emailVerified"];
  readonly clockToleranceMs: number;
}

/** Times and bounds that no operator has to set. */
export interface StepUpLimits {
  /** How long a challenge is open, and an attempt may take. RFC 6749 §4.1.1 has no number; ten minutes are usual. */
  readonly challengeMs: number;
  /** Unmet challenges of one person. */
  readonly challengesPerPerson: number;
  /** Attempts at one challenge that may be refused. */
  readonly attempts: number;
  readonly waiters: number;
  /** How often the store is asked what other processes did. */
  readonly pollMs: number;
  /** Metadata of the provider are read again after so long, and not before `retryMs` when that failed. */
  readonly metadataMs: number;
  readonly retryMs: number;
  /** Deadline of one request to the provider. */
  readonly timeoutMs: number;
  /** What is read of one answer of the provider. */
  readonly maxBytes: number;
}

/** What serves by default. */
export const STEP_UP_LIMITS: StepUpLimits = {
  challengeMs: 600_000,
  challengesPerPerson: 10,
  attempts: 5,
  waiters: 10_000,
  pollMs: 500,
  metadataMs: 900_000,
  retryMs: 5_000,
  timeoutMs: 5_000,
  maxBytes: 512 * 1024,
};
