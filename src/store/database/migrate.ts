import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { StoreError } from "../store-error.ts";
import { headFileOf, lacksLeftRow } from "./left-row.ts";
import { MAX_ID_BYTES } from "./stored-texts.ts";

/** One file of `migrations/`, as drizzle-kit's journal lists it. */
interface Migration {
  readonly tag: string;
  readonly statements: readonly string[];
  readonly hash: string;
  /** Its time in the journal, ms: the order, and the identity that the database remembers. */
  readonly when: number;
}

/**
 * Brings a database to the schema of this version, all or nothing.
 *
 * This is drizzle's migrator (same table, same journal) with one difference: what has been applied is read inside
 * an immediate transaction, so that of two processes that start at once one migrates and the other finds it done.
 * `onApplied` hears the names of what was applied, in the same transaction: what no SQL can do.
 * @throws StoreError STORE_SCHEMA_NEWER, STORE_SCHEMA_CHANGED, STORE_FOREIGN; SqliteError
 */
export function migrate(
  db: Database.Database,
  migrationsDir: string,
  path: string,
  onApplied?: (tags: ReadonlySet<string>) => void,
): void {
  const migrations = readMigrations(migrationsDir);
  refuseViews(db, migrationsDir, path);
  if (schemaAge(db, migrations, path) === "current") return;
  db.transaction(() => {
    db.exec(`CREATE TABLE IF NOT EXISTS ${TABLE} (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric)`);
    const applied = lastApplied(db);
    const remember = db.prepare(`INSERT INTO ${TABLE} (hash, created_at) VALUES (?, ?)`);
    const tags = new Set<string>();
    for (const migration of migrations) {
      if (applied !== undefined && migration.when <= applied) continue;
      for (const statement of migration.statements) db.exec(statement);
      remember.run(migration.hash, migration.when);
      tags.add(migration.tag);
    }
    onApplied?.(tags);
  }).immediate();
}

/** Refuses a database that this version cannot read as it is. @throws StoreError STORE_SCHEMA_NEWER, _OLDER, _CHANGED, STORE_FOREIGN, _LOST */
export function requireCurrent(db: Database.Database, migrationsDir: string, path: string): void {
  refuseViews(db, migrationsDir, path);
  if (schemaAge(db, readMigrations(migrationsDir), path) === "current") return;
  // A file whose log was cut or taken away has the tables of some time before, or none.
  if (lacksLeftRow(path, db)) throw lost(path, "it lacks the row with which a gateway left it");
  if (tablesOf(db).length === 0) {
    throw new StoreError("STORE_SCHEMA_OLDER", `${path} holds nothing yet. ${IF_NEW}. ${IF_NOT}`);
  }
  throw new StoreError(
    "STORE_SCHEMA_OLDER",
    `${path} has the tables of an older version. ${IF_NEW}: it brings the file up to date. ${IF_NOT}`,
  );
}

// No gateway may go on with what has lost its newest state before somebody has looked: each start writes into it.
const IF_NEW = "If no gateway of this version has used it yet, start one";
const IF_NOT =
  "If one has, the file lost what was written last: start none, keep the file as it is, read the gateway's log, and restore a copy.";

/** A database that is not as a gateway left it, or not there. */
export function lost(path: string, what: string): StoreError {
  return new StoreError(
    "STORE_LOST",
    `${path} is not as its gateway left it: ${what}, as ${headFileOf(path)} says. It was cut, replaced or removed, or lost its log (-wal). ` +
      "Start no gateway on it: keep all files as they are, read the gateway's log, and restore a copy.",
  );
}

const TABLE = "__drizzle_migrations";

/**
 * A view in the place of a table is a program of whoever can write the file: it may give other rows each time, and rows without
 * an end. Views of other names are nobody's matter here. @throws StoreError STORE_SCHEMA_CHANGED
 */
function refuseViews(db: Database.Database, migrationsDir: string, path: string): void {
  const views = db.prepare<[], { name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'view' ${SHORT}`).all();
  if (views.length === 0) return;
  const model = new Database(":memory:");
  try {
    migrate(model, migrationsDir, "file::memory:");
    // Names are the same in any case.
    const names = new Set(views.map(({ name }) => name.toLowerCase()));
    const found = tablesOf(model).find((name) => names.has(name));
    if (found === undefined) return;
    throw new StoreError(
      "STORE_SCHEMA_CHANGED",
      `${path} has a view in the place of its table ${found}: somebody changed it, and nothing in it can be believed. Restore a backup.`,
    );
  } finally {
    model.close();
  }
}

function tablesOf(db: Database.Database): readonly string[] {
  const tables = db.prepare<[], { name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' ${SHORT}`).all();
  return tables.map(({ name }) => name);
}

/** Ours are. */
const SHORT = `AND octet_length(name) <= ${MAX_ID_BYTES}`;

function readMigrations(migrationsDir: string): readonly Migration[] {
  // Both are in the order of the journal.
  const journal: { readonly entries: readonly { readonly tag: string }[] } = JSON.parse(
    readFileSync(join(migrationsDir, "meta", "_journal.json"), "utf8"),
  );
  return readMigrationFiles({ migrationsFolder: migrationsDir }).map((file, index) => ({
    tag: journal.entries[index]?.tag ?? "",
    statements: file.sql,
    hash: file.hash,
    when: file.folderMillis,
  }));
}

function schemaAge(db: Database.Database, migrations: readonly Migration[], path: string): "current" | "older" {
  const tables = tablesOf(db);
  if (tables.length === 0) return "older";
  if (!tables.includes(TABLE)) {
    throw new StoreError(
      "STORE_FOREIGN",
      `${path} is a database of another program. Point store.url at a file of its own.`,
    );
  }
  const applied = lastApplied(db) ?? 0;
  const newest = migrations.at(-1)?.when ?? 0;
  if (applied > newest) {
    throw new StoreError(
      "STORE_SCHEMA_NEWER",
      `${path} was written by a newer version of Portcullis. Run that version, or restore the backup made before it.`,
    );
  }
  return applied === newest ? "current" : "older";
}

// What is no number there somebody else wrote.
const LAST_APPLIED = `SELECT max(created_at) AS last FROM ${TABLE} WHERE typeof(created_at) IN ('integer', 'real')`;

function lastApplied(db: Database.Database): number | undefined {
  const row = db.prepare<[], { last: number | null }>(LAST_APPLIED).get();
  return row?.last ?? undefined;
}
