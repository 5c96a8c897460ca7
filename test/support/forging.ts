import Database from "better-sqlite3";

/** Changes a database as somebody does who has no secret, with all triggers out of the way. */
export function forge(path: string, sql: string): void {
  const db = new Database(path);
  const triggers = db
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.exec(sql);
  for (const { sql: made } of triggers) db.exec(made);
  db.close();
}

/** The names of a table's columns. */
export function columnsOf(path: string, table: string): readonly string[] {
  const db = new Database(path, { readonly: true });
  const found = db.prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${table}')`).all();
  db.close();
  return found.map(({ name }) => name);
}

/** SQL for another value of a column, of the same type. In base64 one more character at the end may be none. */
export function anotherValue(column: string): string {
  const other = `substr(${column}, 1, 9) || 'x_' || substr(${column}, 11)`;
  return `CASE typeof(${column}) WHEN 'integer' THEN ${column} + 1 WHEN 'null' THEN 'x' ELSE ${other} END`;
}

/** Brings a database back to the schema of before rows of these tables had seals. */
export function undoRowSeals(db: Database.Database): void {
  for (const table of ["outbox", "elevations", "step_up_challenges"]) db.exec(`ALTER TABLE ${table} DROP COLUMN mac`);
  // Later ones are undone with it.
  for (const table of ["upstream_eras", "uri_claims"]) db.exec(`DROP TABLE ${table}`);
  db.exec("DROP INDEX audit_start");
  db.exec("DROP TRIGGER IF EXISTS approval_requests_bound_method; ALTER TABLE approval_requests DROP COLUMN method");
  for (const column of ["method", "subject_kind", "subject"]) db.exec(`ALTER TABLE audit DROP COLUMN ${column}`);
  db.exec("DELETE FROM __drizzle_migrations WHERE created_at >= 1796030859093");
}
