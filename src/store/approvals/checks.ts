import type Database from "better-sqlite3";
import { eq, notInArray, sql } from "drizzle-orm";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { isOpen } from "../../core/approval.ts";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { bounded } from "../database/bounded.ts";
import { idText, MAX_ID_BYTES } from "../database/stored-texts.ts";
import {
  approvalApprovers,
  approvalDecisions,
  approvalEvents,
  approvalSealed,
  approvalRequests as rows,
} from "./schema.ts";
import { doubtIn, historyOf, type WholeApproval, wholeApprovals } from "./seals.ts";

/** What looking at all requests for approval found. */
export interface ApprovalCheck {
  /** What is not as it was written, in words. A hundred at most. */
  readonly wrong: readonly string[];
  /** Requests of before there were seals. */
  readonly old: number;
}

const MAX_LISTED = 100;

/**
 * Holds all requests, and what belongs to them, against their seals, which are under one of these keys. All of it as of one
 * moment, for a gateway may be writing. @throws SqliteError
 */
export function checkApprovals(connection: Database.Database, keys: readonly KeyedHash[]): ApprovalCheck {
  const db = drizzle({ client: connection });
  return db.transaction(() => checkNow(db, keys));
}

function checkNow(db: BetterSQLite3Database, keys: readonly KeyedHash[]): ApprovalCheck {
  const sealed = db
    .select({ result: sql<number>`${approvalSealed.result} IS NOT NULL` })
    .from(approvalSealed)
    .where(eq(approvalSealed.requestId, sql.placeholder("id")))
    .prepare();
  const wrong: string[] = [...strays(db)];
  let old = 0;
  for (const whole of wholeApprovals(db)) {
    const { id } = whole.row;
    const key = keys.find((hash) => doubtIn(whole, hash) !== "broken");
    if (key !== undefined && doubtIn(whole, key) === "old") old += 1;
    wrong.push(
      ...whatIsWrong(whole, key, sealed.get({ id })).map(
        (what) => `${what} is not as the gateway wrote it: ${idText(id)}.`,
      ),
    );
    if (wrong.length >= MAX_LISTED) return { wrong: wrong.slice(0, MAX_LISTED), old };
  }
  return { wrong, old };
}

function whatIsWrong(
  { row, approvers, events }: WholeApproval,
  key: KeyedHash | undefined,
  sealed: { readonly result: number } | undefined,
): readonly string[] {
  if (key === undefined) return ["A request, or a vote on it,"];
  const same = approvers.every((entry) => entry.createdAt === row.createdAt && entry.open === isOpen(row.state));
  const history = historyOf(approvers, events, key) === row.history;
  const kept = row.purgedAt === null ? sealed?.result === Number(row.hasResult) : sealed === undefined;
  return [
    ...(history && same ? [] : ["The history of a request, or who may see it,"]),
    ...(kept ? [] : ["What is sealed of a request"]),
  ];
}

/** Rows that belong to no request. */
function strays(db: BetterSQLite3Database): readonly string[] {
  const ids = db.select({ id: rows.id }).from(rows);
  return [approvalApprovers, approvalDecisions, approvalEvents, approvalSealed].flatMap((table) =>
    db
      .selectDistinct({ id: bounded(table.requestId, MAX_ID_BYTES) })
      .from(table)
      .where(notInArray(table.requestId, ids))
      .limit(MAX_LISTED)
      .all()
      .map(({ id }) => `There are rows of a request ${idText(id)}, and there is no such request.`),
  );
}
