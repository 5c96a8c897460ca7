import type { AuditKind, AuditRow, ChainHead, StoredAuditRow } from "./audit-row.ts";

/** Adds to the audit. */
export interface AuditWriter {
  /** Adds rows to the chain, all or none; resolves once they are committed, with the last of them. @throws StoreError */
  append(rows: readonly AuditRow[]): Promise<ChainHead>;
}

/** Reads the audit. */
export interface AuditReader {
  /**
   * Calls and acts, the newest page first, newest last within a page. A page may hold fewer than asked for, even none, and
   * yet not be the last: so much is read for one page, and so much is in one, and no more. @throws StoreError
   */
  list(filter: AuditFilter): Promise<AuditPage>;
  /** Calls and acts that fit, as of now, oldest first, in pages; `limit` and `cursor` do not count. @throws StoreError */
  entries(filter: AuditFilter): AsyncIterable<readonly AuditEntry[]>;
  /** What stands on record with a call, an approval request or a challenge, by any of their ids. @throws StoreError */
  about(ids: AboutIds): Promise<EntriesAbout>;
  /**
   * Raw rows in order from `fromSeq` on, in pages, so that an audit of any size passes through little memory and
   * writers are not held up. Rows added meanwhile are included. @throws StoreError
   */
  pages(fromSeq: number): AsyncIterable<readonly StoredAuditRow[]>;
  /** Rows of calls of tools as clients made them that were decided, and no others (none of the runs of approved ones), from `sinceSeq` on: as `pages`. @throws StoreError */
  calls(sinceSeq: number): AsyncIterable<readonly StoredAuditRow[]>;
  /** How many rows `calls` has at this moment. @throws StoreError */
  countCalls(sinceSeq: number): Promise<number>;
  /** How many requests about anything else, as clients made them, were decided since then. @throws StoreError */
  countOthers(sinceSeq: number): Promise<number>;
  /** Which of these calls ended as one of these outcomes. Rejects with StoreError. */
  endedAs(calls: readonly string[], outcomes: readonly string[]): Promise<ReadonlySet<string>>;
  /** Sequence number of the first row not older than `since` (ms since the epoch); `undefined` if there is none. */
  firstSince(since: number): Promise<number | undefined>;
  /** The hash of a row; `undefined` if there is none of this number. */
  hashAt(seq: number): Promise<string | undefined>;
  /** The last row; `undefined` if there is none. Rows are numbered without gaps, so that it tells how many there are. */
  head(): Promise<ChainHead | undefined>;
  /** Sequence number of the last row; 0 if there is none. */
  lastSeq(): Promise<number>;
}

/** Everything about the audit's rows. */
export interface AuditRows extends AuditWriter, AuditReader {}

/** What to list. Keys left out ask for nothing. */
export interface AuditFilter {
  /** Subject or e-mail. */
  readonly user?: string;
  readonly upstream?: string;
  /** Own name of a tool, and of nothing else. */
  readonly tool?: string;
  /** Of the request that it is about. */
  readonly method?: string;
  /** Own name of a tool or prompt, or URI of a resource as it stands on record. */
  readonly subject?: string;
  readonly decision?: string;
  /** Calls alone (`opened`), refused requests, or alone what people, administrators or servers did. */
  readonly kind?: AuditEntry["kind"];
  /** Nothing of this kind. */
  readonly without?: AuditEntry["kind"];
  /** The code with which a request was refused, on whatever kind of row. */
  readonly code?: string;
  /** How it ended: an outcome, or one of the words of `OUTCOME_GROUPS`. */
  readonly outcome?: string;
  /** Id of the client's credential, what the program calls itself, or that with its version. */
  readonly client?: string;
  /** Id of a policy that matched before the call or on its result, in shadow too. */
  readonly policy?: string;
  /** Only calls on which a policy in shadow matched. */
  readonly shadow?: boolean;
  /** Id of an approval request: the calls that asked for it, what was decided, its run. */
  readonly approval?: string;
  /** Id of a call, or the trace id that its client sent. */
  readonly call?: string;
  /** ms since the epoch: not before this. */
  readonly since?: number;
  /** ms since the epoch: before this. */
  readonly until?: number;
  /** Number of an entry: only newer ones. */
  readonly after?: number;
  /** At most this many entries. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: number;
}

/** Ids to look up. */
export interface AboutIds {
  readonly calls: readonly string[];
  readonly approvals: readonly string[];
  readonly challenges: readonly string[];
  /** At most so many entries, the oldest. */
  readonly limit: number;
}

/** What stands on record with some ids. */
export interface EntriesAbout {
  readonly entries: readonly AuditEntry[];
  /** They are so long that not all of them are here, though they were within the limit. */
  readonly cut: boolean;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Where older entries go on; `undefined` at the end. */
  readonly nextCursor: number | undefined;
}

/** One call with its end, or one act. */
export interface AuditEntry {
  readonly seq: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly callId: string;
  readonly kind: Exclude<AuditKind, "closed" | "checkpoint">;
  readonly actor: string | null;
  readonly actorIssuer: string | null;
  readonly actorEmail: string | null;
  readonly client: string | null;
  readonly clientId: string | null;
  readonly clientIp: string | null;
  readonly endpoint: string | null;
  readonly session: string | null;
  readonly upstream: string | null;
  /** Own name of the tool that was called, or whose definition changed; `null` in entries about anything else. */
  readonly tool: string | null;
  /** What else it is about: as in the row. */
  readonly method: string | null;
  readonly subjectKind: string | null;
  readonly subject: string | null;
  readonly decision: string | null;
  /** As in the row. */
  readonly policies: string | null;
  /** As in the closing row: those that saw the result. */
  readonly resultPolicies: string | null;
  /** SHA-256 of the policy set that decided. */
  readonly policySet: string | null;
  readonly argumentsDigest: string | null;
  readonly argumentsRedacted: string | null;
  readonly definitionDigest: string | null;
  /** As in the row. */
  readonly facts: string | null;
  /** As in the closing row: for how long its server waited for answers of the client. */
  readonly endFacts: string | null;
  /** `null` while the call runs, or when its end was never recorded. */
  readonly outcome: string | null;
  readonly durationMs: number | null;
  /** When it ended, ms since the epoch; `null` as `outcome`. */
  readonly endedAt: number | null;
  readonly traceId: string | null;
  /** Id of the approval request that it is about. */
  readonly approval: string | null;
  /** As in the row, or in its closing row. */
  readonly challenge: string | null;
}
