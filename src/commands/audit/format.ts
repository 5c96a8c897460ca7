import { actorOf } from "../../audit/actor-of.ts";
import { matchesOf, type RecordedMatch } from "../../audit/read/read-matches.ts";
import { recordedRefusal } from "../../audit/read/recorded-refusal.ts";
import { subjectOf, subjectWords } from "../../audit/read/subject-of.ts";
import { hasFailed } from "../../core/call-outcome.ts";
import type { StoredAuditRow } from "../../store/audit/audit-row.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { MAX_TEXT_BYTES, UNREADABLE } from "../../store/database/stored-texts.ts";
import { type Colour, clip, plainText } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";

const HEAD = ["DECISION", "POLICIES", "OUTCOME", "MS"] as const;
const APPROVAL = "APPROVAL";
const MAX_WIDTH = 48;

/** What stands in the place of a decision where a row has none. */
const NO_DECISION = { opened: "-", decided: "(approval)", admin: "(admin)", refused: "(refused)" } as const;

/** The entries as a table, one line each, columns as wide as they need to be. */
export function auditTable(entries: readonly AuditEntry[], paint: (colour: Colour, text: string) => string): string {
  // Most lists have no approvals in them, and terminals are narrow.
  const approvals = entries.some(({ approval }) => approval !== null);
  const others = entries.some((entry) => (subjectOf(entry)?.kind ?? "tool") !== "tool");
  const head = ["TIME", "USER", others ? "SUBJECT" : "TOOL", ...HEAD, ...(approvals ? [APPROVAL] : [])];
  const rows = entries.map((entry) => {
    const cells = approvals ? [...cellsOf(entry), plainText(entry.approval ?? "-")] : cellsOf(entry);
    return cells.map((cell) => clip(cell, MAX_WIDTH));
  });
  return table(head, rows, paint, (row, column) => {
    const entry = entries[row];
    if (column === 3) return decisionColour(entry?.decision ?? "");
    return column === 5 ? outcomeColour(entry?.outcome ?? null) : undefined;
  });
}

function cellsOf(entry: AuditEntry): readonly string[] {
  return [
    new Date(entry.at).toISOString().replace(/\.\d{3}Z$/, "Z"),
    actorOf(entry) ?? (entry.kind === "decided" ? "(gateway)" : (addressOf(entry) ?? "-")),
    subjectWords(entry) ?? entry.upstream ?? aboutRefusal(entry) ?? "-",
    entry.decision ?? NO_DECISION[entry.kind],
    matchesOf(entry).map(policyName).join(",") || "-",
    entry.outcome ?? "-",
    entry.durationMs === null ? "-" : entry.durationMs.toFixed(entry.durationMs < 10 ? 1 : 0),
  ].map(plainText);
}

/** Where a refused request came from: nobody knows more of whoever sent it. */
function addressOf(entry: AuditEntry): string | undefined {
  return recordedRefusal(entry) === undefined ? undefined : (entry.clientIp ?? "(many)");
}

/** `3 x prompts/get (mcp)` */
function aboutRefusal(entry: AuditEntry): string | undefined {
  const refusal = recordedRefusal(entry);
  if (refusal === undefined) return undefined;
  const times = refusal.count === 1 ? "" : `${refusal.count} x `;
  return `${times}${entry.method ?? "request"} (${refusal.at ?? "-"})`;
}

// Green is for what went well: a call that was let through may have failed.
function decisionColour(decision: string): Colour | undefined {
  if (decision === "allow") return undefined;
  return decision === "deny" || decision === "hide" ? "red" : "yellow";
}

function outcomeColour(outcome: string | null): Colour | undefined {
  if (outcome === "ok") return "green";
  return hasFailed(outcome) ? "red" : undefined;
}

function policyName({ policy, shadow }: RecordedMatch): string {
  return shadow ? `${policy} (shadow)` : policy;
}

/** A line of `rawLine`, where the row holds what no row of a gateway's does, with that left out. */
export function exportLine(row: StoredAuditRow): string {
  try {
    return rawLine(Object.values(row).every(isPlain) ? row : { ...row, ...unreadableIn(row, isPlain) });
  } catch (err) {
    // As JSON a text of control characters can be longer than a text can be.
    if (!(err instanceof RangeError)) throw err;
    return rawLine({ ...row, ...unreadableIn(row, isShort) });
  }
}

const isPlain = (value: unknown): boolean => value === null || typeof value === "string" || typeof value === "number";
const isShort = (value: unknown): boolean => isPlain(value) && String(value).length <= MAX_TEXT_BYTES;

function unreadableIn(row: StoredAuditRow, isReadable: (value: unknown) => boolean) {
  const wrong = Object.entries(row).filter(([, value]) => !isReadable(value));
  return Object.fromEntries(wrong.map(([name]) => [name, UNREADABLE]));
}

/**
 * A raw row as one line of JSON: the columns that its hash covers, by name and in order, so that hashes can be
 * recomputed from it. Columns younger than `trace_id` are left out behind the last that holds something.
 */
function rawLine(row: StoredAuditRow): string {
  return `${JSON.stringify({
    seq: row.seq,
    at: row.at,
    call_id: row.callId,
    kind: row.kind,
    actor: row.actor,
    actor_issuer: row.actorIssuer,
    actor_email: row.actorEmail,
    client: row.client,
    client_id: row.clientId,
    client_ip: row.clientIp,
    endpoint: row.endpoint,
    session: row.session,
    upstream: row.upstream,
    tool: row.tool,
    decision: row.decision,
    policies: row.policies,
    policy_set: row.policySet,
    arguments_digest: row.argumentsDigest,
    arguments_redacted: row.argumentsRedacted,
    arguments_sealed: row.argumentsSealed,
    arguments_full: row.argumentsFull,
    outcome: row.outcome,
    duration_ms: row.durationMs,
    trace_id: row.traceId,
    ...youngColumns(row),
    prev_hash: row.prevHash,
    hash: row.hash,
    scheme: row.scheme,
  })}\n`;
}

/** The columns that came later, up to the last that holds something, as `hashedValues` has them. */
function youngColumns(row: StoredAuditRow): Readonly<Record<string, string | null>> {
  const { definitionDigest, facts, approval, challenge, method, subjectKind, subject } = row;
  const asked = { definition_digest: definitionDigest, facts, approval, challenge };
  if (subject !== null) return { ...asked, method, subject_kind: subjectKind, subject };
  if (subjectKind !== null) return { ...asked, method, subject_kind: subjectKind };
  if (method !== null) return { ...asked, method };
  if (challenge !== null) return asked;
  if (approval !== null) return { definition_digest: definitionDigest, facts, approval };
  if (facts !== null) return { definition_digest: definitionDigest, facts };
  return definitionDigest === null ? {} : { definition_digest: definitionDigest };
}
