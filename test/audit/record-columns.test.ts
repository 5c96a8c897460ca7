import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SECRET } from "../support/audit-key.ts";
import { furtherActs } from "../support/record-acts.ts";
import { attack, copyRecord, type RecordFiles, recordFiles, runGateway, verdictOn } from "../support/record-world.ts";

/*
 * Each column of each table is either held against something by `audit verify`, or stands here with what the gateway does
 * about it, or why whoever writes there gains nothing. A new column that is neither fails.
 */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  "__drizzle_migrations.*": "What the schema is is compared itself.",
  "sqlite_sequence.*": "The next number of a message.",
  "sessions.*":
    "What clients said of themselves. Each call brings its own credential, and the session's id is kept as a hash.",
  "console_sessions.id_hash": "The cookie is a secret. Sealed with who it is: another one opens nothing.",
  "console_sessions.iss": "Sealed in `principal`, and compared with it at each request.",
  "console_sessions.sub": "Sealed in `principal`, and compared with it at each request.",
  "console_sessions.principal": "Sealed, and opens only as it was.",
  "console_sessions.created_at": "Which of one person's sessions ends first.",
  "console_sessions.last_seen_at":
    "Later than it is has an idle session go on until its end, for whoever has its cookie.",
  "console_sessions.expires_at": "The end is sealed in `principal`, too: only an earlier one counts.",
  "rate_limits.*": "Lowered or deleted, a budget begins anew; the record tells of each call. Said in `docs/record.md`.",
  "outbox.id": "In which order messages go.",
  "outbox.attempts": "What is still to be done with a message. One that is sent again has the same id.",
  "outbox.next_at": "The same.",
  "outbox.done_at": "The same.",
  "outbox.dead_at": "The same.",
  "outbox.last_error": "The same.",
  "uri_claims.*": "Which URIs are shown with their server's name. What they lead to is decided by the server.",
  "upstream_eras.*": "Which question a program is asked first. What it answers decides.",
  "tool_definitions.upstream":
    "Which tool a definition was of. Calls, runs and policies go by what the server lists now.",
  "tool_definitions.tool": "The same.",
  "tool_definitions.digest":
    "What does not fit it is shown to nobody. What a call was decided by stands in its row of the audit.",
  "tool_definitions.definition": "What does not fit its digest is shown to nobody.",
  "tool_definitions.first_seen_at": "When a tool was listed.",
  "tool_definitions.last_seen_at": "When a tool was listed.",
  "tool_definitions.current": "Hides a change of a definition from the record. Said in `docs/record.md`.",
  "audit.*": "Each column of each row in its turn: `verify-record.test.ts`.",
  "activity_counts.*": "Counts for charts, made from the audit. Only too many are found.",
  "activity_state.owner": "Which process counts.",
  "activity_state.owned_until": "Which process counts.",
  "activity_state.id": "There is one row.",
  "activity_state.counted": "More than there is is found. Less has charts count twice, and that is.",
  "activity_hours.first_seq": "Later than it is is found. Earlier only makes searches read more.",
  "activity_hours.last_seq": "An hour that is said to go on for longer only makes searches read more.",
  "audit_keyed_since.id": "There is one row.",
};

/** Sealed row by row: `row-seals.test.ts` goes through their columns, so that one of each has to do here. */
const SEALED_ROWS = ["elevations", "step_up_challenges", "outbox"];

interface Column {
  readonly table: string;
  readonly column: string;
}

let home: string;
let good: RecordFiles;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "portcullis-columns-"));
  good = recordFiles(home);
  await runGateway(good, SECRET, 0, { further: furtherActs });
  await runGateway(good, SECRET, 1);
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

function compared(): readonly Column[] {
  const all = columns().filter((one) => !isExempt(one));
  const firstOf = (table: string) => all.find((one) => one.table === table);
  return all.filter((one) => !SEALED_ROWS.includes(one.table) || one === firstOf(one.table));
}

it("finds another value in any column that is not said to be left out", async () => {
  const dir = mkdtempSync(join(home, "copy-"));
  const missed: string[] = [];
  for (const { table, column } of compared()) {
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

it.each([
  ["rubbish in its place", "UPDATE TABLE SET COLUMN = 'v1.' || hex(randomblob(80)) WHERE rowid = 1"],
  [
    "one letter of it",
    "UPDATE TABLE SET COLUMN = substr(COLUMN, 1, 40) || CASE substr(COLUMN, 41, 1) WHEN 'A' THEN 'B' ELSE 'A' END || substr(COLUMN, 42)",
  ],
  ["bytes", "UPDATE TABLE SET COLUMN = CAST(COLUMN AS BLOB)"],
  ["that of another row", "UPDATE TABLE SET COLUMN = (SELECT COLUMN FROM TABLE WHERE rowid = 2) WHERE rowid = 1"],
])(
  "finds each encrypted text that is exchanged for %s, and says nothing of what it hides",
  async (_what, statement) => {
    const dir = mkdtempSync(join(home, "sealed-"));
    for (const [table, column] of [
      ["approval_sealed", "arguments_sealed"],
      ["approval_sealed", "requester_sealed"],
      ["registered_upstreams", "entry"],
    ] as const) {
      const files = copyRecord(good, dir);
      attack(files, (db) => {
        const { changes } = db.prepare(statement.replaceAll("TABLE", table).replaceAll("COLUMN", column)).run();
        expect(changes).toBeGreaterThan(0);
      });
      const { findings } = await verdictOn(files, { secret: SECRET, anchor: false });
      expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(["sealed"]));
      expect(JSON.stringify(findings)).not.toMatch(/v1\.|example/);
    }
  },
);

it("finds a text of a request in the place of another of the same request", async () => {
  const files = copyRecord(good, mkdtempSync(join(home, "parts-")));
  attack(files, (db) =>
    db.exec(
      "UPDATE approval_sealed SET arguments_sealed = requester_sealed, requester_sealed = arguments_sealed WHERE rowid = 1",
    ),
  );
  const { findings } = await verdictOn(files, { secret: SECRET, anchor: false });
  expect(findings.map(({ code }) => code)).toEqual(["sealed", "sealed"]);
});

it("finds nothing where nobody touched it, and has a row in every table", async () => {
  expect((await verdictOn(good, { secret: SECRET, anchor: false })).findings).toEqual([]);
  const db = new Database(good.database, { readonly: true });
  const empty = [...new Set(columns().map(({ table }) => table))].filter(
    (table) => db.prepare(`SELECT 1 FROM ${table}`).get() === undefined,
  );
  db.close();
  expect(empty).toEqual([]);
});

it("leaves out nothing that is not there", () => {
  const keys = columns().flatMap(({ table, column }) => [`${table}.*`, `${table}.${column}`]);
  expect(Object.keys(NOT_COMPARED).filter((key) => !keys.includes(key))).toEqual([]);
});
