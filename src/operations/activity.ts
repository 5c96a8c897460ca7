import type { ApprovalEvent, ApprovalRequest } from "../core/approval.ts";
import type { AuditEntry, AuditFilter, AuditPage } from "../store/audit-rows.ts";
import type { Operator } from "./operator.ts";
import type { PolicyMatches } from "./policies.ts";

/** What happened in one span of time. */
export interface ActivityPoint {
  /** Where the span begins, ms since the epoch. */
  readonly at: number;
  /** Calls by decision: `allow`, `deny`, `step_up`, `request_approval`, `hide`, `rate_limit`. Absent is none. */
  readonly decisions: Readonly<Record<string, number>>;
}

/** How fast an upstream answered. */
export interface UpstreamLatency {
  readonly calls: number;
  /** Calls that ended in a fault of the upstream. */
  readonly faults: number;
  /** ms, to about a tenth of the value; `undefined` without calls. */
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
  /** Length of a span, ms. */
  readonly stepMs: number;
  /** Every span in order, also those in which nothing happened. */
  readonly points: readonly ActivityPoint[];
  readonly upstreams: ReadonlyMap<string, UpstreamLatency>;
  readonly waiting: ApprovalWaiting;
  /** Rows of the audit that are not counted yet: after an update the past is counted in the background. */
  readonly behind: number;
}

/** Everything on record about one call. */
export interface CallStory {
  /** The call, the runs of its approval, and what people decided about it, the oldest first. */
  readonly entries: readonly AuditEntry[];
  /** The request for approval that it opened, joined or ran with. */
  readonly approval: { readonly request: ApprovalRequest; readonly history: readonly ApprovalEvent[] } | undefined;
}

/** What happened, for administrators. Every promise may reject with StoreError. */
export interface ActivityOperations {
  search(filter: AuditFilter): Promise<AuditPage>;
  story(operator: Operator, callId: string): Promise<CallStory | undefined>;
  /** Entries from the oldest on that fit, in pages; `limit` and `cursor` of the filter do not count. */
  export(filter: AuditFilter): AsyncIterable<readonly AuditEntry[]>;
  /** `stepMs` is rounded up to what is counted: five minutes. */
  overview(range: {
    readonly since: number;
    readonly until: number;
    readonly stepMs: number;
  }): Promise<ActivityOverview>;
  /** By policy id, since then. */
  policyMatches(since: number): Promise<ReadonlyMap<string, PolicyMatches>>;
}
