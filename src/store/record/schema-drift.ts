import Database from "better-sqlite3";
import { migrate } from "../migrate.ts";

interface SchemaItem {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/**
 * Where a database's tables, indexes and triggers are not those that the migrations make, in words: whoever means to change
 * what is on record takes the triggers away first. Tables and indexes of somebody else are no matter; a trigger or a view is.
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

function itemsOf(db: Database.Database): ReadonlyMap<string, SchemaItem> {
  const items = db
    .prepare<[], SchemaItem>(
      "SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    )
    .all();
  return new Map(items.map((item) => [`${item.type} ${item.name}`, item]));
}

function compare(wanted: ReadonlyMap<string, SchemaItem>, found: ReadonlyMap<string, SchemaItem>): readonly string[] {
  const missing = [...wanted].flatMap(([what, { sql }]) => {
    const there = found.get(what);
    if (there === undefined) return [`The ${what} is missing.`];
    return there.sql === sql ? [] : [`The ${what} is not as this version makes it.`];
  });
  const added = [...found].flatMap(([what, { type }]) =>
    wanted.has(what) || (type !== "trigger" && type !== "view") ? [] : [`The ${what} does not belong here.`],
  );
  return [...missing, ...added];
}
