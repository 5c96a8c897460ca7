import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { createApprovals } from "../../src/approvals/create-approvals.ts";
import { APPROVALS } from "../../src/approvals/lifecycle/sealed-parts.ts";
import type { Audit } from "../../src/audit/audit.ts";
import { createAnchor } from "../../src/audit/checkpoints/anchor.ts";
import { appendToAnchor, readAnchor } from "../../src/audit/checkpoints/anchor-file.ts";
import { createCheckpoints } from "../../src/audit/checkpoints/checkpoints.ts";
import { AUDIT_CHECKPOINTS } from "../../src/audit/checkpoints/statement.ts";
import { createAudit } from "../../src/audit/create-audit.ts";
import { createRollUp } from "../../src/audit/roll-up.ts";
import { type RecordVerdict, verifyRecord } from "../../src/audit/verify/verify-record.ts";
import { opensUnder } from "../../src/commands/audit/sealed-texts.ts";
import { sha256 } from "../../src/core/digest.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import type { Log } from "../../src/core/log.ts";
import { createSeal } from "../../src/core/seal.ts";
import { createSigningKey } from "../../src/core/signing-key.ts";
import { recordApprovals } from "../../src/gateway/approvals/record.ts";
import { AUDIT_CHAIN, canonicalRow, linkText, type StoredAuditRow } from "../../src/store/audit/audit-row.ts";
import { audit } from "../../src/store/audit/schema.ts";
import { openStore, openStoreReader, type Store } from "../../src/store/open-store.ts";
import { ann, ask, flow, requester, yes } from "./approval-parts.ts";
import { serviceDeps } from "./approval-service.ts";
import { digest } from "./audit-key.ts";
import { opening } from "./audit-opening.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Where a gateway keeps its record and its anchor. */
export interface RecordFiles {
  readonly database: string;
  readonly anchor: string;
}

/** The files in a folder. */
export function recordFiles(dir: string): RecordFiles {
  return { database: join(dir, "portcullis.db"), anchor: join(dir, "anchor.jsonl") };
}

/**
 * One run of a gateway, from start to stop: eight calls, of which one asked for an approval that Ann gave. `hour`: when,
 * so many hours after the first. `crash`: it ends without its last checkpoint. `log`: who hears of it. `further`: what else
 * it does. `former`: its secrets of before.
 */
export async function runGateway(
  files: RecordFiles,
  secret: Uint8Array,
  hour: number,
  {
    crash = false,
    log = silent,
    further,
    former = [],
  }: {
    readonly crash?: boolean;
    readonly log?: Log;
    readonly former?: readonly Uint8Array[];
    readonly further?: (store: Store, record: Audit, now: () => number) => Promise<void>;
  } = {},
): Promise<void> {
  let at = 1_790_000_000_000 + hour * 3_600_000;
  const now = () => ++at;
  const [auditHash, ...formerHashes] = [secret, ...former].map((each) => createKeyedHash(each, AUDIT_CHAIN));
  if (auditHash === undefined) throw new Error("There is no secret.");
  const store = openStore({ url: `file:${files.database}`, log, auditHash, formerHashes });
  const anchor = createAnchor({
    name: "file",
    log,
    async send(checkpoint) {
      await appendToAnchor(files.anchor, checkpoint);
      return { ok: true };
    },
  });
  const checkpoints = createCheckpoints({
    ...{ rows: store.audit, counts: () => store.witness.counts(), log, now },
    ...{ key: createSigningKey(secret, AUDIT_CHECKPOINTS), anchors: [anchor] },
  });
  await checkpoints.start();
  const seal = createSeal(secret, "audit-arguments");
  const record = createAudit({ rows: store.audit, now, log, arguments: "redacted", seal, digest });
  // What was approved may be run for longer than all runs take: when a sweep happens to come changes no row.
  const flows = [flow({ notify: ["hook"], executeTtlMs: 24 * 3_600_000 })];
  const approvals = createApprovals(serviceDeps(store, { log, now, flows, seal: createSeal(secret, APPROVALS) }));
  recordApprovals(approvals, record);
  for (let call = 1; call <= 7; call += 1) {
    const callId = `call_${hour}_${call}`;
    await record.open(opening(callId, { at: now(), arguments: { amount: call } }));
    record.close({ callId, at: now(), outcome: "ok", durationMs: 1 });
  }
  const wanted = ask({ arguments: { hour } });
  const callId = `call_${hour}_asks`;
  const { upstream, tool: subject, arguments: args } = wanted;
  await record.open(opening(callId, { at: now(), principal: requester, upstream, subject, arguments: args }));
  const asked = await approvals.request(wanted);
  if (!("request" in asked)) throw new Error("No approval was asked for.");
  const approval = asked.request.id;
  record.close({ callId, at: now(), outcome: "approval_pending", durationMs: 1, approval });
  await approvals.decide(yes(asked.request, ann));
  await further?.(store, record, now);
  await record.flush();
  const rollUp = createRollUp({ store: store.activity, owner: "test", now, log });
  await rollUp.catchUp(100);
  await approvals.sweep();
  await approvals.close();
  await record.flush();
  if (crash) await anchor.close();
  else await checkpoints.close();
  await rollUp.close();
  await store.close();
}

