import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { missingActFindings } from "../../src/audit/verify/missing-acts.ts";
import { MAX_TEXT_BYTES } from "../../src/store/database/stored-texts.ts";
import { openStore, type Store } from "../../src/store/open-store.ts";
import { errorCode } from "../../src/store/store-error.ts";
import { keepingLog } from "../support/audit.ts";
import { auditHash, SECRET } from "../support/audit-key.ts";
import { watchBroughtOver } from "../support/brought-over.ts";
import { furtherActs } from "../support/record-acts.ts";
import { type RecordFiles, recordFiles, runGateway } from "../support/record-world.ts";

/*
 * Somebody writes into one column of one row what the gateway never does. Everything that is read of the store is still read,
 * with all other rows, and nothing that is read is something that a page, an answer or a timer could stumble over.
 */

/** Tables that no page shows and nothing is decided by, with why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  audit: "`unreadable-rows.test.ts` and `long-rows.test.ts`.",
  audit_keyed_since: "Anything but what was written there is a fault of the record.",
  __drizzle_migrations: "What the schema is: a database whose schema is not known is not opened.",
  sqlite_sequence: "SQLite's own.",
};

const ODD = [
  ["a number without end", "9e999"],
  ["bytes", "x'ff00fe'"],
  ["JSON that is too deep", `'${"[".repeat(5_000)}${"]".repeat(5_000)}'`],
  ["a text that is too long, of many values", `'{${Array.from({ length: 220_000 }, () => '"":0').join(",")}}'`],
  ["JSON of another kind", `'{"flows":[{}],"stages":[{}],"name":[5],"approvers":5}'`],
] as const;

let home: string;
let files: RecordFiles;
let store: Store;
let brought: ReturnType<typeof watchBroughtOver>;
let db: Database.Database;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "portcullis-odd-"));
  files = recordFiles(home);
  await runGateway(files, SECRET, 0, { further: furtherActs });
  await runGateway(files, SECRET, 1);
  db = new Database(files.database);
  for (const { name } of all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'trigger'")) {
    db.exec(`DROP TRIGGER ${name}`);
  }
  // Definitions and what is sealed of a request may be longer; `long-rows.test.ts` has those.
  brought = watchBroughtOver((sql) =>
    /"tool_definitions"|"approval_sealed"/.test(sql) ? 16 * MAX_TEXT_BYTES : MAX_TEXT_BYTES,
  );
  store = openStore({ url: `file:${files.database}`, log: keepingLog(), auditHash });
}, 60_000);

afterAll(async () => {
  brought.stop();
  await store.close();
  db.close();
  rmSync(home, { recursive: true, force: true });
});

function all<Row>(sql: string): readonly Row[] {
  return db.prepare<[], Row>(sql).all();
}

async function ofUpstream(): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const page of store.definitions.currentOf("crm")) found.push(...page);
  return found;
}

/** Everything that lists, pages, the scheduler and a start read. */
async function readAll(): Promise<Readonly<Record<string, unknown>>> {
  const page = { limit: 100 };
  const requests = await store.approvals.list(page);
  const ids = all<{ id: unknown }>("SELECT id FROM approval_requests WHERE octet_length(id) < 1000").map(({ id }) =>
    String(id),
  );
  const owner = {
    roles: ["finance"],
    subjects: [],
    email: undefined,
    belongings: { subjects: [], personHash: undefined },
  };
  const read = {
    requests,
    mine: await store.approvals.list({ ...page, visibleTo: owner }),
    decidable: await store.approvals.list({ ...page, decidableBy: { keys: owner, now: 1 } }),
    count: await store.approvals.count(page),
    found: await Promise.all(ids.map((id) => store.approvals.find(id))),
    events: await Promise.all(ids.map((id) => store.approvals.events(id))),
    sealed: await Promise.all(ids.map((id) => store.approvals.sealed(id))).then((some) => some.length),
    versions: [...(await store.approvals.versions(ids)).keys()],
    due: await store.approvals.due(9e12, 100),
    nextDue: await store.approvals.nextDue(),
    runnable: await store.approvals.runnable(1, 100),
    waiting: await store.approvals.waiting("", 100),
    tail: await store.approvalTail.after(0, 100),
    outbox: await store.outbox.list(page),
    outboxCounts: await store.outbox.counts(),
    outboxDue: await store.outbox.nextDue(),
    sessions: await store.sessions.list(page),
    session: await Promise.all(
      all<{ id: string }>("SELECT id_hash AS id FROM sessions WHERE octet_length(id_hash) < 1000").map(({ id }) =>
        store.sessions.find(id),
      ),
    ),
    consoleSessions: await store.consoleSessions.list(100, undefined),
    definitions: await store.definitions.current(),
    ofUpstream: await ofUpstream(),
    uris: [...(await store.uriClaims.all())],
    eras: await store.upstreamEras.all(),
    upstreams: await store.registeredUpstreams.all(),
    names: await store.registeredUpstreams.names(),
    upstreamsVersion: await store.registeredUpstreams.version(),
    challenge: await store.stepUp.find("c-1"),
    elevations: await store.stepUp.elevations(
      { issuer: "https://idp.example", subject: "u-1", clientId: "agent", per: "call", target: "t-1" },
      1,
    ),
    behind: await store.activity.behind(),
    next: (await store.activity.next("x", 1, 5))?.rows.length,
    sums: await Promise.all(
      (["decision", "latency", "waiting"] as const).map((what) =>
        store.activity.sums({ what, step: 3_600_000, since: 0, until: 9e15, groupMs: 3_600_000 }),
      ),
    ),
    audit: await store.audit.list(page),
    since: await store.audit.list({ ...page, since: 1_790_000_000_000, until: 1_790_100_000_000 }),
  };
  return read;
}

