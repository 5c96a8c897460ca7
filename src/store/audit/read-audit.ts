import { and, asc, count, desc, eq, gte, inArray, isNotNull, isNull, type SQL } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { Guarded } from "../database/guarded.ts";
import type { ChainHead, StoredAuditRow } from "./audit-row.ts";
import type { AuditReader } from "./audit-rows.ts";
import { bytesOf, firstThatFit, rawRows, rowsAt, WHOLE } from "./rows-within.ts";
import { audit } from "./schema.ts";
import { createAuditSearch } from "./search-audit.ts";

const PAGE_ROWS = 500;
/** Arguments may be long, and many calls in a row may have such. */
const PAGE_BYTES = 32 * 1024 * 1024;

const BYTES = bytesOf(WHOLE);
const HASH = WHOLE.hash;

/** What clients asked for, and was decided. That an approved call was run later is not another call of theirs. */
const DECIDED = and(eq(audit.kind, "opened"), isNotNull(audit.decision), isNull(audit.approval));
const CALLS = and(DECIDED, isNull(audit.subjectKind));
const OTHERS = and(DECIDED, isNotNull(audit.subjectKind));

/** Reads the audit through one connection. */
export function createAuditReader(db: BetterSQLite3Database, guarded: Guarded): AuditReader {
  async function* pagesOf(fromSeq: number): AsyncGenerator<readonly StoredAuditRow[]> {
    for (let next = fromSeq; ; ) {
      const wanted = gte(audit.seq, next);
      const page = await guarded(() =>
        rawRows(db, { wanted, order: asc(audit.seq), limit: PAGE_ROWS, room: PAGE_BYTES }),
      );
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      next = last.seq + 1;
    }
  }

  async function* callsFrom(sinceSeq: number): AsyncGenerator<readonly StoredAuditRow[]> {
    for (let next = sinceSeq; ; ) {
      const page = await guarded(() => {
        const found = db
          .select({ seq: audit.seq, bytes: BYTES })
          .from(audit)
          .where(and(gte(audit.seq, next), CALLS))
          .orderBy(asc(audit.seq))
          .limit(PAGE_ROWS)
          .all();
        const seqs = firstThatFit(found, PAGE_BYTES, true).map(({ seq }) => seq);
        return { last: seqs.at(-1), rows: rowsAt(db, WHOLE, seqs) };
      });
      if (page.last === undefined) return;
      yield [...page.rows.values()].sort((a, b) => a.seq - b.seq);
      next = page.last + 1;
    }
  }

  const head = (): ChainHead | undefined =>
    db.select({ seq: audit.seq, hash: HASH }).from(audit).orderBy(desc(audit.seq)).limit(1).get();

  const counted = async (which: SQL | undefined, sinceSeq: number): Promise<number> => {
    const wanted = and(which, gte(audit.seq, sinceSeq));
    const query = () => db.select({ calls: count() }).from(audit).where(wanted).get();
    return (await guarded(query))?.calls ?? 0;
  };

  return {
    ...createAuditSearch(db, guarded),
    pages: pagesOf,
    calls: callsFrom,
    countCalls: (sinceSeq) => counted(CALLS, sinceSeq),
    countOthers: (sinceSeq) => counted(OTHERS, sinceSeq),
    async endedAs(calls, outcomes) {
      const wanted = and(eq(audit.kind, "closed"), inArray(audit.callId, calls), inArray(audit.outcome, outcomes));
      const query = () => db.select({ callId: audit.callId }).from(audit).where(wanted).all();
      return new Set((await guarded(query)).map(({ callId }) => callId));
    },
    async firstSince(since) {
      const query = () =>
        db.select({ seq: audit.seq }).from(audit).where(gte(audit.at, since)).orderBy(asc(audit.seq)).limit(1).get();
      return (await guarded(query))?.seq;
    },
    async hashAt(seq) {
      const query = () => db.select({ hash: HASH }).from(audit).where(eq(audit.seq, seq)).get();
      return (await guarded(query))?.hash;
    },
    head: () => guarded(head),
    lastSeq: async () => (await guarded(head))?.seq ?? 0,
  };
}
