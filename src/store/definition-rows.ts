import { and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { digestOf } from "../core/digest.ts";
import { parseExact, withDoubles, writeExact } from "../core/exact-json.ts";
import {
  type DefinitionChange,
  type DefinitionReader,
  type DefinitionStore,
  KEPT,
  type ListedDefinition,
} from "./definitions.ts";
import type { Guarded } from "./guarded.ts";
import { toolDefinitions as rows } from "./schema.ts";
import { objectIn } from "./stored-json.ts";

const DEFINITION = { table: "tool_definitions", column: "definition" };

// Written out, not bound: only so does SQLite see that the partial index on current rows serves.
const CURRENT: SQL = sql`${rows.current} = 1`;
const PAST: SQL = sql`${rows.current} = 0`;

/** Reads tool definitions from their table. */
export function createDefinitionReader(db: BetterSQLite3Database, guarded: Guarded): DefinitionReader {
  return {
    async current() {
      const found = await guarded(() =>
        db.select().from(rows).where(CURRENT).orderBy(asc(rows.upstream), asc(rows.tool)).all(),
      );
      return found.map(({ upstream, tool, digest, definition }) => ({
        upstream,
        tool,
        digest,
        definition: objectIn(definition, DEFINITION),
      }));
    },
    async find(upstream, tool, digest) {
      const row = await guarded(() =>
        db
          .select({ definition: rows.definition })
          .from(rows)
          .where(and(eq(rows.upstream, upstream), eq(rows.tool, tool), eq(rows.digest, digest)))
          .get(),
      );
      if (row === undefined) return undefined;
      const definition = objectIn(row.definition, DEFINITION);
      // Approvers decide by what it says: another text under this digest is somebody else's.
      return digestOf(parseExact(row.definition)) === digest ? definition : undefined;
    },
    async listed(upstream, tool) {
      const row = await guarded(() =>
        db
          .select({ digest: rows.digest })
          .from(rows)
          .where(and(eq(rows.upstream, upstream), eq(rows.tool, tool), CURRENT))
          .get(),
      );
      return row?.digest;
    },
  };
}

/** Keeps tool definitions in their table. */
export function createDefinitionStore(db: BetterSQLite3Database, guarded: Guarded): DefinitionStore {
  return {
    async replace(upstream, tools, at) {
      // Upstreams are listed every few minutes and hardly ever change: the usual case takes no lock.
      if (await guarded(() => isListed(db, upstream, tools))) return [];
      // Everything is read again in the transaction: another process on this file may have been here in between.
      return guarded(() => db.transaction((tx) => replaceNow(tx, upstream, tools, at), { behavior: "immediate" }));
    },
  };
}

type Connection = Pick<BetterSQLite3Database, "select" | "insert" | "update" | "delete">;

function currentOf(db: Connection, upstream: string) {
  return db
    .select({ tool: rows.tool, digest: rows.digest })
    .from(rows)
    .where(and(eq(rows.upstream, upstream), CURRENT))
    .all();
}

function isListed(db: Connection, upstream: string, tools: readonly ListedDefinition[]): boolean {
  const current = new Set(currentOf(db, upstream).map((row) => keyOf(row.tool, row.digest)));
  const listed = new Set(tools.map((tool) => keyOf(tool.name, tool.digest)));
  return listed.size === current.size && [...listed].every((key) => current.has(key));
}

function replaceNow(
  db: Connection,
  upstream: string,
  tools: readonly ListedDefinition[],
  at: number,
): readonly DefinitionChange[] {
  const current = currentOf(db, upstream);
  const before = new Set(current.map((row) => keyOf(row.tool, row.digest)));
  const changes = changesIn(db, upstream, current, tools);
  const listed = new Set(tools.map((tool) => keyOf(tool.name, tool.digest)));
  // Prepared once, here and below: a list may hold thousands, and building each query costs more than its row.
  const tool = sql.placeholder("tool");
  const pass = db
    .update(rows)
    .set({ current: 0, lastSeenAt: at })
    .where(and(eq(rows.upstream, upstream), eq(rows.tool, tool), eq(rows.digest, sql.placeholder("digest"))))
    .prepare();
  const ofTool = and(eq(rows.upstream, upstream), eq(rows.tool, tool), PAST);
  const forget = forgetOldest(db, ofTool, KEPT.pastVersionsPerTool).prepare();
  for (const row of current) {
    if (listed.has(keyOf(row.tool, row.digest))) continue;
    pass.run({ tool: row.tool, digest: row.digest });
    forget.run({ tool: row.tool });
  }
  const list = db
    .insert(rows)
    .values({
      upstream,
      tool,
      digest: sql.placeholder("digest"),
      definition: sql.placeholder("definition"),
      firstSeenAt: at,
      lastSeenAt: at,
      current: 1,
    })
    .onConflictDoUpdate({ target: [rows.upstream, rows.tool, rows.digest], set: { current: 1, lastSeenAt: at } })
    .prepare();
  for (const { name, digest, definition } of tools) {
    if (!before.has(keyOf(name, digest))) list.run({ tool: name, digest, definition: writeExact(definition) });
  }
  const past = Math.max(0, KEPT.rowsPerUpstream - listed.size);
  forgetOldest(db, and(eq(rows.upstream, upstream), PAST), past).run();
  return changes;
}

/** What differs between the rows and this list. Of a tool that comes back, the definition that it had last counts. */
function changesIn(
  db: Connection,
  upstream: string,
  current: ReturnType<typeof currentOf>,
  tools: readonly ListedDefinition[],
): readonly DefinitionChange[] {
  const known = db.select({ tool: rows.tool }).from(rows).where(eq(rows.upstream, upstream)).limit(1).get();
  if (known === undefined) return [];
  const last = db
    .select({ digest: rows.digest, definition: rows.definition })
    .from(rows)
    .where(and(eq(rows.upstream, upstream), eq(rows.tool, sql.placeholder("tool"))))
    .orderBy(desc(rows.current), desc(rows.lastSeenAt), sql`rowid DESC`)
    .limit(1)
    .prepare();
  const listed = new Set(tools.map(({ name }) => name));
  const before = new Set(current.map(({ tool, digest }) => keyOf(tool, digest)));
  const gone = current
    .filter(({ tool }) => !listed.has(tool))
    .map(({ tool, digest }): DefinitionChange => ({ tool, kind: "gone", digest }));
  const come = tools
    .filter(({ name, digest }) => !before.has(keyOf(name, digest)))
    .map(({ name: tool, digest, definition: after }): DefinitionChange => {
      const earlier = last.get({ tool });
      if (earlier === undefined || earlier.digest === digest) return { tool, kind: "new", digest };
      return {
        tool,
        kind: "changed",
        digest,
        before: objectIn(earlier.definition, DEFINITION),
        after: withDoubles(after),
      };
    });
  return [...come, ...gone];
}

/** The query that, of the rows that fit, removes all but the `kept` that were listed last. */
function forgetOldest(db: Connection, fit: SQL | undefined, kept: number) {
  return db
    .delete(rows)
    .where(
      sql`rowid IN (SELECT rowid FROM ${rows} WHERE ${fit} ORDER BY ${rows.lastSeenAt} DESC, rowid DESC LIMIT -1 OFFSET ${kept})`,
    );
}

function keyOf(tool: string, digest: string): string {
  return `${digest} ${tool}`;
}
