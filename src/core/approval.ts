import type { Era } from "./call.ts";
import type { Traces } from "./persons.ts";
import type { DecidedMethod } from "./subject.ts";

/** Where an approval request can be. Only `pending` can be decided, only `approved` can be claimed. */
export const APPROVAL_STATES = [
  "pending",
  "approved",
  "executing",
  "succeeded",
  "failed",
  "indeterminate",
  "rejected",
  "expired",
  "cancelled",
  "invalidated",
] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/**
 * Of one digest, one request at most is in one of these: an identical call joins it. `indeterminate` is among them, so
 * that a call that may have run is never asked for again behind the back of those who have to find out.
 */
export const OPEN_STATES = ["pending", "approved", "executing", "indeterminate"] as const satisfies ApprovalState[];

/** Whether an identical call joins a request in this state. */
export function isOpen(state: ApprovalState): boolean {
  return (OPEN_STATES as readonly ApprovalState[]).includes(state);
}

/** Who may approve: anybody with one of the roles, or one of the users (e-mail address in any case, or exact subject). */
export interface Approvers {
  readonly roles: readonly string[];
  readonly users: readonly string[];
}

/** One stage as it was when the request was made. */
export interface StageRule {
  /** The flow that it belongs to. */
  readonly flow: string;
  readonly approvers: Approvers;
  /** How many of them must approve. */
  readonly required: number;
  /** From so long after the stage began, these may approve, too. */
  readonly escalate: { readonly afterMs: number; readonly to: Approvers } | undefined;
}

/** The flows of a request as they were when it was made: what happens to it follows these, not the configuration. */
export interface FlowSnapshot {
  /** `digest` covers what decides who may approve what; a change of it in the configuration invalidates the request. */
  readonly flows: readonly { readonly name: string; readonly digest: string; readonly notify: readonly string[] }[];
  readonly stages: readonly StageRule[];
  readonly executeTtlMs: number;
  readonly requesterMayApprove: boolean;
  readonly reason: ReasonRule;
}

/** One stage as it is now. */
export interface ApprovalStage {
  readonly flow: string;
  /** Who may decide now if it is this stage's turn; those of the escalation included once it is time. */
  readonly approvers: Approvers;
  readonly required: number;
  /** Approvals given in this stage. */
  readonly given: number;
  readonly escalated: boolean;
  /** When the circle widens, ms since the epoch; `undefined` if it does not, has, or it is not this stage's turn. */
  readonly escalatesAt: number | undefined;
}

/** When a decision needs a reason. */
export type ReasonRule = "never" | "on_reject" | "always";

/** A person, as a verified credential named them. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
}

/** Somebody who asked or decided, with what tells whether somebody else is the same person. */
export interface KnownPerson extends Person {
  /** `undefined`: written down before there were any. */
  readonly traces: Traces | undefined;
}

/** Who asked. */
export interface ApprovalRequester extends KnownPerson {
  /** OAuth client or API key name. */
  readonly clientId: string | undefined;
  /** What the client program calls itself; not verified. */
  readonly clientName: string;
}

/** What one approver said. Never changed afterwards. */
export interface ApprovalDecision {
  /** 0 and up. */
  readonly stage: number;
  readonly approver: KnownPerson;
  readonly decision: "approve" | "reject";
  readonly reason: string | undefined;
  /** ms since the epoch. */
  readonly at: number;
  /** Where it was said: `api`, `console`, `terminal`, … */
  readonly channel: string;
}

