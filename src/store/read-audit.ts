import { and, asc, count, desc, eq, gte, isNull, lt, ne, or, type SQL } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { alias } from "drizzle-orm/sqlite-core";
import type { StoredAuditRow } from "./audit-row.ts";
import type { AuditEntry, AuditFilter, AuditReader } from "./audit-rows.ts";
import type { Guarded } from "./guarded.ts";
import { policyMatched, shadowMatched } from "./matched-policies.ts";
import { audit } from "./schema.ts";
import { StoreError } from "./store-error.ts";

const PAGE_ROWS = 500;

/** What clients called. That an approved call was run later is not another call of theirs. */
const CALLS = and(eq(audit.kind, "opened"), isNull(audit.approval));

/** Reads the audit through one connection. */
export function createAuditReader(db: BetterSQLite3Database, guarded: Guarded): AuditReader {
  const closed = alias(audit, "closed");

  function listNow(filter: AuditFilter) {
    const wanted: (SQL | undefined)[] = [
      ne(audit.kind, "closed"),
      filter.user === undefined ? undefined : or(eq(audit.actor, filter.user), eq(audit.actorEmail, filter.user)),
      filter.upstream === undefined ? undefined : eq(audit.upstream, filter.upstream),
      filter.tool === undefined ? undefined : eq(audit.tool, filter.tool),
      filter.decision === undefined ? undefined : eq(audit.decision, filter.decision),
      filter.policy === undefined ? undefined : policyMatched([audit.policies, closed.policies], filter.policy),
      filter.shadow === true ? shadowMatched([audit.policies, closed.policies]) : undefined,
      filter.approval === undefined
        ? undefined
        : or(eq(audit.approval, filter.approval), eq(closed.approval, filter.approval)),
      filter.since === undefined ? undefined : gte(audit.at, filter.since),
      filter.cursor === undefined ? undefined : lt(audit.seq, filter.cursor),
    ];
    return (
      db
        .select({ row: audit, ended: closed })
        .from(audit)
        .leftJoin(closed, and(eq(closed.callId, audit.callId), eq(closed.kind, "closed"), eq(audit.kind, "opened")))
        .where(and(...wanted))
        .orderBy(desc(audit.seq))
        // One more than asked tells whether there is more.
        .limit(filter.limit + 1)
        .all()
    );
  }

  async function* pagesOf(fromSeq: number, wanted: SQL | undefined): AsyncGenerator<readonly StoredAuditRow[]> {
    for (let next = fromSeq; ; ) {
      const rows = () =>
        db
          .select()
          .from(audit)
          .where(and(gte(audit.seq, next), wanted))
          .orderBy(asc(audit.seq))
          .limit(PAGE_ROWS)
          .all();
      const page = await guarded(rows);
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      next = last.seq + 1;
    }
  }

  return {
    async list(filter) {
      const found = await guarded(() => listNow(filter));
      const shown = found.slice(0, filter.limit);
      const entries = shown.map(({ row, ended }) => entryOf(row, ended));
      const oldest = entries.at(-1);
      return { entries: entries.reverse(), nextCursor: found.length > filter.limit ? oldest?.seq : undefined };
    },
    pages: (fromSeq) => pagesOf(fromSeq, undefined),
    calls: (sinceSeq) => pagesOf(sinceSeq, CALLS),
    async countCalls(sinceSeq) {
      const wanted = and(CALLS, gte(audit.seq, sinceSeq));
      const query = () => db.select({ calls: count() }).from(audit).where(wanted).get();
      return (await guarded(query))?.calls ?? 0;
    },
    async firstSince(since) {
      const query = () =>
        db.select({ seq: audit.seq }).from(audit).where(gte(audit.at, since)).orderBy(asc(audit.seq)).limit(1).get();
      return (await guarded(query))?.seq;
    },
    async lastSeq() {
      const query = () => db.select({ seq: audit.seq }).from(audit).orderBy(desc(audit.seq)).limit(1).get();
      return (await guarded(query))?.seq ?? 0;
    },
  };
}

function entryOf(row: StoredAuditRow, ended: StoredAuditRow | null): AuditEntry {
  if (row.kind === "closed") throw new StoreError("STORE_ROW_MALFORMED", `Audit row ${row.seq} closes no call.`);
  return {
    seq: row.seq,
    at: row.at,
    callId: row.callId,
    kind: row.kind,
    actor: row.actor,
    actorIssuer: row.actorIssuer,
    actorEmail: row.actorEmail,
    client: row.client,
    endpoint: row.endpoint,
    upstream: row.upstream,
    tool: row.tool,
    decision: row.decision,
    policies: row.policies,
    resultPolicies: ended?.policies ?? null,
    argumentsRedacted: row.argumentsRedacted,
    outcome: ended?.outcome ?? row.outcome,
    durationMs: ended?.durationMs ?? row.durationMs,
    traceId: row.traceId,
    approval: row.approval ?? ended?.approval ?? null,
  };
}
