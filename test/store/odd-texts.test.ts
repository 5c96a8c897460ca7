import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Person } from "../../src/core/approval.ts";
import { checkApprovals } from "../../src/store/approvals/checks.ts";
import { forgedRows } from "../../src/store/record/sealed-row-checks.ts";
import { aRecord, snapshot } from "../support/approval-records.ts";
import { START } from "../support/approval-service.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";

/*
 * Half a surrogate pair is in a name that somebody cut in the middle of an emoji, and SQLite keeps no such text as it is. Whatever
 * people, clients and servers are called and say: what was written fits its seal, and is the text that was sealed.
 */

const odd = fc
  .string({ unit: fc.constantFrom("a", "\ud800", "\udfff", "😀", "\u0000", "\\ud800", '"', "\ufeff"), maxLength: 4 })
  .map((text) => `\ud83d${text}`);

/** Columns of sealed tables that hold what the gateway itself makes up: ids, hashes, words of its own, and JSON. */
const OWN = new Set(
  `id digest state traces person_hash era method definition_digest arguments_digest policies policy_set flow flow_snapshot
   message_sealed run execution_id history mac request_id kind approver_traces decision channel act from_state to_state
   dedupe_key payload last_error key per target acr amr attempt_hash challenge_id`
    .split(/\s+/)
    .filter((name) => name !== ""),
);
const SEALED = [
  ...["approval_requests", "approval_approvers", "approval_decisions", "approval_events"],
  ...["outbox", "step_up_challenges", "elevations"],
];

it("a row of any text fits its seal, and holds the text that was sealed", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openTestStore(path);
  let made = 0;
  await fc.assert(
    fc.asyncProperty(odd, async (text) => {
      const id = `apr_${String(made++).padStart(22, "a")}`;
      const who: Person = { issuer: `i${text}`, subject: `s${text}`, name: text, email: text };
      const record = aRecord({
        ...{ id, digest: `${made}`.padEnd(64, "0"), issuer: who.issuer, subject: who.subject, userName: text },
        ...{ email: text, clientId: text, clientName: text, upstream: text, tool: text, argumentsRedacted: text },
        ...{ policies: [text], executionOwner: text },
        snapshot: snapshot({ flows: [{ name: text, digest: text, notify: [text] }] }),
      });
      const event = { act: "request", from: undefined, to: "pending", actor: who, reason: text, at: START } as const;
      const notice = { kind: "approval.requested", requestId: id, to: "stage", at: START, text } as never;
      await store.approvals.open(
        { digest: record.digest, former: record.digest, run: record.run, requester: record },
        { undeliveredSince: 0, openPerUser: 9, takenBackSince: 0, openBytesPerUser: 1e9 },
        async () => ({
          ...{ record, event, sealed: { arguments: "v1.a", requester: "v1.r" } },
          approvers: [{ stage: 0, kind: "role", value: text, afterMs: 0 }],
          messages: [{ dedupeKey: `${id} 1`, notifier: text, notice }],
        }),
      );
      await store.approvals.change(id, (before) => ({
        record: { ...before.record, version: 2, state: "rejected", executionOwner: text },
        event: { act: "reject", from: "pending", to: "rejected", actor: who, reason: text, at: START },
        decision: {
          ...{ stage: 0, approver: { ...who, traces: undefined }, decision: "reject", reason: text, at: START },
          ...{ argumentsDigest: record.argumentsDigest, acr: text, channel: "api", ip: text },
        },
      }));
      const by = { issuer: who.issuer, subject: who.subject, clientId: text, per: "call", target: "t" } as const;
      await store.stepUp.open(
        {
          ...{ ...by, id, key: id, expected: text, clientName: text, tool: text, acr: [[text]], amr: [[text]] },
          ...{ maxAgeMs: 1, ttlMs: 1, state: "open", failures: 0, createdAt: START, expiresAt: START + 9 },
        },
        9,
      );
      await store.stepUp.meet({
        ...{ ...by, id, challengeId: id, acr: text, amr: [text], authTime: START },
        ...{ createdAt: START, expiresAt: START + 9 },
      });
      expect((await store.approvals.find(id))?.doubt).toBeUndefined();
    }),
    { numRuns: 40 },
  );
  const db = new Database(path);
  expect(checkApprovals(db, [auditHash])).toEqual({ wrong: [], old: 0 });
  expect(forgedRows(db, [auditHash])).toEqual([]);
  const columns = SEALED.flatMap((table) => textColumns(db, table).map((column) => ({ table, column })));
  // Each that somebody else's words come into had such a text, and has it as texts are stored.
  expect(columns.filter(({ table, column }) => !oddIn(db, table, column) && !OWN.has(column))).toEqual([]);
  expect(columns.filter(({ table, column }) => !isText(db, table, column))).toEqual([]);
  db.close();
});

function textColumns(db: Database.Database, table: string): readonly string[] {
  const columns = db.prepare<[], { name: string; type: string }>(`PRAGMA table_info(${table})`).all();
  expect(columns).not.toEqual([]);
  return columns.filter(({ type }) => type.toLowerCase() === "text").map(({ name }) => name);
}

function oddIn(db: Database.Database, table: string, column: string): boolean {
  return db.prepare(`SELECT 1 FROM ${table} WHERE ${column} LIKE '%\ufffd%' LIMIT 1`).get() !== undefined;
}

/** Whether what is stored is UTF-8, whoever reads it. */
function isText(db: Database.Database, table: string, column: string): boolean {
  const rows = db.prepare<[], { bytes: Buffer | null }>(`SELECT CAST(${column} AS BLOB) AS bytes FROM ${table}`).all();
  return rows.every(({ bytes }) => bytes === null || Buffer.from(bytes.toString("utf8")).equals(bytes));
}
