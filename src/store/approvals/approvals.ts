import type {
  ApprovalAct,
  ApprovalDecision,
  ApprovalEvent,
  ApprovalNotice,
  ApprovalState,
  FlowSnapshot,
  Person,
} from "../../core/approval.ts";
import type { Era } from "../../core/call.ts";
import type { Belongings, Traces } from "../../core/persons.ts";
import type { DecidedMethod } from "../../core/subject.ts";

/** One approval request as it is stored. All times are ms since the epoch. */
export interface ApprovalRecord {
  readonly id: string;
  readonly digest: string;
  readonly state: ApprovalState;
  readonly version: number;
  readonly issuer: string;
  readonly subject: string;
  readonly userName: string | undefined;
  readonly email: string | undefined;
  /** What tells whether somebody else is the same person; `undefined` in rows of before. */
  readonly traces: Traces | undefined;
  /** A hash of whose open requests this is one of; `undefined` in rows of before. */
  readonly personHash: string | undefined;
  readonly clientId: string | undefined;
  readonly clientName: string;
  readonly era: Era;
  readonly method: DecidedMethod;
  readonly upstream: string;
  readonly tool: string;
  readonly definitionDigest: string;
  readonly argumentsDigest: string;
  readonly argumentsRedacted: string;
  readonly policies: readonly string[];
  readonly policySet: string;
  readonly snapshot: FlowSnapshot;
  /** Sealed, because policies' messages may repeat arguments; `undefined` once purged. */
  readonly messageSealed: string | undefined;
  readonly run: "gateway" | "caller";
  readonly idempotent: boolean;
  readonly stage: number;
  /** When this stage's turn came. */
  readonly stageSince: number;
  /** Whether those of this stage's escalation were told. */
  readonly escalated: boolean;
  /** Whether the approvers were reminded. */
  readonly reminded: boolean;
  readonly createdAt: number;
  readonly pendingUntil: number;
  readonly decidedAt: number | undefined;
  readonly executeUntil: number | undefined;
  readonly executionId: string | undefined;
  /** The process that runs it; it has until `leaseUntil` to give the next sign of life. */
  readonly executionOwner: string | undefined;
  readonly leaseUntil: number | undefined;
  readonly executionStartedAt: number | undefined;
  readonly executionEndedAt: number | undefined;
  /** How often it was claimed. */
  readonly runs: number;
  /** When it came to its end: neither open nor `indeterminate`. */
  readonly endedAt: number | undefined;
  readonly hasResult: boolean;
  readonly resultIsError: boolean | undefined;
  readonly deliveredAt: number | undefined;
  /** When arguments and result were purged. */
  readonly purgedAt: number | undefined;
  /** When time alone has something to do with it next; `undefined` if never. */
  readonly dueAt: number | undefined;
}

/**
 * Why a stored request is not to be trusted. `broken`: it, or a vote on it, is not as this gateway wrote it. `old`: it was
 * written before requests were sealed. `former`: it was sealed under a secret of before.
 */
export type ApprovalDoubt = "old" | "former" | "broken";

/** A request with what was said of it so far. */
export interface StoredApproval {
  readonly record: ApprovalRecord;
  readonly decisions: readonly ApprovalDecision[];
  /** `undefined`: it is as it was written. */
  readonly doubt?: ApprovalDoubt | undefined;
}

/** One vote, to be added. */
export interface NewDecision extends ApprovalDecision {
  readonly argumentsDigest: string;
  readonly acr: string | undefined;
  readonly ip: string | undefined;
}

/** One row of the history, to be added; its number is given when it is. */
export interface NewEvent {
  readonly act: ApprovalAct;
  readonly from: ApprovalState | undefined;
  readonly to: ApprovalState;
  readonly actor: Person | undefined;
  readonly reason: string | undefined;
  readonly at: number;
}

/** One notification, to be sent by one notifier. One whose key is known already is not added again. */
export interface NewMessage {
  readonly dedupeKey: string;
  readonly notifier: string;
  readonly notice: ApprovalNotice;
}

/** Sealed texts; see `core/seal.ts`. They never expire, and go when the request is purged. */
export interface SealedParts {
  readonly arguments: string;
  /** The requester's claims, and what is needed to run the call. */
  readonly requester: string;
  readonly result: string | undefined;
}

/** Who may approve which stage: for finding requests by approver. `afterMs` counts from the stage's begin. */
export interface ApproverEntry {
  readonly stage: number;
  readonly kind: "role" | "email" | "subject";
  readonly value: string;
  readonly afterMs: number;
}

/** Everything about a new request. */
export interface NewApproval {
  readonly record: ApprovalRecord;
  readonly sealed: Omit<SealedParts, "result">;
  readonly approvers: readonly ApproverEntry[];
  readonly event: NewEvent;
  readonly messages: readonly NewMessage[];
}

