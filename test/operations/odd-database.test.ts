import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { SECRET } from "../support/audit-key.ts";
import { consoleUsers, sessionCookie, startConsole } from "../support/console.ts";
import { furtherActs } from "../support/record-acts.ts";
import { recordFiles, runGateway } from "../support/record-world.ts";

const PAGES = [
  "",
  "/approvals?show=all",
  "/activity",
  "/upstreams",
  "/tools",
  "/sessions",
  "/sessions/signed-in",
  "/policies",
];
const ANSWERS = [
  ...["approvals", "audit", "audit/export", "activity", "sessions", "console-sessions"],
  ...["upstreams", "tools", "notifications", "policies"],
];

/** Writes a value into every column of one row of every table, wherever SQLite takes it; the triggers are gone. */
function spoil(path: string, value: string): number {
  const db = new Database(path);
  const all = <Row>(sql: string): readonly Row[] => db.prepare<[], Row>(sql).all();
  for (const { name } of all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
    db.exec(`DROP TRIGGER ${name}`);
  let written = 0;
  for (const { name, column, keys } of all<Record<"name" | "column" | "keys", string>>(
    `SELECT t.name, c.name AS column, (SELECT group_concat(k.name) FROM pragma_table_info(t.name) k WHERE k.pk > 0) AS keys
      FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.pk = 0
      AND t.name NOT IN ('__drizzle_migrations', 'sqlite_sequence')`,
  )) {
    try {
      db.exec(`UPDATE ${name} SET ${column} = ${value} WHERE (${keys}) = (SELECT ${keys} FROM ${name} LIMIT 1)`);
      written += 1;
    } catch {
      // A constraint is in the way, for whoever has only the file, too.
    }
  }
  db.close();
  return written;
}

it.each([
  ["bytes", "x'ff00fe'"],
  ["JSON that is too deep", `'${"[".repeat(5_000)}${"]".repeat(5_000)}'`],
])(
  "a gateway starts, and shows and does all else, on a database with %s in one row of each table",
  async (_what, value) => {
    const home = mkdtempSync(join(tmpdir(), "portcullis-odd-"));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const files = recordFiles(home);
    await runGateway(files, SECRET, 0, { further: furtherActs });
    await runGateway(files, SECRET, 1);
    expect(spoil(files.database, value)).toBeGreaterThan(80);
    const gateway = await startConsole({
      store: { url: `file:${files.database}` },
      secrets: { key: SECRET.toString("hex") },
    });
    const cookie = await sessionCookie(gateway, "carla");
    const failed: string[] = [];
    for (const page of PAGES) {
      const answer = await fetch(`${gateway.url}/console${page}`, { headers: { cookie } });
      if (answer.status >= 400) failed.push(`/console${page}: ${answer.status}`);
      await answer.text();
    }
    for (const path of ANSWERS) {
      const answer = await fetch(`${gateway.url}/api/v1/${path}`, {
        headers: { authorization: `Bearer ${consoleUsers.key("carla")}` },
      });
      const text = await answer.text();
      if (answer.status >= 400) failed.push(`/api/v1/${path}: ${answer.status} ${text.slice(0, 200)}`);
    }
    expect([...failed, ...gateway.logged.filter((line) => /RangeError|TypeError/.test(line))]).toEqual([]);
    // The other request is there, and the one that was changed.
    const listed = await fetch(`${gateway.url}/api/v1/approvals?limit=100`, {
      headers: { authorization: `Bearer ${consoleUsers.key("carla")}` },
    });
    expect((await listed.text()).split('"apr_').length - 1).toBeGreaterThanOrEqual(2);
  },
);
