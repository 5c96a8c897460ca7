import type { SubjectKind } from "../../core/subject.ts";

/** What requests are about that call no tool. */
export const OTHER_KINDS = ["prompt", "resource"] as const satisfies readonly SubjectKind[];
export type OtherKind = (typeof OTHER_KINDS)[number];

/**
 * What is counted, and of what: a decision's effect, a policy's id, an upstream's name; nothing for `waiting`. A call of an
 * upstream counts once: in `latency` where it was answered, in `fault` where that was the server's, in `unanswered` where others ended
 * it, and in `unended` as long as no end is on record. `decision` is of calls of tools, as those are; `prompt` and `resource` are of
 * requests about such, by what was decided.
 */
export const COUNTED = [
  "decision",
  ...OTHER_KINDS,
  "applied",
  "shadow",
  "latency",
  "fault",
  "unanswered",
  "unended",
  "waiting",
] as const;
export type Counted = (typeof COUNTED)[number];

/** Lengths of the spans that are counted, ms: the short one for the last two days, the long one for a month. */
export const SHORT_STEP = 300_000;
export const LONG_STEP = 3_600_000;

/** What a row of the audit gives to count. */
export interface CountableRow {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  /** Of a closing row: the upstream that was called. */
  readonly upstream: string | null;
  /** Of a closing row: what kind of thing was asked for; `null`: a tool. */
  readonly subjectKind: string | null;
  readonly decision: string | null;
  readonly policies: string | null;
  readonly outcome: string | null;
  readonly durationMs: number | null;
  /** Of a closing row: JSON with `asked_ms`, for how much of that the server waited for answers of the client. */
  readonly facts: string | null;
  /** Of a closing row: when its call was opened. */
  readonly openedAt: number | null;
  readonly approval: string | null;
  /** Of the vote that decided a request: how long it had waited, ms. */
  readonly waitedMs: number | null;
}

/** So many more of one thing in one span. */
export interface Increment {
  readonly step: number;
  readonly what: Counted;
  /** When the span begins, ms since the epoch. */
  readonly at: number;
  readonly name: string;
  /** Of `latency` and `waiting`: the bucket of the histogram; else 0. */
  readonly bucket: number;
  /** Less than 0 of `unended`, where more calls of the span have ended. */
  readonly n: number;
}

/** Rows that are next to be counted. */
export interface CountSlice {
  /** Up to where the audit was counted when they were read. */
  readonly after: number;
  /** In order; empty when all are counted. */
  readonly rows: readonly CountableRow[];
}

/** Counts of one thing, added up over a span. */
export interface CountedSum {
  /** When the span begins, ms since the epoch. */
  readonly at: number;
  readonly name: string;
  readonly bucket: number;
  readonly n: number;
}

/** What is counted of the audit, exactly once. Every method may throw StoreError. */
export interface ActivityStore {
  /** The next rows, `limit` at most; `undefined`: another process is counting. */
  next(owner: string, now: number, limit: number): Promise<CountSlice | undefined>;
  /**
   * Writes down what a slice gave, and how far it reached, in one transaction. `false`, and nothing is written: another
   * process was faster. `owner` counts for as long as `ownedUntil` says.
   */
  count(
    slice: CountSlice,
    increments: readonly Increment[],
    owner: { readonly id: string; readonly until: number },
  ): Promise<boolean>;
  /** Lets another process count. */
  release(owner: string): Promise<void>;
  /** How many rows of the audit are not counted yet. */
  behind(): Promise<number>;
  /** Removes one span that began before, of every `what`, if there is one: `true` when something was removed. */
  forget(step: number, before: number): Promise<boolean>;
  /**
   * Sums of one thing over spans of `groupMs` from `since` on, which both are multiples of `step`, to `until`. Sums that
   * are 0 are left out; in order of time.
   */
  sums(query: {
    readonly what: Counted;
    readonly step: number;
    readonly since: number;
    readonly until: number;
    readonly groupMs: number;
  }): Promise<readonly CountedSum[]>;
}