/** Copies a record into a folder, without its anchor where there is none to be had. */
export function copyRecord(from: RecordFiles, dir: string): RecordFiles {
  const files = recordFiles(dir);
  for (const end of ["", "-wal", "-shm"]) rmSync(`${files.database}${end}`, { force: true });
  copyFileSync(from.database, files.database);
  if (existsSync(from.anchor)) copyFileSync(from.anchor, files.anchor);
  return files;
}

/** What `audit verify` finds. `secret: undefined`: it is not at hand. `former`: secrets of before, the newest first. */
export async function verdictOn(
  files: RecordFiles,
  options: {
    readonly secret: Uint8Array | undefined;
    readonly former?: readonly Uint8Array[];
    readonly anchor: boolean;
    readonly now?: number;
  },
): Promise<RecordVerdict> {
  const store = openStoreReader({ url: `file:${files.database}` });
  try {
    const secrets = options.secret === undefined ? [] : [options.secret, ...(options.former ?? [])];
    const anchorKeys = secrets.map((secret) => createSigningKey(secret, AUDIT_CHECKPOINTS));
    return await verifyRecord(store, {
      keys: secrets.map((secret) => createKeyedHash(secret, AUDIT_CHAIN)),
      opens: opensUnder(secrets),
      now: options.now ?? 1_790_000_000_000 + 2 * 3_600_000,
      ...(options.anchor && secrets.length > 0 ? { anchor: await readAnchor(files.anchor, anchorKeys) } : {}),
    });
  } finally {
    store.close();
  }
}

/** Lets somebody at a database who has no secret, with all triggers out of the way, and puts those back afterwards. */
export function attack(files: RecordFiles, change: (db: Database.Database) => void): void {
  const db = new Database(files.database);
  const triggers = db
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.pragma("foreign_keys = OFF");
  change(db);
  // Where the schema is an older one now, this one is not there yet.
  const hasMethod = db.prepare("SELECT 1 FROM pragma_table_info('approval_requests') WHERE name = 'method'").get();
  for (const { name, sql } of triggers) if (hasMethod || name !== "approval_requests_bound_method") db.exec(sql);
  db.close();
}

/** Numbers all rows anew from 1 on, and hashes those from `from` to `to` as well as it goes without the key. */
export function rehash(db: Database.Database, from: number, scheme: 2 | null, to = Number.POSITIVE_INFINITY): void {
  const seqs = db.prepare<[], { seq: number }>("SELECT seq FROM audit ORDER BY seq").all();
  const renumber = db.prepare("UPDATE audit SET seq = ? WHERE seq = ?");
  const write = db.prepare("UPDATE audit SET prev_hash = ?, hash = ?, scheme = ? WHERE seq = ?");
  let before = "0".repeat(64);
  for (const [index, { seq: old }] of seqs.entries()) {
    const seq = index + 1;
    renumber.run(seq, old);
    const row = rowAt(db, seq);
    if (seq < from || seq > to) {
      before = row.hash;
      continue;
    }
    const made = sha256(linkText(before, canonicalRow(seq, row)));
    write.run(before, made, scheme, seq);
    before = made;
  }
}

function rowAt(db: Database.Database, seq: number): StoredAuditRow {
  const raw = drizzle({ client: db }).select().from(audit).where(eq(audit.seq, seq)).get();
  if (raw === undefined) throw new Error(`There is no row ${seq}.`);
  return raw;
}
