import type { ApprovalEvent, ApprovalRequest, ApprovalState } from "../core/approval.ts";
import type { Era } from "../core/call.ts";
import type { Cancellation } from "../core/cancellation.ts";
import type { ApprovalRequirement } from "../core/decision.ts";
import type { Refusal } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import type { DecidedMethod } from "../core/subject.ts";
import type { BoundCall } from "./call-digest.ts";

/** A call that policies let through only with people's consent. */
export interface CallToApprove {
  readonly principal: Principal;
  /** What the client program calls itself. */
  readonly clientName: string;
  readonly era: Era;
  readonly method: DecidedMethod;
  readonly upstream: string;
  /** The own name of the tool or prompt, or the URI of the resource. */
  readonly tool: string;
  readonly definitionDigest: string;
  /** What is given to it; for a resource its URI. */
  readonly arguments: JsonObject;
  /** `Decision.approvals`; never empty. One request goes through the stages of all flows, in order. */
  readonly approvals: readonly ApprovalRequirement[];
  /** SHA-256 of the policy set that decided. */
  readonly policySet: string;
  /** `gateway`: run it as soon as it is approved (a task, a held call). A flow's `execute: on_approval` wins over `caller`. */
  readonly run: "gateway" | "caller";
  /** Whether the operator marked the tool so: after a crash it may then be run once more, instead of `indeterminate`. */
  readonly idempotent: boolean;
  /** What whoever runs it needs to decide the call again (endpoint, client, headers). Sealed at rest. */
  readonly context: JsonObject;
}

/** What became of a request for approval. */
export type RequestedApproval =
  /** `opened`: a new request. `joined`: one of an identical call is open; look at its state. */
  | { readonly ok: true; readonly kind: "opened" | "joined"; readonly request: ApprovalRequest }
  /** An identical call's request has ended and its requester was not told yet: tell, and call `delivered`. */
  | { readonly ok: true; readonly kind: "ended"; readonly request: ApprovalRequest }
  /** APPROVALS_TOO_MANY, APPROVALS_TAKEN_BACK, FLOW_UNKNOWN */
  | Refusal<"FLOW_UNKNOWN" | "APPROVALS_TOO_MANY" | "APPROVALS_TAKEN_BACK">;

/** What an approver says. */
export interface ApprovalVote {
  readonly id: string;
  readonly approver: Principal;
  readonly decision: "approve" | "reject";
  readonly reason: string | undefined;
  /** The request's version that the approver saw. */
  readonly version: number;
  /** The digest of the arguments that the approver saw. */
  readonly argumentsDigest: string;
  /** `api`, `console`, `terminal`, … */
  readonly channel: string;
  readonly ip: string | undefined;
}

/** The request after an act on it, or why nothing happened: the `APPROVAL_…` codes, PARAMS_INVALID. */
export type Acted = { readonly ok: true; readonly request: ApprovalRequest } | Refusal;

/** What was asked for, as it is kept sealed. */
export interface RequestedCall {
  /** The requester as they were when they asked. */
  readonly principal: Principal;
  readonly context: JsonObject;
  /** The arguments that were approved: these are sent, whatever a retry says. */
  readonly arguments: JsonObject;
}

/** The exclusive right to run an approved call, once. */
export interface ApprovalClaim extends RequestedCall {
  readonly request: ApprovalRequest;
  readonly executionId: string;
}

/** How a claimed call ended. */
export type ExecutionEnd =
  /** `result` is JSON of the caller's making, sealed at rest and given back by `result`. */
  | {
      readonly kind: "succeeded" | "failed";
      readonly result: Uint8Array;
      readonly isError: boolean;
    }
  /** It may or may not have run. `why` is for operators: without arguments, results or secrets. */
  | { readonly kind: "indeterminate"; readonly why: string };

/** What to list. Keys left out ask for nothing. */
export interface ApprovalFilter {
  readonly states?: readonly ApprovalState[];
  /** Only what this person may decide now, and has not yet. */
  readonly decidableBy?: Principal;
  /** Only this principal's own requests and those of flows in which they may approve any stage. */
  readonly visibleTo?: Principal;
  readonly requester?: Principal;
  readonly flow?: string;
  readonly upstream?: string;
  /** Original name. Finds calls of tools alone. */
  readonly tool?: string;
  readonly method?: DecidedMethod;
  /** `ApprovalRequest.tool`, whatever kind of thing that is. */
  readonly subject?: string;
  /** At most so many; 1 to 500. */
  readonly limit: number;
}

