import type { ApprovalEvent, ApprovalRequest } from "../../core/approval.ts";
import type { OtherKind } from "../../store/activity/activity.ts";
import type { ChainHead } from "../../store/audit/audit-row.ts";
import type { AuditEntry, AuditFilter, AuditPage } from "../../store/audit/audit-rows.ts";
import type { Operator } from "../operator.ts";
import type { PolicyMatches } from "../policies/policies.ts";

/** What happened in one span of time. */
export interface ActivityPoint {
  /** Where the span begins, ms since the epoch. */
  readonly at: number;
  /** Calls of tools by decision: `allow`, `deny`, `step_up`, `request_approval`, `hide`, `rate_limit`. Absent is none. */
  readonly decisions: Readonly<Record<string, number>>;
  /** Requests about prompts and about resources, likewise. */
  readonly others: Readonly<Record<OtherKind, Readonly<Record<string, number>>>>;
  /** By upstream; of those of which a tool was called. */
  readonly upstreams: ReadonlyMap<string, UpstreamLatency>;
  readonly waiting: ApprovalWaiting;
}

/** How an upstream answered, and how fast. */
export interface UpstreamLatency {
  /** Those that it answered, and all that are counted below. */
  readonly calls: number;
  /** Calls that ended in a fault of the upstream: it was not reached, gave no answer, or none that anybody could use. */
  readonly faults: number;
  /** Calls that ended without an answer, by no fault of it: cancelled, cut off at the gateway, or given up where it asked something. */
  readonly unanswered: number;
  /** Calls without an end on record: they run, or their gateway was lost. */
  readonly unended: number;
  /** Of the calls that it answered: ms, to about a tenth of the value; `undefined` where there are none. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
}

/** How long requests for approval waited for people. */
export interface ApprovalWaiting {
  readonly decided: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
}

/** Figures over a time, from what is counted as the audit grows. */
export interface ActivityOverview {
  /** ms since the epoch. */
  readonly since: number;
  readonly until: number;
  /** Length of a span, ms. Spans begin at multiples of it. */
  readonly stepMs: number;
  /** Every span in order, also those in which nothing happened. */
  readonly points: readonly ActivityPoint[];
  readonly upstreams: ReadonlyMap<string, UpstreamLatency>;
  readonly waiting: ApprovalWaiting;
  /** Rows of the audit that are not counted yet: after an update the past is counted in the background. */
  readonly behind: number;
}

/** Everything on record about one call. */
export interface CallTimeline {
  /**
   * The call, what became of it, and what belongs to it, the oldest first: the sign-in that it was sent to, the call that
   * came back from there, identical calls that joined its approval, what people decided, the run.
   */
  readonly entries: readonly AuditEntry[];
  /** There are more entries than are shown: an agent has asked again and again. */
  readonly cut: boolean;
  /** The request for approval that it opened, joined or ran with. */
  readonly approval: { readonly request: ApprovalRequest; readonly history: readonly ApprovalEvent[] } | undefined;
}

/** What happened, for administrators: whoever calls these has made sure of that. Promises may reject with StoreError. */
export interface ActivityOperations {
  search(filter: AuditFilter): Promise<AuditPage>;
  /** By the id of a call, of an approval request or of a challenge. `undefined`: unknown, or not for this operator. */
  timeline(operator: Operator, id: string): Promise<CallTimeline | undefined>;
  /** The last row of the record: whoever takes a copy can note what it was taken from. */
  head(): Promise<ChainHead | undefined>;
  /** Entries from the oldest on that fit, in pages; `limit` and `cursor` of the filter do not count. */
  export(filter: AuditFilter): AsyncIterable<readonly AuditEntry[]>;
  /**
   * `stepMs` is rounded up to what is counted: five minutes within the last two days, else an hour; and so far that there
   * are 1,000 points at most. Nothing older than 31 days is counted.
   */
  overview(range: {
    readonly since: number;
    readonly until: number;
    readonly stepMs: number;
  }): Promise<ActivityOverview>;
  /** By policy id, since then. */
  policyMatches(since: number): Promise<ReadonlyMap<string, PolicyMatches>>;
}
