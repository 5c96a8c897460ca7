import type { Acted, ApprovalPage, ApprovalVote } from "../../approvals/approvals.ts";
import type { ApprovalEvent, ApprovalRequest, ApprovalState } from "../../core/approval.ts";
import type { JsonObject } from "../../core/json.ts";
import type { DecidedMethod } from "../../core/subject.ts";
import type { PolicySummary } from "../../policy/policy-set.ts";
import type { Operator } from "../operator.ts";

/** What somebody wants to see listed. Keys left out ask for nothing. */
export interface OperatorApprovalQuery {
  readonly states?: readonly ApprovalState[];
  /** Only what the operator asked for. */
  readonly mine?: boolean;
  /** Only what the operator may decide now: listed by its end, the soonest first. Every other list has the newest first. */
  readonly decidable?: boolean;
  readonly flow?: string;
  readonly upstream?: string;
  /** Original name; or `upstream/name`, where `upstream` is left out. */
  readonly tool?: string;
  readonly method?: DecidedMethod;
  /** The name or URI of what it is about, whatever kind of thing that is. */
  readonly subject?: string;
  /** At most so many, 1 to 100. */
  readonly limit: number;
}

/**
 * Whether the call of a request could be run as things are. `tool_changed`, `tool_gone`: its server says something else of the tool
 * (or the prompt or resource) now, or lists it no more; `server_gone`: there is no such server any more. It will not be run so. `server_down`: not before it is
 * reached again.
 */
export type CallStanding = "as_asked" | "tool_changed" | "tool_gone" | "server_down" | "server_gone";

/** What a request is about, as far as it is still known. */
export interface ApprovalSubject {
  /**
   * The tool as it was when it was called; `undefined`: that is too long ago. Definitions of prompts and resources are not kept:
   * those are there as long as they are as they were.
   */
  readonly definition: JsonObject | undefined;
  readonly standing: CallStanding;
  /** The policies that asked, as they are now. Those that are no more are left out. */
  readonly policies: readonly PolicySummary[];
  /** The policies are no longer those that decided. */
  readonly policiesChanged: boolean;
}

/** What an approver says; who says it is the operator. */
export type Vote = Omit<ApprovalVote, "approver">;

/**
 * Requests for approval as people meet them. Who asks sees their own, an approver those of which they may approve a
 * stage, an administrator all; every other id is one that never was. Every method may throw StoreError.
 */
export interface ApprovalOperations {
  /** `cursor`: `nextCursor` of the page before; one that is none of ours lists from the start. */
  list(operator: Operator, query: OperatorApprovalQuery, cursor?: string): Promise<ApprovalPage>;
  /** What this operator may decide after that one: the next to end, from the start again behind the last. */
  next(operator: Operator, request: ApprovalRequest): Promise<ApprovalRequest | undefined>;
  /** How many this operator may decide now, up to `most`. */
  waiting(operator: Operator, most: number): Promise<number>;
  /** `undefined`: unknown, or not theirs to see. */
  find(operator: Operator, id: string): Promise<ApprovalRequest | undefined>;
  /** Of a request that `find` gave, in order. */
  history(id: string): Promise<readonly ApprovalEvent[]>;
  /** The arguments to the letter; `undefined`: not for this operator, or purged. Then there are the redacted ones. */
  arguments(operator: Operator, request: ApprovalRequest): Promise<JsonObject | undefined>;
  /** Where the arguments do not fit their tool, in words; `undefined`: not for this operator, or nobody looked. */
  misfits(operator: Operator, request: ApprovalRequest): readonly string[] | undefined;
  /** The policies' message, which may repeat arguments; `undefined`: not for this operator. */
  message(operator: Operator, request: ApprovalRequest): string | undefined;
  /** Of a request that `find` or `list` gave. */
  standing(request: ApprovalRequest): Promise<CallStanding>;
  /** Of a request that `find` gave. */
  subject(request: ApprovalRequest): Promise<ApprovalSubject>;
  /** Whether this operator could decide now; `decide` checks again. */
  mayDecide(operator: Operator, request: ApprovalRequest): Acted;
  /** Whether this operator asked for it. */
  isMine(operator: Operator, request: ApprovalRequest): boolean;
  /** Whether it is this operator's own, and can still be taken back. */
  mayCancel(operator: Operator, request: ApprovalRequest): boolean;
  /** Whether nobody knows how it ended, and this operator may say. */
  mayResolve(operator: Operator, request: ApprovalRequest): boolean;
  /** As `Approvals.decide`; APPROVAL_UNKNOWN also for what is not theirs to see. */
  decide(operator: Operator, vote: Vote): Promise<Acted>;
  /** Who asked takes it back. To everybody else there is nothing to take back: APPROVAL_UNKNOWN */
  cancel(operator: Operator, id: string): Promise<Acted>;
  /** What became of an indeterminate one. ADMIN_REQUIRED for whoever sees it and is no administrator. */
  resolve(operator: Operator, id: string, outcome: "succeeded" | "failed", reason: string): Promise<Acted>;
}
