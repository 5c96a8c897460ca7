import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { AUDIT_KINDS } from "./audit-row.ts";

/*
 * The tables. Times are ms since the epoch, UTC. `npm run migrations` writes the SQL for a change made here into
 * `migrations/`; what stands there is never edited afterwards, because databases in the field have run it.
 */

/** Legacy sessions: see `sessions.ts` for what the columns mean. */
export const sessions = sqliteTable(
  "sessions",
  {
    idHash: text("id_hash").primaryKey(),
    iss: text("iss").notNull(),
    sub: text("sub").notNull(),
    endpoint: text("endpoint").notNull(),
    protocolVersion: text("protocol_version").notNull(),
    clientInfo: text("client_info").notNull(),
    capabilities: text("capabilities").notNull(),
    logLevel: text("log_level"),
    subscriptions: text("subscriptions").notNull(),
    createdAt: integer("created_at").notNull(),
    lastSeenAt: integer("last_seen_at").notNull(),
  },
  (table) => [index("sessions_last_seen_at").on(table.lastSeenAt)],
);

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
    prevHash: text("prev_hash").notNull(),
    hash: text("hash").notNull(),
    /** How `hash` was made: see `audit-row.ts`. A trigger refuses rows without one. */
    scheme: integer("scheme"),
  },
  (table) => [
    index("audit_call_id").on(table.callId),
    index("audit_approval").on(table.approval).where(sql`${table.approval} IS NOT NULL`),
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

/**
 * Tool definitions that upstreams list or listed. `last_seen_at` of a current one is when it was listed first, or again
 * after a pause; of a past one, when it was no longer listed.
 */
export const toolDefinitions = sqliteTable(
  "tool_definitions",
  {
    upstream: text("upstream").notNull(),
    tool: text("tool").notNull(),
    digest: text("digest").notNull(),
    definition: text("definition").notNull(),
    firstSeenAt: integer("first_seen_at").notNull(),
    lastSeenAt: integer("last_seen_at").notNull(),
    current: integer("current").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.upstream, table.tool, table.digest] }),
    index("tool_definitions_current").on(table.upstream, table.tool, table.digest).where(sql`${table.current} = 1`),
  ],
);

/**
 * Budgets that are drawn on: see `rate-limits.ts`. The shape is that of `rate-limiter-flexible`, which reads and writes
 * it; `key` is a hash, `expire` the end of the window.
 */
export const rateLimits = sqliteTable(
  "rate_limits",
  {
    key: text("key").primaryKey(),
    points: real("points").notNull().default(0),
    expire: integer("expire"),
  },
  (table) => [index("rate_limits_expire").on(table.expire)],
);
