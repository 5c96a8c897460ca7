import { sql } from "drizzle-orm";
import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { AUDIT_KINDS } from "./audit-row.ts";

/**
 * The audit: see `audit-row.ts` for what the columns mean. Triggers (in the migration, drizzle has no word for them)
 * refuse UPDATE, DELETE and rows that are not keyed. An index costs every call: there are two, of which only the one by call has all rows.
 */
export const audit = sqliteTable(
  "audit",
  {
    seq: integer("seq").primaryKey(),
    at: integer("at").notNull(),
    callId: text("call_id").notNull(),
    kind: text("kind", { enum: AUDIT_KINDS }).notNull(),
    actor: text("actor"),
    actorIssuer: text("actor_issuer"),
    actorEmail: text("actor_email"),
    client: text("client"),
    clientId: text("client_id"),
    clientIp: text("client_ip"),
    endpoint: text("endpoint"),
    session: text("session"),
    upstream: text("upstream"),
    tool: text("tool"),
    decision: text("decision"),
    policies: text("policies"),
    policySet: text("policy_set"),
    argumentsDigest: text("arguments_digest"),
    argumentsRedacted: text("arguments_redacted"),
    argumentsSealed: text("arguments_sealed"),
    argumentsFull: text("arguments_full"),
    outcome: text("outcome"),
    durationMs: real("duration_ms"),
    traceId: text("trace_id"),
    definitionDigest: text("definition_digest"),
    facts: text("facts"),
    approval: text("approval"),
    challenge: text("challenge"),
    method: text("method"),
    subjectKind: text("subject_kind"),
    subject: text("subject"),
    prevHash: text("prev_hash").notNull(),
    hash: text("hash").notNull(),
    /** How `hash` was made: see `audit-row.ts`. A trigger refuses rows without one. */
    scheme: integer("scheme"),
  },
  (table) => [
    index("audit_call_id").on(table.callId),
    index("audit_approval").on(table.approval).where(sql`${table.approval} IS NOT NULL`),
    index("audit_start").on(table.seq).where(sql`${table.kind} = 'checkpoint' AND ${table.outcome} = 'start'`),
    index("audit_challenge").on(table.challenge).where(sql`${table.challenge} IS NOT NULL`),
  ],
);

/** One row: since when the audit's rows are keyed, signed under the key of the chain; see `keyed-since.ts`. */
export const auditKeyedSince = sqliteTable("audit_keyed_since", {
  id: integer("id").primaryKey(),
  /** Whether there is a keyed row yet: then `seq` and `hash` are those of the first, else of the last row before there was a key. */
  begun: integer("begun", { mode: "boolean" }).notNull(),
  seq: integer("seq").notNull(),
  hash: text("hash").notNull(),
  mac: text("mac").notNull(),
});