/** What `audit verify` reads besides. */
async function verify(): Promise<void> {
  await store.witness.keyedSince([auditHash]);
  await store.witness.drift();
  for await (const { id } of store.witness.sealedTexts()) expect(id).not.toBe("");
  await store.witness.forged([auditHash]);
  await store.witness.approvals([auditHash]);
  const said = await store.witness.contradictions(0, 0);
  missingActFindings(await store.witness.missingActs(0, 9e15), []);
  expect(said.every((text) => typeof text === "string")).toBe(true);
}

/** A definition may be long. */
const DEFINITION = /^\.(?:definitions|ofUpstream)\.\d+\.definition/;

/** Where in what was read there is something that no page can show, or that takes everybody's time. */
function unusable(value: unknown, path = ""): readonly string[] {
  if (typeof value === "string") return value.length > MAX_TEXT_BYTES && !DEFINITION.test(path) ? [path] : [];
  if (typeof value === "number") return Number.isFinite(value) && Math.abs(value) < 8e15 ? [] : [path];
  if (typeof value !== "object" || value === null) return [];
  if (Buffer.isBuffer(value)) return [path];
  return Object.entries(value).flatMap(([key, item]) => unusable(item, `${path}.${key}`));
}

interface Column {
  readonly table: string;
  readonly column: string;
  readonly keys: string;
}

/** Changes one column of a table's first row; puts the table back afterwards. SQLite takes some values in some columns alone. */
function change(
  { table, column, keys }: Column,
  value: string,
): { readonly taken: boolean; readonly putBack: () => void } {
  db.exec(`CREATE TEMP TABLE kept_${table} AS SELECT * FROM ${table}`);
  const putBack = (): void => {
    db.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table}; DROP TABLE kept_${table}`);
  };
  try {
    db.exec(`UPDATE ${table} SET ${column} = ${value} WHERE (${keys}) = (SELECT ${keys} FROM ${table} LIMIT 1)`);
    return { taken: true, putBack };
  } catch (err) {
    if (!/^SQLITE_(?:CONSTRAINT|MISMATCH)/.test(errorCode(err))) throw err;
    return { taken: false, putBack };
  }
}

/** The columns of all tables, one of each at a time. */
function columnsByPlace(): readonly (readonly Column[])[] {
  const columns = all<Column & { readonly place: number }>(
    `SELECT t.name AS "table", c.name AS "column", c.cid AS place,
      (SELECT group_concat(k.name) FROM pragma_table_info(t.name) k WHERE k.pk > 0) AS keys
      FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'`,
  ).filter(({ table }) => !(table in LEFT_OUT));
  const places = [...new Set(columns.map(({ place }) => place))];
  return places.map((place) => columns.filter((column) => column.place === place));
}

/** What was wrong with reading everything. */
async function faults(before: Readonly<Record<string, unknown>>, value: string): Promise<readonly string[]> {
  try {
    const read = await readAll();
    if (value === ODD[0][1] || value === ODD[3][1]) await verify();
    const long = brought.take().map(({ sql, bytes }) => `${bytes} bytes were brought over by ${sql}`);
    if (long.length > 0) return long;
    const lacking = Object.keys(before).filter((key) => lengthOf(read[key]) < lengthOf(before[key]) - 1);
    return [...unusable(read), ...lacking.map((key) => `${key} lacks others`)];
  } catch (err) {
    return [err instanceof Error ? (err.stack ?? "").split("\n").slice(0, 3).join(" ") : "no error"];
  }
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

it("reads everything but what was changed, whatever stands in any column of any table", async () => {
  const before = await readAll();
  const wrong: string[] = [];
  let taken = 0;
  for (const columns of columnsByPlace()) {
    for (const [what, value] of ODD) {
      const changes = columns.map((column) => change(column, value));
      taken += changes.filter((each) => each.taken).length;
      const places = columns.map(({ table, column }) => `${table}.${column}`).join(", ");
      wrong.push(...(await faults(before, value)).map((fault) => `${what} in ${places}: ${fault}`));
      for (const { putBack } of changes) putBack();
    }
  }
  expect(wrong).toEqual([]);
  expect(taken).toBeGreaterThan(400);
});
