import { and, asc, desc, eq, gt, lt, or, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import { objectIn, type StoredIn, stringsIn } from "../database/stored-json.ts";
import { UNREADABLE } from "../database/stored-texts.ts";
import { StoreError } from "../store-error.ts";
import { sessions } from "./schema.ts";
import type { SessionRecord, SessionStore } from "./sessions.ts";

const COLUMNS = boundedColumns(sessions);

/** Keeps legacy sessions in the `sessions` table. */
export function createSessionStore(db: BetterSQLite3Database, guarded: Guarded): SessionStore {
  // Prepared once, they cost no query building; `there` runs for every legacy request.
  const found = db
    .select(COLUMNS)
    .from(sessions)
    .where(eq(sessions.idHash, sql.placeholder("idHash")))
    .prepare();

  const there = db
    .select({ one: sql`1` })
    .from(sessions)
    .where(eq(sessions.idHash, sql.placeholder("idHash")))
    .prepare();
  // One statement for all of them: thousands are looked for every few seconds.
  const missing = db
    .select({ idHash: sql<string>`value` })
    .from(sql`json_each(${sql.placeholder("idHashes")})`)
    .where(sql`value not in (select ${sessions.idHash} from ${sessions})`)
    .prepare();

  return {
    async create(session) {
      await guarded(() => db.insert(sessions).values(rowOf(session)).run());
    },
    async find(idHash) {
      const row = await guarded(() => found.get({ idHash }));
      // One that cannot be read is not there: its client begins anew.
      return row === undefined ? undefined : readRow(row);
    },
    async exists(idHash) {
      return (await guarded(() => there.get({ idHash }))) !== undefined;
    },
    async gone(idHashes) {
      if (idHashes.length === 0) return [];
      const rows = await guarded(() => missing.all({ idHashes: JSON.stringify(idHashes) }));
      return rows.map((row) => row.idHash);
    },
    async list({ after, limit }) {
      const { lastSeenAt, idHash } = sessions;
      const wanted =
        after === undefined
          ? undefined
          : or(lt(lastSeenAt, after.lastSeenAt), and(eq(lastSeenAt, after.lastSeenAt), gt(idHash, after.idHash)));
      const query = () =>
        db.select(COLUMNS).from(sessions).where(wanted).orderBy(desc(lastSeenAt), asc(idHash)).limit(limit).all();
      return (await guarded(query)).map((row) => readRow(row) ?? recordOf(neutral(row)));
    },
    async update(idHash, change) {
      const columns = {
        ...("logLevel" in change ? { logLevel: change.logLevel ?? null } : {}),
        ...(change.subscriptions === undefined ? {} : { subscriptions: JSON.stringify(change.subscriptions) }),
        ...(change.lastSeenAt === undefined ? {} : { lastSeenAt: change.lastSeenAt }),
      };
      if (Object.keys(columns).length === 0) return;
      await guarded(() => db.update(sessions).set(columns).where(eq(sessions.idHash, idHash)).run());
    },
    async remove(idHash) {
      const result = await guarded(() => db.delete(sessions).where(eq(sessions.idHash, idHash)).run());
      return result.changes > 0;
    },
    async removeIdle(before) {
      const removed = await guarded(() =>
        db.delete(sessions).where(lt(sessions.lastSeenAt, before)).returning({ idHash: sessions.idHash }).all(),
      );
      return removed.map((row) => row.idHash);
    },
  };
}

type SessionRow = typeof sessions.$inferSelect;

function rowOf(session: SessionRecord): SessionRow {
  return {
    idHash: session.idHash,
    iss: session.issuer,
    sub: session.subject,
    endpoint: session.endpoint,
    protocolVersion: session.protocolVersion,
    clientInfo: JSON.stringify(session.clientInfo),
    capabilities: JSON.stringify(session.capabilities),
    logLevel: session.logLevel ?? null,
    subscriptions: JSON.stringify(session.subscriptions),
    createdAt: session.createdAt,
    lastSeenAt: session.lastSeenAt,
  };
}

const readableRows = createReadableRows(sessions);

/** Lists show also what cannot be read. */
function neutral(row: SessionRow): SessionRow {
  const nothing = {
    clientInfo: JSON.stringify({ name: UNREADABLE, version: "" }),
    capabilities: "{}",
    subscriptions: "[]",
  };
  return { ...readableRows.readable(row), ...nothing };
}

function readRow(row: SessionRow): SessionRecord | undefined {
  if (!readableRows.fits(row)) return undefined;
  try {
    return recordOf(row);
  } catch (err) {
    if (err instanceof StoreError && err.code === "STORE_ROW_MALFORMED") return undefined;
    throw err;
  }
}

function recordOf(row: SessionRow): SessionRecord {
  return {
    idHash: row.idHash,
    issuer: row.iss,
    subject: row.sub,
    endpoint: row.endpoint,
    protocolVersion: row.protocolVersion,
    clientInfo: objectIn(row.clientInfo, column("client_info")),
    capabilities: objectIn(row.capabilities, column("capabilities")),
    logLevel: row.logLevel ?? undefined,
    subscriptions: stringsIn(row.subscriptions, column("subscriptions")),
    createdAt: row.createdAt,
    lastSeenAt: row.lastSeenAt,
  };
}

function column(name: string): StoredIn {
  return { table: "sessions", column: name };
}
