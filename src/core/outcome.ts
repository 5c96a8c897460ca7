import type { ApprovalRequest } from "./approval.ts";
import type { Ask, AskResponse, Era, RpcError } from "./call.ts";
import type { Cancellation } from "./cancellation.ts";
import type { Decision } from "./decision.ts";
import type { Refusal } from "./errors.ts";
import type { RawJson } from "./raw-json.ts";
import type { UpstreamFault } from "./round.ts";

/** How a call ended, or what it needs to go on. `downstream/` renders it in the client's era. */
export type Outcome =
  | { readonly kind: "result"; readonly result: RawJson }
  | { readonly kind: "error"; readonly error: RpcError }
  | { readonly kind: "denied"; readonly decision: Exclude<Decision, { effect: "allow" }> }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "fault"; readonly fault: UpstreamFault }
  /** The tool has answered, and none of its result may be given out. */
  | { readonly kind: "withheld" }
  | AsksOutcome
  | PausedOutcome
  | UnapprovedOutcome;

/** An outcome after which nothing more comes. */
export type SettledOutcome = Exclude<Outcome, AsksOutcome | PausedOutcome>;

/** The upstream wants something from the client first. See `AsksRound`; `state` is sealed by the gateway here. */
export interface AsksOutcome {
  readonly kind: "asks";
  readonly era: Era;
  readonly asks: Readonly<Record<string, Ask>>;
  readonly state: string | undefined;
  resume(responses: Readonly<Record<string, AskResponse>>): Promise<Outcome>;
  abandon(reason: string): void;
  onMoot(listener: () => void): void;
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
  /** To be called once the client surely has the answer (its bytes are written, and the connection stood): never before. */
  delivered(): void;
}

/** A paused call still waits, or still runs. */
export interface StillPaused {
  readonly ended: false;
  readonly request: ApprovalRequest;
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
