import { asc, count, eq, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { bounded, boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import { storableRow } from "../database/storable.ts";
import type { RegisteredUpstreamRecord, RegisteredUpstreamStore } from "./registered-upstreams.ts";
import { registeredUpstreams as upstreams } from "./schema.ts";

// The head of a sealed text is random, so that an entry that was replaced under its name has another one.
const HEAD_CHARS = 24;

/** Keeps registered upstreams in their table. */
export function createRegisteredUpstreamStore(deps: {
  readonly db: BetterSQLite3Database;
  readonly guarded: Guarded;
  readonly onCommit: () => void;
}): RegisteredUpstreamStore {
  const { db, guarded, onCommit } = deps;
  const inOrder = [asc(upstreams.registeredAt), asc(upstreams.name)];
  const heads = db
    .select({
      name: bounded(upstreams.name).mapWith(upstreams.name),
      head: sql<string>`substr(${upstreams.entry}, 1, ${HEAD_CHARS})`,
    })
    .from(upstreams)
    .orderBy(...inOrder)
    .prepare();

  function addNow(record: RegisteredUpstreamRecord, max: number): "added" | "exists" | "too_many" {
    const same = db.select({ name: upstreams.name }).from(upstreams).where(eq(upstreams.name, record.name)).get();
    if (same !== undefined) return "exists";
    const there = db.select({ number: count() }).from(upstreams).get();
    if ((there?.number ?? 0) >= max) return "too_many";
    db.insert(upstreams)
      .values(storableRow(rowOf(record)))
      .run();
    return "added";
  }

  return {
    async add(record, max) {
      // Two processes may add at the same moment: the count and the insert are one step.
      const added = await guarded(() => db.transaction(() => addNow(record, max), { behavior: "immediate" }));
      onCommit();
      return added;
    },
    async remove(name) {
      const result = await guarded(() => db.delete(upstreams).where(eq(upstreams.name, name)).run());
      onCommit();
      return result.changes > 0;
    },
    async all() {
      const query = () =>
        db
          .select(COLUMNS)
          .from(upstreams)
          .orderBy(...inOrder)
          .all();
      // A row that cannot be read is one that does not open: that is said by who wants to run it.
      const named = (await guarded(query)).filter(({ name }) => typeof name === "string");
      return named.map((row) => registeredUpstreamOf(readableRows.readable(row)));
    },
    async names() {
      const names = (await guarded(() => heads.all())).map(({ name }) => name);
      return names.filter((name) => typeof name === "string");
    },
    async version() {
      return (await guarded(() => heads.all())).map(({ name, head }) => `${name} ${head}`).join("\n");
    },
  };
}

const readableRows = createReadableRows(upstreams);
const COLUMNS = boundedColumns(upstreams);

type Row = typeof upstreams.$inferSelect;

function rowOf({ issuer, subject, email, ...record }: RegisteredUpstreamRecord): Row {
  return { ...record, iss: issuer, sub: subject, email: email ?? null };
}

/** A row as the rest of the gateway knows it. Pure. */
export function registeredUpstreamOf({ iss, sub, email, ...row }: Row): RegisteredUpstreamRecord {
  return { ...row, issuer: iss, subject: sub, email: email ?? undefined };
}
