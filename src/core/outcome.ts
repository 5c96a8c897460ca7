import type { ApprovalRequest } from "./approval.ts";
import type { Era, InputRequest, InputResponse, RpcError } from "./call.ts";
import type { Cancellation } from "./cancellation.ts";
import type { Decision, StepUpRequirement } from "./decision.ts";
import type { Refusal } from "./errors.ts";
import type { RawJson } from "./raw-json.ts";
import type { UpstreamFault } from "./round.ts";

/** How a call ended, or what it needs to go on. `downstream/` renders it in the client's era. */
export type Outcome =
  | { readonly kind: "result"; readonly result: RawJson }
  | { readonly kind: "error"; readonly error: RpcError }
  | DeniedOutcome
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "fault"; readonly fault: UpstreamFault }
  /** The tool has answered, and none of its result may be given out. */
  | { readonly kind: "withheld" }
  | InputRequiredOutcome
  | PausedOutcome
  | StepUpOutcome
  | UnapprovedOutcome;

/** What a server's answer comes to: the gateway has let the call through by then. */
export type AnsweredOutcome = SettledOutcome | InputRequiredOutcome;

/** An outcome after which nothing more comes. */
export type SettledOutcome = Exclude<Outcome, InputRequiredOutcome | PausedOutcome | StepUpOutcome>;

/** Policies stop the call. */
export interface DeniedOutcome {
  readonly kind: "denied";
  readonly decision: Exclude<Decision, { effect: "allow" }>;
  /** Another token would help: where HTTP can still say so, it is told which. Everywhere else the decision is. */
  readonly token?: TokenNeed;
}

/** What the token of a call lacks. RFC 6750 §3.1, RFC 9470 §3 */
export type TokenNeed =
  /** `scopes`: all that the call needs besides those that every token of this issuer needs. */
  | { readonly error: "insufficient_scope"; readonly issuer: string; readonly scopes: readonly string[] }
  | {
      readonly error: "insufficient_user_authentication";
      readonly acrValues: readonly string[];
      readonly maxAgeMs: number | undefined;
    };

/**
 * The caller has to sign in more strongly first, at `link.url`. Nothing has run, and nothing is kept for the call but
 * the challenge: it is decided anew when it comes again.
 */
export interface StepUpOutcome {
  readonly kind: "step_up";
  /** `id` and `url` let nobody in. `expiresAt`: ms since the epoch. */
  readonly link: { readonly id: string; readonly url: string; readonly expiresAt: number };
  readonly requirement: StepUpRequirement;
  /** The policy's words for the model; may be empty. */
  readonly message: string;
  /** As in `PausedOutcome`. */
  readonly leg: number;
  /** Whether the client was shown this very link on an earlier leg. */
  readonly shown: boolean;
  /** Waits for the sign-in, `ms` at most. @throws never */
  wait(ms: number, cancellation?: Cancellation): Promise<StepUpWait>;
  /** The call once more, decided anew. @throws never */
  again(): Promise<Outcome>;
  /** `requestState` of a client that comes back by itself. */
  state(leg: number): string;
  /** What the user's no comes to. */
  readonly declined: SettledOutcome;
}

/** What a wait for a sign-in ended with. `failed`: too many attempts. */
export type StepUpWait = "elevated" | "waiting" | "expired" | "failed";

/** The upstream wants something from the client first. See `InputRequiredRound`; `state` is sealed by the gateway here. */
export interface InputRequiredOutcome {
  readonly kind: "input_required";
  readonly era: Era;
  readonly inputRequests: Readonly<Record<string, InputRequest>>;
  readonly state: string | undefined;
  resume(responses: Readonly<Record<string, InputResponse>>): Promise<AnsweredOutcome>;
  abandon(reason: string): void;
  onSuperseded(listener: () => void): void;
}

/** The call waits for people, or is run with their consent: nothing of it is lost if nobody waits for it here. */
export interface PausedOutcome {
  readonly kind: "paused";
  /** As of now. */
  readonly request: ApprovalRequest;
  /** Where people find it. */
  readonly link: string;
  /** Which leg this request is: 0 for a first request, n for the retry that brought `state(n)`. */
  readonly leg: number;
  /**
   * How long the client itself asked to wait, ms: after that it gets the pending text, never another leg or a task.
   * `undefined`: as long as is good for its era.
   */
  readonly pollMs: number | undefined;
  /**
   * How the call ended, once it has; the request as it is then if after `ms` (or when cancelled) it still waits or runs.
   * If it is approved meanwhile and this client may run it, it is run. The run does not end with this wait. @throws never
   */
  wait(ms: number, cancellation?: Cancellation): Promise<PausedEnd | StillPaused>;
  /** `requestState` of a client that comes back by itself: sealed, bound to the principal and to this very call. */
  state(leg: number): string;
}

/** A paused call has ended. */
export interface PausedEnd {
  readonly ended: true;
  readonly outcome: SettledOutcome;
  /** Whoever waits is told to come again, and nothing of how it ended. */
  readonly later?: true;
  /** To be called once the client surely has the answer (its bytes are written, and the connection stood): never before. */
  delivered(): void;
}

/** A paused call still waits, or still runs. */
export interface StillPaused {
  readonly ended: false;
  readonly request: ApprovalRequest;
  /** It is approved, and not run before its requester has signed in again. */
  readonly needsSignIn?: true;
}

/** Nobody will run it: rejected, expired, cancelled, invalidated; or nobody knows whether it ran. */
export interface UnapprovedOutcome {
  readonly kind: "unapproved";
  readonly request: ApprovalRequest;
  /** Where people find it. */
  readonly link: string;
  /** For the model: what happened, and what may be done. */
  readonly message: string;
}
