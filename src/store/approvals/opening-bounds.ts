import { and, count, desc, eq, gte, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { Opening, OpeningRules, Wanted } from "./approvals.ts";
import { approvalSealed, approvalRequests as rows } from "./schema.ts";

// Whichever credential they came with, as far as it was known.
const THEIRS = sql`(${rows.iss} = ${sql.placeholder("iss")} AND ${rows.sub} = ${sql.placeholder("sub")} OR ${rows.personHash} = ${sql.placeholder("person")})`;

// SQLite knows it without reading the text.
const ARGUMENTS_BYTES = sql`(SELECT octet_length(${approvalSealed.arguments}) FROM ${approvalSealed} WHERE ${approvalSealed.requestId} = ${rows.id})`;

/** Why this person may open no further request now; `undefined`: they may. */
export type OpeningBounds = (requester: Wanted["requester"], rules: OpeningRules) => Opening | undefined;

/** Prepares the look at what somebody has open, and at what they took back. */
export function prepareOpeningBounds(db: BetterSQLite3Database): OpeningBounds {
  const waiting = db
    .select({ open: count(), bytes: sql<number>`coalesce(sum(${ARGUMENTS_BYTES}), 0)` })
    .from(rows)
    .where(
      and(
        THEIRS,
        // Written out, not bound: only so does SQLite see that the partial index serves.
        sql`${rows.state} IN ('pending', 'approved')`,
      ),
    )
    .prepare();
  const takenBack = db
    .select({ createdAt: rows.createdAt })
    .from(rows)
    .where(and(THEIRS, gte(rows.createdAt, sql.placeholder("since")), eq(rows.state, "cancelled")))
    .orderBy(desc(rows.createdAt))
    .limit(1)
    .offset(sql.placeholder("but"))
    .prepare();

  return (requester, rules) => {
    const who = { iss: requester.issuer, sub: requester.subject, person: requester.personHash ?? "" };
    const { open = 0, bytes = 0 } = waiting.get(who) ?? {};
    if (open >= rules.openPerUser) return { kind: "too_many" };
    if (bytes >= rules.openBytesPerUser) return { kind: "too_long" };
    const back = takenBack.get({ ...who, since: rules.takenBackSince, but: rules.openPerUser - 1 });
    return back === undefined ? undefined : { kind: "taken_back", since: back.createdAt };
  };
}
