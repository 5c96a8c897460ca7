import type Database from "better-sqlite3";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import { boundedText } from "../database/bounded.ts";
import { mayHaveSurrogates, storable } from "../database/storable.ts";
import {
  type AuditRow,
  type ChainHead,
  canonicalEnd,
  GENESIS_HASH,
  HASHED_COLUMNS,
  hashedValues,
  KEYED,
  linkText,
} from "./audit-row.ts";
import { type BrokenRecord, brokenRow, type RecordFault } from "./checkpoint-row.ts";
import { createKeyedSinceKeeper } from "./keyed-since.ts";

/** How rows are added. */
export interface AppendOptions {
  /** Of the purpose `AUDIT_CHAIN`. The first one writes; a record that was left under one of the others goes on. */
  readonly keys: readonly [KeyedHash, ...KeyedHash[]];
  /** What the process noticed of its file since it added rows last. */
  readonly noticed?: () => RecordFault | undefined;
  /** Hears of a broken record once that is on record itself. */
  readonly onBroken: (broken: BrokenRecord) => void;
}

/**
 * Makes the function that adds rows to the chain in one transaction, and tells where it ends then. Prepared by hand: this
 * runs for every call, and a query builder would cost more than the insert. @throws SqliteError (nothing was written then)
 *
 * It looks at what is there before it adds its first row, and remembers what it wrote last. Whoever takes rows away or writes
 * them anew would otherwise have the gateway itself go on from there, under its own key: a row that says so comes first then.
 * Long because its statements are written out.
 */
export function prepareAppend(
  db: Database.Database,
  { keys, noticed = () => undefined, onBroken }: AppendOptions,
): (rows: readonly AuditRow[]) => ChainHead {
  const [hash] = keys;
  const last = db.prepare<[], { seq: number; hash: string }>(
    `SELECT seq, ${boundedText("hash")} AS hash FROM audit ORDER BY seq DESC LIMIT 1`,
  );
  const insert = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, actor, actor_issuer, actor_email, client, client_id, client_ip, endpoint,
       session, upstream, tool, decision, policies, policy_set, arguments_digest, arguments_redacted, arguments_sealed,
       arguments_full, outcome, duration_ms, trace_id, definition_digest, facts, approval, challenge,
       method, subject_kind, subject, prev_hash, hash, scheme)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${KEYED})`,
  );
  // Nearly half of all rows say only how a call ended; binding the other columns' nulls costs as much as the insert.
  const insertClosing = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, outcome, duration_ms, prev_hash, hash, scheme)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${KEYED})`,
  );
  // The other half calls tools, names neither an approval nor a challenge, nor how it ended, and mostly keeps one copy of arguments.
  const insertOpening = db.prepare(
    `INSERT INTO audit (seq, at, call_id, kind, actor, actor_issuer, actor_email, client, client_id, client_ip, endpoint,
       session, upstream, tool, decision, policies, policy_set, arguments_digest, arguments_redacted, trace_id,
       definition_digest, facts, prev_hash, hash, scheme)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${KEYED})`,
  );
  const hashAt = db.prepare<[number], { hash: string }>(
    `SELECT ${boundedText("hash")} AS hash FROM audit WHERE seq = ?`,
  );
  const since = createKeyedSinceKeeper(db, keys);
  let mine: ChainHead | undefined;

  function brokenBefore(end: ChainHead | undefined): BrokenRecord | undefined {
    if (mine === undefined) {
      const fault = since.fault();
      return fault && { kind: "found", fault };
    }
    const row = lostBefore(end, mine);
    if (row !== undefined) return { kind: "lost", row };
    const fault = noticed();
    return fault && { kind: "found", fault };
  }

  /** The row that this process wrote last, where it is gone or another one stands in its place. */
  function lostBefore(end: ChainHead | undefined, written: ChainHead): ChainHead | undefined {
    if (end?.hash === written.hash) return undefined;
    // Another process may have gone on from there.
    const there = end !== undefined && end.seq > written.seq && hashAt.get(written.seq)?.hash === written.hash;
    return there ? undefined : written;
  }

  /** Adds a row after the one of this hash; returns its own. */
  function addRow(seq: number, row: AuditRow, prevHash: string): string {
    const raw = hashedValues(seq, row);
    const rawText = JSON.stringify(raw);
    const values = mayHaveSurrogates(rawText) ? storable(raw) : raw;
    const rowHash = hash(linkText(prevHash, values === raw ? rawText : JSON.stringify(values)));
    if (values !== raw || !opensPlainly(row)) {
      insert.run(...values, ...NOTHING.slice(values.length), prevHash, rowHash);
      return rowHash;
    }
    // One by one: lists that are spread into a call take as long as a third of the insert.
    insertOpening.run(
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
      row.traceId,
      row.definitionDigest,
      row.facts,
      prevHash,
      rowHash,
    );
    return rowHash;
  }

  /** The same for one that says only how a call ended. */
  function addEnd(seq: number, row: AuditRow, prevHash: string): string {
    const text = canonicalEnd(seq, row);
    if (mayHaveSurrogates(text)) return addRow(seq, row, prevHash);
    const rowHash = hash(linkText(prevHash, text));
    insertClosing.run(seq, row.at, row.callId, row.kind, row.outcome, row.durationMs, prevHash, rowHash);
    return rowHash;
  }

  const append = db.transaction((wanted: readonly AuditRow[]) => {
    // Read inside the transaction, which is immediate: with two processes on one file there is still one chain.
    const before = last.get();
    const broken = brokenBefore(before);
    const rows = broken === undefined ? wanted : [brokenRow(broken, wanted[0]?.at ?? 0), ...wanted];
    let seq = before?.seq ?? 0;
    let prevHash = before?.hash ?? GENESIS_HASH;
    for (const given of rows) {
      seq += 1;
      prevHash = endsPlainly(given) ? addEnd(seq, given, prevHash) : addRow(seq, given, prevHash);
    }
    if (mine === undefined) since.settle();
    return { broken, head: { seq, hash: prevHash } };
  });
  return (rows) => {
    const { broken, head } = append.immediate(rows);
    // Only now is it on disk.
    mine = head;
    if (broken !== undefined) onBroken(broken);
    return head;
  };
}

/** Whether a row opens a call of a tool, and says nothing of approval, sign-in or end, nor keeps its arguments twice. */
function opensPlainly(row: AuditRow): boolean {
  return (
    row.kind === "opened" &&
    row.approval === null &&
    row.challenge === null &&
    row.argumentsSealed === null &&
    row.argumentsFull === null &&
    row.outcome === null &&
    row.durationMs === null &&
    row.method === null &&
    row.subjectKind === null &&
    row.subject === null
  );
}

/** Whether a row says how a call ended, and no more: nothing else is ever said at an end. */
function endsPlainly({ kind, policies, facts, approval, challenge }: AuditRow): boolean {
  return kind === "closed" && policies === null && facts === null && approval === null && challenge === null;
}

/** What the columns hold that come after those of a row's hash. */
const NOTHING: readonly null[] = Array.from({ length: HASHED_COLUMNS }, () => null);
