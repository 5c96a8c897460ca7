import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRowSeals } from "../../src/store/database/row-seals.ts";
import { openStore } from "../../src/store/open-store.ts";
import { elevations } from "../../src/store/step-up/schema.ts";
import { keepingLog } from "../support/audit.ts";
import { auditHash, SECRET } from "../support/audit-key.ts";
import { furtherActs } from "../support/record-acts.ts";
import { attack, copyRecord, type RecordFiles, recordFiles, runGateway, verdictOn } from "../support/record-world.ts";

/*
 * Somebody has the database and not the gateway's secret, and writes into other tables than the audit and those of approvals:
 * what they made up, or what stood there before. What `audit verify` says of it.
 */

let home: string;
let good: RecordFiles;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "portcullis-forged-"));
  good = recordFiles(home);
  await runGateway(good, SECRET, 0, {
    async further(store, record, now) {
      await furtherActs(store, record, now);
      const actor = { issuer: "https://idp.example", subject: "root", email: undefined };
      const act = { about: "admin", actor } as const;
      const ended = { ...act, id: "s", session: "s", outcome: "console_session_ended" } as const;
      record.record({ ...ended, at: now() });
      record.record({ ...act, id: "old", upstream: "old", at: now(), outcome: "upstream_registered" });
      record.record({ ...act, id: "old", upstream: "old", at: now(), outcome: "upstream_removed" });
    },
  });
}, 60_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The sign-in as it was before it was spent: whoever copied it then has its seal, too. */
function unspent(db: Database.Database): void {
  const row = { id: "e-1", challengeId: "c-1", iss: "https://idp.example", sub: "u-1", clientId: "agent" };
  const { auth_time, created_at, expires_at } = db
    .prepare<[], Record<"auth_time" | "created_at" | "expires_at", number>>("SELECT * FROM elevations")
    .get() ?? { auth_time: 0, created_at: 0, expires_at: 0 };
  const seals = createRowSeals(elevations, { keys: [auditHash], id: ({ id }) => id });
  const { mac } = seals.sealed({
    ...{ ...row, per: "call", target: "t-1", acr: "hwk", amr: '["pin"]' },
    ...{ authTime: auth_time, createdAt: created_at, expiresAt: expires_at, spentAt: null, mac: null },
  });
  db.prepare("UPDATE elevations SET spent_at = NULL, mac = ?").run(mac);
}

const run = (sql: string) => (db: Database.Database) => void db.exec(sql);
const FAR = 9_000_000_000_000;

it.each([
  ["a sign-in that was never made", "forged", run("UPDATE elevations SET sub = 'eve'")],
  ["a sign-in that was spent, as it was before", "tables", unspent],
  ["a challenge of somebody else", "forged", run("UPDATE step_up_challenges SET expected = 'eve'")],
  ["a message", "forged", run("UPDATE outbox SET payload = replace(payload, 'rita', 'eve') WHERE id = 1")],
  [
    "a session of the console that was ended",
    "tables",
    run(`INSERT INTO console_sessions VALUES ('s', 'https://idp.example', 'eve', 'v1.sealed', 1, 1, ${FAR})`),
  ],
  [
    "an upstream that was removed",
    ["sealed", "tables"],
    run(`INSERT INTO registered_upstreams SELECT 'old', entry, iss, 'root', NULL,
      (SELECT at FROM audit WHERE outcome = 'upstream_registered' AND upstream = 'old') FROM registered_upstreams LIMIT 1`),
  ],
  [
    "an upstream that nobody registered",
    ["sealed", "acts"],
    run(
      "INSERT INTO registered_upstreams SELECT 'new', entry, iss, sub, email, registered_at FROM registered_upstreams LIMIT 1",
    ),
  ],
])("finds %s", async (_what, codes, change) => {
  const files = copyRecord(good, mkdtempSync(join(home, "copy-")));
  attack(files, change);
  const { findings } = await verdictOn(files, { secret: SECRET, anchor: false });
  expect(findings.map((finding) => finding.code)).toEqual([codes].flat());
});

it("finds that a gateway met a row that none had written, also once it is gone", async () => {
  const files = copyRecord(good, mkdtempSync(join(home, "copy-")));
  attack(files, run("UPDATE step_up_challenges SET expected = 'eve'"));
  const store = openStore({ url: `file:${files.database}`, log: keepingLog(), auditHash });
  expect(await store.stepUp.find("c-1")).toBeUndefined();
  await store.close();
  attack(files, run("DELETE FROM step_up_challenges"));
  const { findings } = await verdictOn(files, { secret: SECRET, anchor: false });
  expect(findings).toEqual([
    { code: "forged", seq: expect.any(Number), message: expect.stringContaining("a row of step_up_challenges") },
  ]);
});
