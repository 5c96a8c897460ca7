import { copyFileSync, existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { createHeadKeeper, type HeadKeeper, readHead } from "../../src/audit/checkpoints/head-file.ts";
import { AUDIT_CHECKPOINTS, signCheckpoint } from "../../src/audit/checkpoints/statement.ts";
import { verifyRecord } from "../../src/audit/verify/verify-record.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createSigningKey } from "../../src/core/signing-key.ts";
import { AUDIT_CHAIN, EMPTY_ROW } from "../../src/store/audit/audit-row.ts";
import { headFileOf } from "../../src/store/database/left-row.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway } from "../support/gateway.ts";

const key = createSigningKey(SECRET, AUDIT_CHECKPOINTS);

const ROW = { ...EMPTY_ROW, at: 1_790_000_000_000, callId: "call_1", kind: "opened" } as const;

const keeperOf = (databasePath: string): HeadKeeper =>
  createHeadKeeper({ databasePath, key, log: keepingLog(), now: () => 1_790_000_000_000, markMs: 5 });

/** What the file says as soon as it tells of this row. */
const markOf = (database: string, seq: number) =>
  eventually(async () => {
    const said = readHead(headFileOf(database), [key]);
    return said?.seq === seq ? said : undefined;
  });

/** What a gateway that started and stopped on this database said at level error. */
async function errorsOfRun(database: string): Promise<readonly string[]> {
  const gateway = await startTestGateway({
    store: { url: `file:${database}` },
    secrets: { key: SECRET.toString("hex") },
  });
  await gateway.close();
  return gateway.logged
    .map((line) => JSON.parse(line))
    .flatMap(({ level, message }) => (level === "error" ? [message] : []));
}

async function findingsOn(database: string, secret = key) {
  const store = openStoreReader({ url: `file:${database}` });
  const left = readHead(headFileOf(database), [secret]);
  const keys = [createKeyedHash(SECRET, AUDIT_CHAIN)];
  const { findings } = await verifyRecord(store, { keys, now: Date.now(), ...(left === undefined ? {} : { left }) });
  store.close();
  return findings.map(({ code, message }) => `${code}: ${message}`);
}

describe("the head beside a database", () => {
  it("is the newest checkpoint, for its owner only, and in order after an honest restart", async () => {
    const database = join(temporaryDir(), "portcullis.db");
    expect(await errorsOfRun(database)).toEqual([]);
    expect(readHead(headFileOf(database), [key])).toMatchObject({ seq: 2, reason: "stop" });
    expect(statSync(headFileOf(database)).mode & 0o777).toBe(0o600);
    expect(await errorsOfRun(database)).toEqual([]);
    expect(await findingsOn(database)).toEqual([]);
  });

  it.each<[string, (database: string, older: string) => void]>([
    ["put back to an older copy", (database, older) => copyFileSync(older, database)],
    ["made anew", (database) => rmSync(database)],
  ])("finds a database that was %s: verify at once, the next start, and verify ever after", async (_how, change) => {
    const database = join(temporaryDir(), "portcullis.db");
    await errorsOfRun(database);
    copyFileSync(database, `${database}.older`);
    await errorsOfRun(database);
    change(database, `${database}.older`);
    if (existsSync(database)) expect((await findingsOn(database)).join()).toContain("head: ");
    expect((await errorsOfRun(database)).join()).toContain("older copy");
    expect((await findingsOn(database)).join()).toMatch(/^found: .*older copy/);
    expect(await errorsOfRun(database)).toEqual([]);
  });

  it("tells of a row before there is a checkpoint, and so of a copy of since the last one", async () => {
    const database = join(temporaryDir(), "portcullis.db");
    await errorsOfRun(database);
    copyFileSync(database, `${database}.older`);
    const store = openTestStore(database);
    const keeper = keeperOf(database);
    const rows = keeper.watching(store.audit);
    await rows.append([ROW]);
    const { seq, hash } = await rows.append([ROW, ROW]);
    expect(await markOf(database, seq)).toMatchObject({ seq, hash, reason: "mark" });
    await keeper.close();
    // As where it was killed: there is no checkpoint of the end.
    await store.close();
    expect(await findingsOn(database)).toEqual([]);
    copyFileSync(`${database}.older`, database);
    expect((await findingsOn(database)).join()).toContain(`head: A gateway had left the record with row ${seq}`);
    expect((await errorsOfRun(database)).join()).toContain("older copy");
    expect((await findingsOn(database)).join()).toMatch(/^found: .*older copy/);
  });

  it("tells of what this process wrote, not of what somebody put in its place", async () => {
    const database = join(temporaryDir(), "portcullis.db");
    const store = openTestStore(database);
    const keeper = keeperOf(database);
    const { seq } = await keeper.watching(store.audit).append([ROW, ROW]);
    const db = new Database(database);
    db.exec("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq = 2");
    db.close();
    await markOf(database, seq);
    expect((await findingsOn(database)).join()).toContain("head: ");
    await keeper.close();
    await store.close();
  });

  it("leaves a checkpoint where it is the last row", async () => {
    const database = join(temporaryDir(), "portcullis.db");
    const store = openTestStore(database);
    const keeper = keeperOf(database);
    const head = await keeper.watching(store.audit).append([ROW]);
    keeper.report(signCheckpoint({ ...head, rows: 1, at: 1_790_000_000_000, reason: "regular" }, key));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await keeper.close();
    await store.close();
    expect(readHead(headFileOf(database), [key])).toMatchObject({ seq: 1, reason: "regular" });
  });

  it("counts for nothing where it is of another gateway, or rubbish", async () => {
    const database = join(temporaryDir(), "portcullis.db");
    await errorsOfRun(database);
    expect(readHead(headFileOf(database), [createSigningKey(Buffer.alloc(32, 9), AUDIT_CHECKPOINTS)])).toBeUndefined();
    writeFileSync(headFileOf(database), "{");
    expect(await errorsOfRun(database)).toEqual([]);
  });
});
