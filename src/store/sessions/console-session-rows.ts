import { and, asc, desc, eq, gt, inArray, lt, lte, or } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import type { ConsoleSessionRecord, ConsoleSessionStore } from "./console-sessions.ts";
import { consoleSessions } from "./schema.ts";

/** Keeps signed-in browsers in the `console_sessions` table. */
export function createConsoleSessionStore(db: BetterSQLite3Database, guarded: Guarded): ConsoleSessionStore {
  return {
    async create(session, perPerson) {
      await guarded(() =>
        db.transaction(
          (tx) => {
            tx.insert(consoleSessions).values(rowOf(session)).run();
            const surplus = tx
              .select({ idHash: consoleSessions.idHash })
              .from(consoleSessions)
              .where(and(eq(consoleSessions.iss, session.issuer), eq(consoleSessions.sub, session.subject)))
              .orderBy(desc(consoleSessions.createdAt), desc(consoleSessions.idHash))
              .offset(perPerson)
              .limit(MAX_SURPLUS)
              .all()
              .map((row) => row.idHash)
              .filter((idHash) => idHash !== session.idHash);
            tx.delete(consoleSessions).where(inArray(consoleSessions.idHash, surplus)).run();
          },
          { behavior: "immediate" },
        ),
      );
    },
    async find(idHash) {
      const row = await guarded(() =>
        db.select(COLUMNS).from(consoleSessions).where(eq(consoleSessions.idHash, idHash)).get(),
      );
      // One that cannot be read is not there: its user signs in again.
      return row === undefined || !readableRows.fits(row) ? undefined : recordOf(row);
    },
    async list(limit, after) {
      const { lastSeenAt, idHash } = consoleSessions;
      const beyond =
        after && or(lt(lastSeenAt, after.lastSeenAt), and(eq(lastSeenAt, after.lastSeenAt), gt(idHash, after.idHash)));
      const rows = await guarded(() =>
        db
          .select(COLUMNS)
          .from(consoleSessions)
          .where(beyond)
          .orderBy(desc(lastSeenAt), asc(idHash))
          .limit(limit)
          .all(),
      );
      return rows.map((row) => recordOf(readableRows.readable(row)));
    },
    async seen(idHash, at) {
      await guarded(() =>
        db.update(consoleSessions).set({ lastSeenAt: at }).where(eq(consoleSessions.idHash, idHash)).run(),
      );
    },
    async renew(idHash, before, principal) {
      const found = and(eq(consoleSessions.idHash, idHash), eq(consoleSessions.principal, before));
      const result = await guarded(() => db.update(consoleSessions).set({ principal }).where(found).run());
      return result.changes > 0;
    },
    async remove(idHash) {
      const result = await guarded(() => db.delete(consoleSessions).where(eq(consoleSessions.idHash, idHash)).run());
      return result.changes > 0;
    },
    async purge(at, idleSince) {
      await guarded(() =>
        db
          .delete(consoleSessions)
          .where(or(lte(consoleSessions.expiresAt, at), lt(consoleSessions.lastSeenAt, idleSince)))
          .run(),
      );
    },
  };
}

const readableRows = createReadableRows(consoleSessions);
const COLUMNS = boundedColumns(consoleSessions);

const MAX_SURPLUS = 100;

type ConsoleSessionRow = typeof consoleSessions.$inferSelect;

function rowOf({ issuer, subject, ...rest }: ConsoleSessionRecord): ConsoleSessionRow {
  return { ...rest, iss: issuer, sub: subject };
}

function recordOf({ iss, sub, ...rest }: ConsoleSessionRow): ConsoleSessionRecord {
  return { ...rest, issuer: iss, subject: sub };
}
