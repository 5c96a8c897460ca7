import type { StoredAuditRow } from "../store/audit-row.ts";
import type { AuditEntry } from "../store/audit-rows.ts";
import { type Colour, plain } from "./output.ts";
import { table } from "./table.ts";

const HEAD = ["TIME", "USER", "TOOL", "DECISION", "POLICIES", "OUTCOME", "MS"] as const;
const APPROVAL = "APPROVAL";
const MAX_WIDTH = 48;

/** What stands in the place of a decision where a row has none. */
const NO_DECISION = { opened: "-", decided: "(approval)", admin: "(admin)" } as const;

/** The entries as a table, one line each, columns as wide as they need to be. */
export function auditTable(entries: readonly AuditEntry[], paint: (colour: Colour, text: string) => string): string {
  // Most lists have no approvals in them, and terminals are narrow.
  const approvals = entries.some(({ approval }) => approval !== null);
  const head = approvals ? [...HEAD, APPROVAL] : HEAD;
  const rows = entries.map((entry) => {
    const cells = approvals ? [...cellsOf(entry), plain(entry.approval ?? "-")] : cellsOf(entry);
    return cells.map(clip);
  });
  return table(head, rows, paint, (row, column) => (column === 3 ? colourOf(entries[row]?.decision ?? "") : undefined));
}

function cellsOf(entry: AuditEntry): readonly string[] {
  return [
    new Date(entry.at).toISOString().replace(/\.\d{3}Z$/, "Z"),
    entry.actorEmail ?? entry.actor ?? (entry.kind === "decided" ? "(gateway)" : "-"),
    entry.tool === null ? (entry.upstream ?? "-") : `${entry.upstream ?? "-"}/${entry.tool}`,
    entry.decision ?? NO_DECISION[entry.kind],
    matchesOf(entry).map(policyName).join(",") || "-",
    entry.outcome ?? "-",
    entry.durationMs === null ? "-" : entry.durationMs.toFixed(entry.durationMs < 10 ? 1 : 0),
  ].map(plain);
}

function clip(text: string): string {
  return text.length <= MAX_WIDTH ? text : `${text.slice(0, MAX_WIDTH - 1)}…`;
}

function colourOf(decision: string): Colour {
  if (decision === "allow") return "green";
  return decision === "deny" || decision === "hide" ? "red" : "yellow";
}

interface ShownMatch {
  readonly policy: string;
  readonly shadow: boolean;
}

/** The policies that matched, before the call and on its result. An `allow` whose condition failed is none of them. */
function matchesOf(entry: AuditEntry): readonly ShownMatch[] {
  return policiesOf(entry).flatMap((match) => {
    if (typeof match !== "object" || match === null || !("policy" in match)) return [];
    if (typeof match.policy !== "string") return [];
    const failed = "because" in match && match.because === "error";
    if (failed && "effect" in match && match.effect === "allow") return [];
    return [{ policy: match.policy, shadow: "mode" in match && match.mode === "shadow" }];
  });
}

function policyName({ policy, shadow }: ShownMatch): string {
  return shadow ? `${policy} (shadow)` : policy;
}

/** Everything on record of the policies of an entry, in order. */
function policiesOf(entry: AuditEntry): readonly unknown[] {
  return [entry.policies, entry.resultPolicies].flatMap((text) => (text === null ? [] : jsonIn(text)));
}

/** A JSON column as data; the text itself where it is no JSON, so that a list shows even a row tampered with. */
function jsonIn(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An entry as `--json` prints it: snake_case, times in RFC 3339. */
export function auditEntryJson(entry: AuditEntry): Readonly<Record<string, unknown>> {
  return {
    seq: entry.seq,
    at: new Date(entry.at).toISOString(),
    call_id: entry.callId,
    kind: entry.kind,
    user: entry.actor,
    issuer: entry.actorIssuer,
    email: entry.actorEmail,
    client: entry.client,
    endpoint: entry.endpoint,
    upstream: entry.upstream,
    tool: entry.tool,
    decision: entry.decision,
    policies: entry.policies === null && entry.resultPolicies === null ? null : policiesOf(entry),
    shadow: matchesOf(entry).flatMap(({ policy, shadow }) => (shadow ? [policy] : [])),
    arguments_redacted: jsonIn(entry.argumentsRedacted),
    outcome: entry.outcome,
    duration_ms: entry.durationMs,
    trace_id: entry.traceId,
    approval: entry.approval,
  };
}

/**
 * A raw row as one line of JSON: the columns that its hash covers, by name and in order, so that hashes can be
 * recomputed from it. Columns younger than `trace_id` are left out behind the last that holds something.
 */
export function exportLine(row: StoredAuditRow): string {
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
  })}\n`;
}

/** The columns that came later, up to the last that holds something, as `hashedValues` has them. */
function youngColumns({ definitionDigest, facts, approval }: StoredAuditRow): Readonly<Record<string, string | null>> {
  if (approval !== null) return { definition_digest: definitionDigest, facts, approval };
  if (facts !== null) return { definition_digest: definitionDigest, facts };
  return definitionDigest === null ? {} : { definition_digest: definitionDigest };
}