/** One request for approval, as people see it. Bound to exactly one call: other arguments are another request. */
export interface ApprovalRequest {
  /** `apr_` and 22 unguessable characters. A locator, never a credential. Serves as the id of a task, too. */
  readonly id: string;
  readonly state: ApprovalState;
  /** Grows with every decision and every change of state: what a decision and a claim must name. 1 and up. */
  readonly version: number;
  /** Keyed digest of everything that the request is bound to; see `approvals/call-digest.ts`. */
  readonly digest: string;
  /** Keyed digest of the canonical JSON of the arguments: what an approver must name. */
  readonly argumentsDigest: string;
  /** Canonical JSON with secrets taken out. */
  readonly argumentsRedacted: string;
  /** Where they do not fit their tool, as it was looked at when they were asked for; `undefined`: not looked at, or purged. */
  readonly misfits: readonly string[] | undefined;
  readonly requester: ApprovalRequester;
  readonly era: Era;
  /** What was asked for. */
  readonly method: DecidedMethod;
  readonly upstream: string;
  /** The own name of the tool or prompt, or the URI of the resource, without secrets: whole it stands in the arguments. */
  readonly tool: string;
  readonly definitionDigest: string;
  /** Ids of the policies that asked for approval. */
  readonly policies: readonly string[];
  /** SHA-256 of the policy set that decided. */
  readonly policySet: string;
  /** Flow names in order; nearly always one. */
  readonly flows: readonly string[];
  /** The stages of all flows, one after the other. */
  readonly stages: readonly ApprovalStage[];
  /** Whose turn it is, or was when it ended; 0 and up. */
  readonly stage: number;
  /** Policies' messages, one line each. May repeat arguments: not for notifications. */
  readonly message: string;
  readonly reason: ReasonRule;
  readonly requesterMayApprove: boolean;
  /** `gateway`: it is run as soon as it is approved. `caller`: the next identical call or status poll runs it. */
  readonly run: "gateway" | "caller";
  /** All times are ms since the epoch. */
  readonly createdAt: number;
  readonly pendingUntil: number;
  /** When it was approved, rejected, expired, cancelled or invalidated. */
  readonly decidedAt: number | undefined;
  /** Until when an approved call may be started. */
  readonly executeUntil: number | undefined;
  readonly executionStartedAt: number | undefined;
  readonly executionEndedAt: number | undefined;
  /** Whether there is a result that can still be fetched. */
  readonly hasResult: boolean;
  readonly resultIsError: boolean | undefined;
  /** When the requester was told how it ended. */
  readonly deliveredAt: number | undefined;
  /** In order. */
  readonly decisions: readonly ApprovalDecision[];
}

/** What can happen to a request. */
export const APPROVAL_ACTS = [
  "request",
  "approve",
  "reject",
  "expire",
  "escalate",
  "remind",
  "cancel",
  "invalidate",
  "claim",
  "succeed",
  "fail",
  "lose",
  "resolve",
  "deliver",
] as const;
export type ApprovalAct = (typeof APPROVAL_ACTS)[number];

/** One row of a request's history. Never changed afterwards. */
export interface ApprovalEvent {
  readonly requestId: string;
  /** 1 and up, without gaps. */
  readonly seq: number;
  readonly act: ApprovalAct;
  /** `undefined` for `request`. */
  readonly from: ApprovalState | undefined;
  readonly to: ApprovalState;
  /** `undefined`: the gateway itself. */
  readonly actor: Person | undefined;
  readonly reason: string | undefined;
  readonly at: number;
}

/** What people and systems are told. `decided`: approved or rejected; `withdrawn`: cancelled or invalidated. */
export const NOTICE_KINDS = [
  "approval.requested",
  "approval.escalated",
  "approval.reminder",
  "approval.decided",
  "approval.withdrawn",
  "approval.expired",
  "approval.executed",
  "approval.indeterminate",
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/**
 * A notification's content: a locator and facts that are safe to send anywhere. No arguments, no message and no reason,
 * which may repeat them. Whoever follows the locator signs in first.
 */
export interface ApprovalNotice {
  readonly kind: NoticeKind;
  readonly requestId: string;
  readonly state: ApprovalState;
  /** The flow of the stage that this is about. */
  readonly flow: string;
  readonly stage: number;
  readonly stages: number;
  /** Whom it concerns: who may decide this stage now. */
  readonly approvers: Approvers;
  /** What was asked for. */
  readonly method: DecidedMethod;
  readonly upstream: string;
  /** As that of the request. */
  readonly tool: string;
  /** Name, else e-mail address, else subject. The requester's choice: to be escaped where it is shown. */
  readonly requester: string;
  readonly policies: readonly string[];
  /** All times are ms since the epoch. */
  readonly createdAt: number;
  readonly pendingUntil: number;
  readonly executeUntil: number | undefined;
  /** When what it tells of happened. */
  readonly at: number;
}
