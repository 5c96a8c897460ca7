import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SECRET } from "../support/audit-key.ts";
import { attack, copyRecord, type RecordFiles, recordFiles, runGateway, verdictOn } from "../support/record-world.ts";

/*
 * Each column of each table is either held against something by `audit verify`, or stands here with the reason why not. A
 * new column that is neither fails.
 */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  "__drizzle_migrations.*": "What the schema is is compared itself.",
  "sqlite_sequence.*": "The next number of a message.",
  "sessions.*": "Sessions of clients: no record. Each call brings its own credential.",
  "console_sessions.*": "Who is signed in: no record. What they are is sealed.",
  "rate_limits.*": "Budgets: no record.",
  "outbox.*": "Messages on their way: no record. Who decides looks at the request.",
  "registered_upstreams.*": "What is registered is sealed with its name; who did it is a row of the audit.",
  "tool_definitions.*": "What servers say: each change of it is a row of the audit.",
  "step_up_challenges.*": "Sign-ins that were asked for are compared by who and for which tool, while they are there.",
  "elevations.*": "Sign-ins that were made are compared by their challenge, while they are there.",
  "audit.*": "Each column of each row in its turn: `verify-record.test.ts`.",
  "activity_counts.*": "Counts for charts, made from the audit. Only too many are found.",
  "activity_state.owner": "Which process counts.",
  "activity_state.owned_until": "Which process counts.",
  "activity_state.id": "There is one row.",
  "activity_state.counted": "More than there is is found. Less has charts count twice, and that is.",
  "activity_hours.first_seq": "Later than it is is found. Earlier only makes searches read more.",
  "activity_hours.last_seq": "An hour that is said to go on for longer only makes searches read more.",
  "approval_sealed.arguments_sealed": "Bound to its request, and opens only as it was sealed.",
  "approval_sealed.requester_sealed": "Bound to its request, and opens only as it was sealed.",
  "approval_sealed.result_sealed": "Bound to its request, and opens only as it was sealed.",
  "audit_keyed_since.id": "There is one row.",
};

interface Column {
  readonly table: string;
  readonly column: string;
}

let home: string;
let good: RecordFiles;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "portcullis-columns-"));
  good = recordFiles(home);
  await runGateway(good, SECRET, 0);
}, 60_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

function columns(): readonly Column[] {
  const db = new Database(good.database, { readonly: true });
  const found = db
    .prepare<[], Column>(
      `SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'`,
    )
    .all();
  db.close();
  return found;
}

const isExempt = ({ table, column }: Column) => [`${table}.*`, `${table}.${column}`].some((key) => key in NOT_COMPARED);

it("finds another value in any column that is not said to be left out", async () => {
  const dir = mkdtempSync(join(home, "copy-"));
  const missed: string[] = [];
  for (const { table, column } of columns().filter((one) => !isExempt(one))) {
    const files = copyRecord(good, dir);
    attack(files, (db) => {
      const row = db.prepare<[], { id: number; value: unknown }>(
        `SELECT rowid AS id, ${column} AS value FROM ${table} ORDER BY ${column} IS NULL, rowid LIMIT 1`,
      );
      const found = row.get();
      if (found === undefined)
        throw new Error(`Nothing stands in ${table}: write something there, or say why it is left out.`);
      const other = typeof found.value === "number" ? 1 - found.value : `${found.value ?? ""}9`;
      db.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`).run(other, found.id);
    });
    const { findings } = await verdictOn(files, { secret: SECRET, anchor: false });
    if (findings.length === 0) missed.push(`${table}.${column}`);
  }
  expect(missed).toEqual([]);
}, 60_000);

it("leaves out nothing that is not there", () => {
  const keys = columns().flatMap(({ table, column }) => [`${table}.*`, `${table}.${column}`]);
  expect(Object.keys(NOT_COMPARED).filter((key) => !keys.includes(key))).toEqual([]);
});
