import Database from "better-sqlite3";
import { migrate } from "../database/migrate.ts";
import { MAX_ID_BYTES, MAX_TEXT_BYTES } from "../database/stored-texts.ts";

interface SchemaItem {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/**
 * Where a database's tables, indexes and triggers are not those that the migrations make, in words: whoever means to change
 * what is on record takes the triggers away first. Tables and indexes of somebody else are no matter; a trigger or a view is.
 * Who writes the schema by hand can give a trigger a name of SQLite's own, so that no name is passed over.
 * @throws SqliteError
 */
export function schemaDrift(db: Database.Database, migrationsDir: string): readonly string[] {
  const model = new Database(":memory:");
  try {
    migrate(model, migrationsDir, "file::memory:");
    return compare(itemsOf(model), itemsOf(db));
  } finally {
    model.close();
  }
}

function itemsOf(db: Database.Database): readonly SchemaItem[] {
  return db
    .prepare<[], SchemaItem>(
      // Indexes of primary keys have no SQL. That they hold what they should is the matter of `PRAGMA integrity_check`.
      `SELECT type, ${short("name", MAX_ID_BYTES)}, ${short("sql", MAX_TEXT_BYTES)} FROM sqlite_schema WHERE sql IS NOT NULL`,
    )
    .all();
}

// The beginning of a longer one says what it is, and is none of ours.
function short(column: string, maxBytes: number): string {
  return `CASE WHEN octet_length(${column}) > ${maxBytes} THEN substr(${column}, 1, 100) || '…' ELSE ${column} END AS ${column}`;
}

/** SQLite begins every such item in these words, however it was asked for. */
const HARMLESS = /^CREATE (?:TABLE|VIRTUAL TABLE|INDEX|UNIQUE INDEX) /;

function compare(wanted: readonly SchemaItem[], found: readonly SchemaItem[]): readonly string[] {
  const sqlOf = new Map(wanted.map((item) => [nameOf(item), item.sql]));
  const there = new Set(found.map(nameOf));
  const missing = [...sqlOf.keys()].filter((what) => !there.has(what)).map((what) => `The ${what} is missing.`);
  const wrong = found.flatMap((item) => {
    const what = nameOf(item);
    const sql = sqlOf.get(what);
    if (sql === item.sql) return [];
    if (sql !== undefined) return [`The ${what} is not as this version makes it.`];
    return HARMLESS.test(item.sql) ? [] : [`The ${what} does not belong here.`];
  });
  return [...missing, ...wrong];
}

function nameOf({ type, name }: SchemaItem): string {
  return `${type} ${name}`;
}