export interface ApprovalPage {
  /** The newest first; what somebody may decide by its end, the soonest first. */
  readonly items: readonly ApprovalRequest[];
  /** Where the list goes on; `undefined` at the end. */
  readonly nextCursor: string | undefined;
}

/** One thing that happened to a request in this process. */
export interface ApprovalTransition {
  /** As it is afterwards. */
  readonly request: ApprovalRequest;
  readonly event: ApprovalEvent;
}

/** Requests for approval: durable, bound to the exact call, spent once. Every method may throw StoreError. */
export interface Approvals {
  /** Opens a request or joins an identical call's; see `Asked`. Of two identical calls at once one opens. */
  request(call: CallToApprove): Promise<RequestedApproval>;
  get(id: string): Promise<ApprovalRequest | undefined>;
  /** The request that this call joins: an open one, or one whose end was not told yet. */
  find(call: BoundCall): Promise<ApprovalRequest | undefined>;
  /** `cursor`: `nextCursor` of the page before; one that is none of ours lists from the start. */
  list(filter: ApprovalFilter, cursor?: string): Promise<ApprovalPage>;
  /** How many there are of what `list` would give, up to the limit. */
  count(filter: ApprovalFilter): Promise<number>;
  /** What happened to a request, in order; empty for an unknown one. */
  history(id: string): Promise<readonly ApprovalEvent[]>;
  /** The arguments that were asked for, to show to approvers; `undefined` if unknown, purged, or under another key. */
  arguments(id: string): Promise<JsonObject | undefined>;
  /** What whoever runs a request needs to decide the call again before `claim`; `undefined` as with `arguments`. */
  requestedCall(id: string): Promise<RequestedCall | undefined>;
  /** Whether this person could decide now, for pages and buttons; `decide` checks again. */
  mayDecide(request: ApprovalRequest, approver: Principal): Acted;
  /** One vote. Eligibility, version and digest are checked at this moment. */
  decide(vote: ApprovalVote): Promise<Acted>;
  /** Whether a request is this principal's own; see `core/persons.ts`. */
  isRequester(request: Pick<ApprovalRequest, "requester">, principal: Principal): boolean;
  /** `personKey` of whose request it is. */
  personKey(request: Pick<ApprovalRequest, "requester">): string;
  /** The requester takes a request back that does not run yet. To everybody else it is unknown. */
  cancel(id: string, principal: Principal): Promise<Acted>;
  /** What was asked for is no longer what would run, or not by whom. `reason` is shown to people. */
  invalidate(id: string, reason: string): Promise<Acted>;
  /** An administrator found out what became of an `indeterminate` one. That they are one, the caller has checked. */
  resolve(id: string, admin: Principal, outcome: "succeeded" | "failed", reason: string): Promise<Acted>;
  /**
   * The right to run an approved request of this version; `undefined` if somebody else has it, or it is no longer
   * approved. Decide the call anew and compare the tool's definition before this, dispatch at once after it, and
   * `finish` whatever happens.
   */
  claim(id: string, version: number): Promise<ApprovalClaim | undefined>;
  /** Stores how it ended. A refusal means that the run was given up for lost and replaced meanwhile. */
  finish(claim: ApprovalClaim, end: ExecutionEnd): Promise<Acted>;
  /** The bytes given to `finish`; `undefined` if there are none, or none any more. */
  result(id: string): Promise<Uint8Array | undefined>;
  /** The requester knows how it ended: an identical call is a new request from now on. Says nothing twice. */
  delivered(id: string): Promise<void>;
  /**
   * The request once its version is above `afterVersion`; as it is after `ms` or when cancelled; `undefined` if
   * unknown. Transitions of other processes are seen within half a second. Beyond a bound of waiters it answers at once.
   */
  waitForChange(
    id: string,
    afterVersion: number,
    ms: number,
    cancellation?: Cancellation,
  ): Promise<ApprovalRequest | undefined>;
  /** Approved requests that the gateway is to run and nobody has claimed, the oldest first. */
  runnable(limit: number): Promise<readonly ApprovalRequest[]>;
  /**
   * Hears of requests to run: at once when one is approved here, and of what `runnable` finds whenever time is looked
   * at, so also after a restart. May hear of one twice: `claim` decides.
   */
  onRunnable(listener: (request: ApprovalRequest) => void): () => void;
  /** Hears of every transition in this process, after it is on disk. */
  onTransition(listener: (transition: ApprovalTransition) => void): () => void;
  /** Does everything that is due by now: expiry, escalation, reminders, lost runs, retention. Runs by itself, too. */
  sweep(): Promise<void>;
  /** Answers all waiters, stops the timers. What executes keeps its lease to the end of it. */
  close(): Promise<void>;
}
