import type Database from "better-sqlite3";
import { type AuditRow, canonicalRow, chainHash, GENESIS_HASH } from "./audit-row.ts";

/**
 * Makes the function that adds rows to the chain in one transaction. Prepared by hand: this runs for every call, and
 * a query builder would cost more than the insert. @throws SqliteError (nothing was written then)
 */
export function prepareAppend(db: Database.Database): (rows: readonly AuditRow[]) => void {
  const last = db.prepare<[], { seq: number; hash: string }>("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
  const insert = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, actor, actor_issuer, actor_email, client, client_id, client_ip, endpoint,
       session, upstream, tool, decision, policies, policy_set, arguments_digest, arguments_redacted, arguments_sealed,
       arguments_full, outcome, duration_ms, trace_id, prev_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // Half of all rows say only how a call ended; binding the other columns' nulls costs as much as the insert.
  const insertClosing = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, outcome, duration_ms, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const append = db.transaction((rows: readonly AuditRow[]) => {
    // Read inside the transaction, which is immediate: with two processes on one file there is still one chain.
    const before = last.get();
    let seq = before?.seq ?? 0;
    let prevHash = before?.hash ?? GENESIS_HASH;
    for (const given of rows) {
      seq += 1;
      const [row, canonical] = storable(seq, given);
      const hash = chainHash(prevHash, canonical);
      if (row.kind === "closed") {
        insertClosing.run(seq, row.at, row.callId, row.kind, row.outcome, row.durationMs, prevHash, hash);
        prevHash = hash;
        continue;
      }
      insert.run(
        seq,
        row.at,
        row.callId,
        row.kind,
        row.actor,
        row.actorIssuer,
        row.actorEmail,
        row.client,
        row.clientId,
        row.clientIp,
        row.endpoint,
        row.session,
        row.upstream,
        row.tool,
        row.decision,
        row.policies,
        row.policySet,
        row.argumentsDigest,
        row.argumentsRedacted,
        row.argumentsSealed,
        row.argumentsFull,
        row.outcome,
        row.durationMs,
        row.traceId,
        prevHash,
        hash,
      );
      prevHash = hash;
    }
  });
  return (rows) => append.immediate(rows);
}

/**
 * The row as SQLite will give it back, and its canonical text. UTF-8 has no lone surrogates and the table no NaN: a
 * client that sends one in its name would otherwise break the chain for good, without anybody having touched it.
 */
function storable(seq: number, row: AuditRow): readonly [AuditRow, string] {
  const canonical = canonicalRow(seq, row);
  // JSON.stringify writes lone surrogates, and only them, as an escape that starts so. A false alarm costs one more pass.
  if (!canonical.includes("\\ud")) return [row, canonical];
  const clean: AuditRow = {
    ...row,
    callId: wellFormed(row.callId),
    actor: wellFormed(row.actor),
    actorIssuer: wellFormed(row.actorIssuer),
    actorEmail: wellFormed(row.actorEmail),
    client: wellFormed(row.client),
    clientId: wellFormed(row.clientId),
    clientIp: wellFormed(row.clientIp),
    endpoint: wellFormed(row.endpoint),
    session: wellFormed(row.session),
    upstream: wellFormed(row.upstream),
    tool: wellFormed(row.tool),
    decision: wellFormed(row.decision),
    policies: wellFormed(row.policies),
    argumentsRedacted: wellFormed(row.argumentsRedacted),
    argumentsFull: wellFormed(row.argumentsFull),
    outcome: wellFormed(row.outcome),
    traceId: wellFormed(row.traceId),
  };
  return [clean, canonicalRow(seq, clean)];
}

function wellFormed<T extends string | null>(text: T): T | string {
  return text === null ? text : text.replace(/\p{Surrogate}/gu, "\ufffd");
}