/** What is looked for before a request is made. */
export interface Wanted {
  readonly digest: string;
  /** The digest under which a request of an earlier version may be open. */
  readonly former: string;
  readonly run: "gateway" | "caller";
  /** Who asks. */
  readonly requester: Pick<ApprovalRecord, "issuer" | "subject" | "personHash">;
}

/** Bounds on a new request. */
export interface OpeningRules {
  /** An identical call's request that has ended since then and was not delivered is given instead. */
  readonly undeliveredSince: number;
  /** Requests of one person that may be pending or approved; and as many that they made and took back since then. */
  readonly openPerUser: number;
  readonly takenBackSince: number;
  /** How many bytes of sealed arguments their open requests may have; one more of any size. */
  readonly openBytesPerUser: number;
}

export type Opening =
  | { readonly kind: "opened"; readonly stored: StoredApproval; readonly event: ApprovalEvent }
  | { readonly kind: "joined" | "ended"; readonly stored: StoredApproval }
  | { readonly kind: "too_many" | "too_long" }
  /** `since`: when the last of those that count was asked for that still has to grow old before another may be made. */
  | { readonly kind: "taken_back"; readonly since: number };

/** What one transition writes, all or nothing. */
export interface ApprovalChange {
  /** As it is to be. */
  readonly record: ApprovalRecord;
  readonly event?: NewEvent;
  readonly decision?: NewDecision;
  readonly messages?: readonly NewMessage[];
  /** Sealed. */
  readonly result?: string;
  /** Removes what is sealed. */
  readonly purge?: true;
}

/** What came of a change: the request afterwards, and its history's new row if there is one. */
export interface Changed {
  readonly stored: StoredApproval;
  readonly event: ApprovalEvent | undefined;
}

/** Whom a list is for: the values that `ApproverEntry` is matched with, and what is theirs. */
export interface ApproverKeys {
  readonly belongings: Belongings;
  /** How approvers are named by subject; none: this person approves nothing. */
  readonly subjects: readonly string[];
  /** Lower case. */
  readonly email: string | undefined;
  readonly roles: readonly string[];
}

/** What to list; see `ApprovalFilter` of `approvals/`. */
export interface ApprovalQuery {
  readonly states?: readonly ApprovalState[];
  readonly decidableBy?: { readonly keys: ApproverKeys; readonly now: number };
  readonly visibleTo?: ApproverKeys;
  /** Made by this person. */
  readonly requester?: Belongings;
  readonly flow?: string;
  readonly upstream?: string;
  /** Of calls of tools alone. */
  readonly tool?: string;
  readonly method?: DecidedMethod;
  /** Whatever kind of thing it is. */
  readonly subject?: string;
  readonly limit: number;
  /** Only what stands behind this in the list: `at` is what the list is ordered by. */
  readonly after?: { readonly at: number; readonly id: string };
}

/** Approval requests, their votes and their history. All methods throw StoreError only, and then nothing is changed. */
export interface ApprovalStore {
  /**
   * Adds what `make` gives, unless a request of this digest is open (joined, and run by the gateway if this call wants
   * that) or has ended and is not delivered, or the requester has too many. Exact for all processes on one file. `make`
   * is not called where it is known without it: it may be long work.
   */
  open(wanted: Wanted, rules: OpeningRules, make: () => Promise<NewApproval>): Promise<Opening>;
  find(id: string): Promise<StoredApproval | undefined>;
  /** The newest request of this digest. */
  newest(digest: string): Promise<StoredApproval | undefined>;
  /** The newest first; with `decidableBy` by its end, the soonest first. */
  list(query: ApprovalQuery): Promise<readonly StoredApproval[]>;
  /** How many there are, up to `limit`. */
  count(query: ApprovalQuery): Promise<number>;
  events(id: string): Promise<readonly ApprovalEvent[]>;
  /** `undefined` if there is no such request or it was purged. */
  sealed(id: string): Promise<SealedParts | undefined>;
  /**
   * Reads a request and writes what `decide` makes of it in one immediate transaction, so that of two processes one sees
   * what the other wrote. `decide` may run again while the lock is waited for, so it must not do anything but decide.
   * `undefined` if there is no such request, or `decide` wants no change.
   */
  change(id: string, decide: (stored: StoredApproval) => ApprovalChange | undefined): Promise<Changed | undefined>;
  /** Ids of requests whose `dueAt` has come, the longest due first. */
  due(now: number, limit: number): Promise<readonly string[]>;
  /** The earliest `dueAt` of all. */
  nextDue(): Promise<number | undefined>;
  /** Versions of these requests, in one query. */
  versions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Approved, to be run by the gateway, and still in time; the oldest first. */
  runnable(now: number, limit: number): Promise<readonly StoredApproval[]>;
  /** What is pending or approved, by id; those after `after`. */
  waiting(after: string, limit: number): Promise<readonly StoredApproval[]>;
  /** Gives these executions of this owner until `leaseUntil`; how many there are. */
  renewLeases(owner: string, executions: readonly string[], leaseUntil: number): Promise<number>;
}
