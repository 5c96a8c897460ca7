import { and, asc, desc, eq, gt, ne, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { digestOf } from "../../core/digest.ts";
import { parseExact, withDoubles, writeExact } from "../../core/exact-json.ts";
import type { JsonObject } from "../../core/json.ts";
import { Slices } from "../../core/slices.ts";
import { boundedColumns } from "../database/bounded.ts";
import type { Guarded } from "../database/guarded.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import { objectIn } from "../database/stored-json.ts";
import { StoreError } from "../store-error.ts";
import {
  type DefinitionChange,
  type DefinitionReader,
  type DefinitionStore,
  KEPT,
  type ListedDefinition,
  type StoredDefinition,
} from "./definitions.ts";
import { toolDefinitions as rows } from "./schema.ts";

const DEFINITION = { table: "tool_definitions", column: "definition" };

// Written out, not bound: only so does SQLite see that the partial index on current rows serves.
const CURRENT: SQL = sql`${rows.current} = 1`;
const PAST: SQL = sql`${rows.current} = 0`;

/** All tools of a server come in one list, which is no longer than this. */
const MAX_DEFINITION_BYTES = 16 * 1024 * 1024;

const COLUMNS = boundedColumns(rows, { definition: MAX_DEFINITION_BYTES });

/** Reads tool definitions from their table. */
export function createDefinitionReader(db: BetterSQLite3Database, guarded: Guarded): DefinitionReader {
  return {
    async current() {
      const found = await guarded(() =>
        db.select(COLUMNS).from(rows).where(CURRENT).orderBy(asc(rows.upstream), asc(rows.tool)).all(),
      );
      return found.flatMap(storedOf);
    },
    async *currentOf(upstream) {
      let last = "";
      for (;;) {
        const query = () =>
          db
            .select(COLUMNS)
            .from(rows)
            .where(and(eq(rows.upstream, upstream), CURRENT, gt(rows.tool, last)))
            .orderBy(asc(rows.tool))
            .limit(PAGE_ROWS)
            .all();
        const page = await guarded(query);
        if (page.length > 0) yield page.flatMap(storedOf);
        if (page.length < PAGE_ROWS) return;
        last = page.at(-1)?.tool ?? last;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async find(upstream, tool, digest) {
      const row = await guarded(() =>
        db
          .select({ definition: COLUMNS.definition })
          .from(rows)
          .where(and(eq(rows.upstream, upstream), eq(rows.tool, tool), eq(rows.digest, digest)))
          .get(),
      );
      if (row === undefined) return undefined;
      const definition = readable(row.definition);
      // Approvers decide by what it says: another text under this digest is somebody else's.
      return definition !== undefined && digestOf(parseExact(row.definition)) === digest ? definition : undefined;
    },
    async listed(upstream, tool) {
      const row = await guarded(() =>
        db
          .select({ digest: COLUMNS.digest })
          .from(rows)
          .where(and(eq(rows.upstream, upstream), eq(rows.tool, tool), CURRENT))
          .get(),
      );
      return row?.digest;
    },
  };
}

/** Definitions that are read in one go: some may be long. */
const PAGE_ROWS = 50;

const readableRows = createReadableRows(rows);

/** One that cannot be read is not there: it is listed anew by its server. */
function storedOf(row: typeof rows.$inferSelect): readonly StoredDefinition[] {
  const definition = readableRows.fits(row) ? readable(row.definition) : undefined;
  if (definition === undefined) return [];
  const { upstream, tool, digest } = row;
  return [{ upstream, tool, digest, definition }];
}

function readable(text: string): JsonObject | undefined {
  try {
    return objectIn(text, DEFINITION);
  } catch (err) {
    if (err instanceof StoreError && err.code === "STORE_ROW_MALFORMED") return undefined;
    throw err;
  }
}

/** Keeps tool definitions in their table. */
export function createDefinitionStore(db: BetterSQLite3Database, guarded: Guarded): DefinitionStore {
  return {
    async replace(upstream, tools, at, slices = new Slices()) {
      const current = await guarded(() => currentOf(db, upstream));
      const before = new Set(current.map((row) => keyOf(row.tool, row.digest)));
      const listed = new Set(tools.map((tool) => keyOf(tool.name, tool.digest)));
      const names = new Set(tools.map(({ name }) => name));
      const come = tools.filter(({ name, digest }) => !before.has(keyOf(name, digest)));
      const past = current.filter(({ tool, digest }) => !listed.has(keyOf(tool, digest)));
      // Upstreams are listed every few minutes and hardly ever change: the usual case takes no lock.
      if (come.length + past.length === 0) return [];
      const isFirst = await guarded(() => isUnknown(db, upstream));
      const writes = writesOf(db, upstream, at);
      const changes: DefinitionChange[] = [];
      await inSlices(come, (tool) => {
        changes.push(writes.change(tool));
        // In one transaction, whatever others have listed meanwhile: of a tool one definition is the current one.
        writes.passOthers(tool.name, tool.digest);
        writes.list(tool);
      });
      await inSlices(past, ({ tool, digest }) => {
        writes.pass(tool, digest);
        if (!names.has(tool)) changes.push({ tool, kind: "gone", digest });
      });
      while (await guarded(() => writes.forget(Math.max(0, KEPT.rowsPerUpstream - listed.size)))) await slices.next();
      return isFirst ? [] : changes;

      // Whatever another process writes in between, each step by itself leaves what is right.
      async function inSlices<T>(all: readonly T[], step: (one: T) => void): Promise<void> {
        let done = 0;
        while (done < all.length) {
          await slices.next();
          const from = done;
          const some = (): void => {
            done = from;
            do {
              const one = all[done];
              if (one !== undefined) step(one);
              done += 1;
            } while (done < all.length && !slices.isOver);
          };
          await guarded(() => slices.anew(() => db.transaction(some, { behavior: "immediate" })));
        }
      }
    },
  };
}

function currentOf(db: BetterSQLite3Database, upstream: string) {
  return db
    .select({ tool: COLUMNS.tool, digest: COLUMNS.digest })
    .from(rows)
    .where(and(eq(rows.upstream, upstream), CURRENT))
    .all();
}

function isUnknown(db: BetterSQLite3Database, upstream: string): boolean {
  return db.select({ tool: rows.tool }).from(rows).where(eq(rows.upstream, upstream)).limit(1).get() === undefined;
}

/** Rows that go in one statement. */
const FORGOTTEN_AT_ONCE = 200;

/** What is written of one list. Prepared once: it may hold thousands, and building each query costs more than its row. */
function writesOf(db: BetterSQLite3Database, upstream: string, at: number) {
  const tool = sql.placeholder("tool");
  const ofTool = and(eq(rows.upstream, upstream), eq(rows.tool, tool));
  const pass = db
    .update(rows)
    .set({ current: 0, lastSeenAt: at })
    .where(and(ofTool, eq(rows.digest, sql.placeholder("digest"))))
    .prepare();
  const passOthers = db
    .update(rows)
    .set({ current: 0, lastSeenAt: at })
    .where(and(ofTool, CURRENT, ne(rows.digest, sql.placeholder("digest"))))
    .prepare();
  const forgetOfTool = forgetOldest(db, and(ofTool, PAST), KEPT.pastVersionsPerTool, -1).prepare();
  const last = db
    .select({ digest: COLUMNS.digest, definition: COLUMNS.definition })
    .from(rows)
    .where(ofTool)
    .orderBy(desc(rows.current), desc(rows.lastSeenAt), sql`rowid DESC`)
    .limit(1)
    .prepare();
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
  return {
    /** What became of a tool, before it is listed. Of one that comes back, the definition that it had last counts. */
    change({ name, digest, definition }: ListedDefinition): DefinitionChange {
      const earlier = last.get({ tool: name });
      if (earlier === undefined || earlier.digest === digest) return { tool: name, kind: "new", digest };
      const before = readable(earlier.definition) ?? {};
      return { tool: name, kind: "changed", digest, before, after: withDoubles(definition) };
    },
    list({ name, digest, definition }: ListedDefinition): void {
      list.run({ tool: name, digest, definition: writeExact(definition) });
    },
    /** Any other definition of the tool is one of the past. */
    passOthers(name: string, digest: string): void {
      passOthers.run({ tool: name, digest });
      forgetOfTool.run({ tool: name });
    },
    pass(name: string, digest: string): void {
      pass.run({ tool: name, digest });
      forgetOfTool.run({ tool: name });
    },
    /** Forgets some of what is too much, all tools together. Whether there may be more of it. */
    forget(kept: number): boolean {
      const ofUpstream = and(eq(rows.upstream, upstream), PAST);
      return forgetOldest(db, ofUpstream, kept, FORGOTTEN_AT_ONCE).run().changes === FORGOTTEN_AT_ONCE;
    },
  };
}

/** The query that, of the rows that fit, removes `most` of those that are not among the `kept` that were listed last. */
function forgetOldest(db: BetterSQLite3Database, fit: SQL | undefined, kept: number, most: number) {
  return db
    .delete(rows)
    .where(
      sql`rowid IN (SELECT rowid FROM ${rows} WHERE ${fit} ORDER BY ${rows.lastSeenAt} DESC, rowid DESC LIMIT ${most} OFFSET ${kept})`,
    );
}

function keyOf(tool: string, digest: string): string {
  return `${digest} ${tool}`;
}
