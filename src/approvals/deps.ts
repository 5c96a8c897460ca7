import type { JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { Persons } from "../core/persons.ts";
import type { Seal } from "../core/seal.ts";
import type { Slices } from "../core/slices.ts";
import type { DecidedMethod } from "../core/subject.ts";
import type { ApprovalStore } from "../store/approvals/approvals.ts";
import type { Outbox } from "../store/approvals/outbox.ts";
import type { BoundCall, CallDigests } from "./call-digest.ts";
import type { ApprovalFlow } from "./flow.ts";

/** Bounds that keep approvals from being used against people and memory. */
export interface ApprovalLimits {
  /** Requests of one person that may be pending or approved at once. Default 20. */
  readonly openPerUser: number;
  /** How long their arguments may be together, as they are kept, before one more is refused. Default 16 MB. */
  readonly openBytesPerUser: number;
  /** Calls of `waitForChange` at once; one beyond is answered at once. Default 10,000. */
  readonly waiters: number;
}

export const DEFAULT_APPROVAL_LIMITS: ApprovalLimits = {
  openPerUser: 20,
  openBytesPerUser: 16 * 1024 * 1024,
  waiters: 10_000,
};

/** Times, in ms. */
export interface ApprovalTiming {
  /** After so long without a sign of life the process that runs a call counts as gone. Default 30 s. */
  readonly leaseMs: number;
  /** How long arguments and results are kept after the end, and how long an end waits to be told. Default 7 days. */
  readonly retentionMs: number;
  /** How long notifications are kept after they were sent or given up. Default 30 days. */
  readonly outboxMs: number;
  /** How often the store is asked about requests that somebody waits for. Default 500. */
  readonly pollMs: number;
  /** The scheduler looks at least so often, whatever it knows to be due. Default 30 s. */
  readonly lookMs: number;
}

const DAY_MS = 86_400_000;

export const DEFAULT_APPROVAL_TIMING: ApprovalTiming = {
  leaseMs: 30_000,
  retentionMs: 7 * DAY_MS,
  outboxMs: 30 * DAY_MS,
  pollMs: 500,
  lookMs: 30_000,
};

/** What `createApprovals` needs. */
export interface ApprovalsDeps {
  readonly store: ApprovalStore;
  readonly outbox: Outbox;
  readonly flows: readonly ApprovalFlow[];
  /** Tells people apart. */
  readonly persons: Persons;
  /** Of a purpose of its own: `approvals`. */
  readonly seal: Seal;
  readonly digests: CallDigests;
  /** Takes secrets out of arguments; see `audit/secrets/redact.ts`. */
  readonly redact: (value: JsonObject) => JsonObject;
  /** The name or the URI of what a request is about, as it may be kept and shown; see `audit/secrets/shown-subject.ts`. */
  readonly shown: (method: DecidedMethod, name: string) => string;
  /** Where a call's arguments do not fit its tool, in words; `undefined` where nothing is known of the tool. */
  readonly misfits: (call: BoundCall) => Promise<readonly string[] | undefined>;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly limits?: Partial<ApprovalLimits>;
  readonly timing?: Partial<ApprovalTiming>;
  /** What cuts the work on long arguments. Default: by the clock. */
  readonly slices?: () => Slices;
}
