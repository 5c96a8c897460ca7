import type Database from "better-sqlite3";
import { type AuditRow, chainHash, GENESIS_HASH, HASHED_COLUMNS, hashedValues } from "./audit-row.ts";

/**
 * Makes the function that adds rows to the chain in one transaction. Prepared by hand: this runs for every call, and
 * a query builder would cost more than the insert. @throws SqliteError (nothing was written then)
 */
export function prepareAppend(db: Database.Database): (rows: readonly AuditRow[]) => void {
  const last = db.prepare<[], { seq: number; hash: string }>("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
  const insert = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, actor, actor_issuer, actor_email, client, client_id, client_ip, endpoint,
       session, upstream, tool, decision, policies, policy_set, arguments_digest, arguments_redacted, arguments_sealed,
       arguments_full, outcome, duration_ms, trace_id, definition_digest, facts, approval, challenge,
       prev_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // Nearly half of all rows say only how a call ended; binding the other columns' nulls costs as much as the insert.
  const insertClosing = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, outcome, duration_ms, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // The other half names neither an approval nor a challenge, nor how it ended, and mostly keeps one copy of arguments.
  const insertOpening = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, actor, actor_issuer, actor_email, client, client_id, client_ip, endpoint,
       session, upstream, tool, decision, policies, policy_set, arguments_digest, arguments_redacted, trace_id,
       definition_digest, facts, prev_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const append = db.transaction((rows: readonly AuditRow[]) => {
    // Read inside the transaction, which is immediate: with two processes on one file there is still one chain.
    const before = last.get();
    let seq = before?.seq ?? 0;
    let prevHash = before?.hash ?? GENESIS_HASH;
    for (const given of rows) {
      seq += 1;
      const raw = hashedValues(seq, given);
      const rawText = JSON.stringify(raw);
      // JSON.stringify writes lone surrogates, and only them, as an escape that starts so. A false alarm costs a pass.
      const values = rawText.includes("\\ud") ? storable(raw) : raw;
      const hash = chainHash(prevHash, values === raw ? rawText : JSON.stringify(values));
      if (given.kind === "closed" && endsPlainly(given) && values === raw) {
        insertClosing.run(seq, given.at, given.callId, given.kind, given.outcome, given.durationMs, prevHash, hash);
      } else if (values === raw && opensPlainly(given)) {
        const { kind, actor, actorIssuer, actorEmail, client, clientId, clientIp, endpoint, session } = given;
        const { upstream, tool, decision, policies, policySet, argumentsDigest, argumentsRedacted } = given;
        const who = [actor, actorIssuer, actorEmail, client, clientId, clientIp, endpoint, session] as const;
        const what = [upstream, tool, decision, policies, policySet, argumentsDigest, argumentsRedacted] as const;
        const { at, callId, traceId, definitionDigest, facts } = given;
        insertOpening.run(seq, at, callId, kind, ...who, ...what, traceId, definitionDigest, facts, prevHash, hash);
      } else insert.run(...values, ...NOTHING.slice(values.length), prevHash, hash);
      prevHash = hash;
    }
  });
  return (rows) => append.immediate(rows);
}

/** Whether a row opens a call, and says nothing of approval, sign-in or end, nor keeps its arguments twice. */
function opensPlainly(row: AuditRow): boolean {
  return (
    row.kind === "opened" &&
    row.approval === null &&
    row.challenge === null &&
    row.argumentsSealed === null &&
    row.argumentsFull === null &&
    row.outcome === null &&
    row.durationMs === null
  );
}

/** Whether a closing row says how the call ended, and no more. */
function endsPlainly({ policies, approval, challenge }: AuditRow): boolean {
  return policies === null && approval === null && challenge === null;
}

/** What the columns hold that come after those of a row's hash. */
const NOTHING: readonly null[] = Array.from({ length: HASHED_COLUMNS }, () => null);

/**
 * The values as SQLite will give them back. UTF-8 has no lone surrogates: a client that sends one in its name would
 * otherwise break the chain for good, without anybody having touched it.
 */
function storable(values: readonly (string | number | null)[]): readonly (string | number | null)[] {
  return values.map((value) => (typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value));
}
