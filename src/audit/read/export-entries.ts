import { writeExact } from "../../core/exact-json.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { askedMsIn } from "../asked-ms.ts";
import { auditEntryJson } from "./entry-json.ts";
import { matchesOf } from "./read-matches.ts";
import { recordedRefusal } from "./recorded-refusal.ts";
import { methodOf, subjectOf } from "./subject-of.ts";

/** How an export is written: one JSON object per line, or comma-separated values. RFC 4180 */
export type ExportFormat = "jsonl" | "csv";

/** Entries as text, page by page: whoever reads slowly holds the reading of the store up, and nothing piles up. */
export async function* exportEntries(
  pages: AsyncIterable<readonly AuditEntry[]>,
  format: ExportFormat,
): AsyncGenerator<string> {
  if (format === "csv") yield csvLine(Object.keys(COLUMNS));
  for await (const page of pages) yield page.map(format === "csv" ? csvOf : jsonOf).join("");
}

type Cell = string | number | null;

const COLUMNS: Readonly<Record<string, (entry: AuditEntry) => Cell>> = {
  seq: (entry) => entry.seq,
  at: (entry) => new Date(entry.at).toISOString(),
  call_id: (entry) => entry.callId,
  kind: (entry) => entry.kind,
  user: (entry) => entry.actor,
  issuer: (entry) => entry.actorIssuer,
  email: (entry) => entry.actorEmail,
  client: (entry) => entry.client,
  endpoint: (entry) => entry.endpoint,
  upstream: (entry) => entry.upstream,
  tool: (entry) => entry.tool,
  decision: (entry) => entry.decision,
  policies: (entry) => policiesOf(entry, false),
  shadow: (entry) => policiesOf(entry, true),
  outcome: (entry) => entry.outcome,
  duration_ms: (entry) => entry.durationMs,
  asked_ms: (entry) => (entry.durationMs === null ? null : askedMsIn(entry.endFacts)),
  trace_id: (entry) => entry.traceId,
  approval: (entry) => entry.approval,
  challenge: (entry) => entry.challenge,
  arguments_redacted: (entry) => entry.argumentsRedacted,
  method: (entry) => methodOf(entry) ?? null,
  subject_kind: (entry) => subjectOf(entry)?.kind ?? null,
  subject: (entry) => subjectOf(entry)?.name ?? null,
  address: (entry) => entry.clientIp,
  credential: (entry) => recordedRefusal(entry)?.credential ?? null,
  claimed_issuer: (entry) => recordedRefusal(entry)?.claimedIssuer ?? null,
  count: (entry) => recordedRefusal(entry)?.count ?? null,
};

function jsonOf(entry: AuditEntry): string {
  return `${writeExact(auditEntryJson(entry))}\n`;
}

function csvOf(entry: AuditEntry): string {
  return csvLine(Object.values(COLUMNS).map((read) => read(entry)));
}

function policiesOf(entry: AuditEntry, shadow: boolean): string {
  const matches = matchesOf(entry);
  return matches
    .filter((match) => match.shadow === shadow)
    .map(({ policy }) => policy)
    .join(" ");
}

function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * Spreadsheets take a text that begins so for a formula, and calls carry whatever people write: such a text gets an
 * apostrophe before it, which says that it is a text. Numbers are numbers.
 */
const FORMULA = /^[\s\u00a0\ufeff]*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/u;

function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
