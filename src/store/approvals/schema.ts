import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { APPROVAL_ACTS, APPROVAL_STATES, NOTICE_KINDS } from "../../core/approval.ts";
import { DECIDED_METHODS, type DecidedMethod } from "../../core/subject.ts";

const METHODS = Object.keys(DECIDED_METHODS) as [DecidedMethod, ...DecidedMethod[]];

/* The tables of approvals and of what is told about them. What `schema.ts` says of its tables holds for these. */

/**
 * Requests for approval: see `approvals.ts` for what the columns mean. Triggers refuse every change of state that the
 * machine does not know, and every change of what a request is bound to. Only one per digest is open.
 */
export const approvalRequests = sqliteTable(
  "approval_requests",
  {
    id: text("id").primaryKey(),
    digest: text("digest").notNull(),
    state: text("state", { enum: APPROVAL_STATES }).notNull(),
    version: integer("version").notNull(),
    iss: text("iss").notNull(),
    sub: text("sub").notNull(),
    userName: text("user_name"),
    email: text("email"),
    traces: text("traces"),
    personHash: text("person_hash"),
    clientId: text("client_id"),
    clientName: text("client_name").notNull(),
    era: text("era", { enum: ["modern", "legacy"] }).notNull(),
    /** `NULL`: tools/call. */
    method: text("method", { enum: METHODS }),
    upstream: text("upstream").notNull(),
    tool: text("tool").notNull(),
    definitionDigest: text("definition_digest").notNull(),
    argumentsDigest: text("arguments_digest").notNull(),
    argumentsRedacted: text("arguments_redacted").notNull(),
    policies: text("policies").notNull(),
    policySet: text("policy_set").notNull(),
    /** Names between blanks, also before the first and after the last. */
    flow: text("flow").notNull(),
    flowSnapshot: text("flow_snapshot").notNull(),
    messageSealed: text("message_sealed"),
    run: text("run", { enum: ["gateway", "caller"] }).notNull(),
    idempotent: integer("idempotent", { mode: "boolean" }).notNull(),
    stage: integer("stage").notNull(),
    stageSince: integer("stage_since").notNull(),
    escalated: integer("escalated", { mode: "boolean" }).notNull(),
    reminded: integer("reminded", { mode: "boolean" }).notNull(),
    createdAt: integer("created_at").notNull(),
    pendingUntil: integer("pending_until").notNull(),
    decidedAt: integer("decided_at"),
    executeUntil: integer("execute_until"),
    executionId: text("execution_id"),
    executionOwner: text("execution_owner"),
    leaseUntil: integer("lease_until"),
    executionStartedAt: integer("execution_started_at"),
    executionEndedAt: integer("execution_ended_at"),
    runs: integer("runs").notNull(),
    endedAt: integer("ended_at"),
    hasResult: integer("has_result", { mode: "boolean" }).notNull(),
    resultIsError: integer("result_is_error", { mode: "boolean" }),
    deliveredAt: integer("delivered_at"),
    purgedAt: integer("purged_at"),
    dueAt: integer("due_at"),
    /** A running hash of its approvers and events, and a keyed one of all that is here: see `approval-seals.ts`. */
    history: text("history"),
    mac: text("mac"),
  },
  (table) => [
    uniqueIndex("approval_requests_open")
      .on(table.digest)
      .where(sql`${table.state} IN ('pending', 'approved', 'executing', 'indeterminate')`),
    index("approval_requests_digest").on(table.digest, table.createdAt),
    index("approval_requests_user").on(table.iss, table.sub, table.createdAt),
    index("approval_requests_person").on(table.personHash, table.createdAt).where(sql`${table.personHash} IS NOT NULL`),
    index("approval_requests_waiting").on(table.iss, table.sub).where(sql`${table.state} IN ('pending', 'approved')`),
    index("approval_requests_state").on(table.state, table.createdAt, table.id),
    index("approval_requests_created").on(table.createdAt, table.id),
    index("approval_requests_due").on(table.dueAt).where(sql`${table.dueAt} IS NOT NULL`),
    index("approval_requests_runnable")
      .on(table.createdAt)
      .where(sql`${table.state} = 'approved' AND ${table.run} = 'gateway'`),
    index("approval_requests_owner").on(table.executionOwner).where(sql`${table.state} = 'executing'`),
  ],
);

/** What is encrypted, apart from the rest: rows above are written often, and these may be megabytes. */
export const approvalSealed = sqliteTable("approval_sealed", {
  requestId: text("request_id").primaryKey(),
  arguments: text("arguments_sealed").notNull(),
  requester: text("requester_sealed").notNull(),
  result: text("result_sealed"),
});

/**
 * Who may approve which stage, from how long after its begin: what finds the requests of an approver, those that are
 * open and the newest of all, without looking at anybody else's. `open` and `created_at` are those of the request.
 */
export const approvalApprovers = sqliteTable(
  "approval_approvers",
  {
    requestId: text("request_id").notNull(),
    kind: text("kind", { enum: ["role", "email", "subject"] }).notNull(),
    value: text("value").notNull(),
    stage: integer("stage").notNull(),
    afterMs: integer("after_ms").notNull(),
    createdAt: integer("created_at").notNull().default(0),
    open: integer("open", { mode: "boolean" }).notNull().default(true),
  },
  (table) => [
    primaryKey({ columns: [table.requestId, table.kind, table.value, table.stage, table.afterMs] }),
    index("approval_approvers_open").on(table.kind, table.value, table.requestId).where(sql`${table.open} = 1`),
    index("approval_approvers_newest").on(table.kind, table.value, table.createdAt, table.requestId),
  ],
);

/** What approvers said. Triggers refuse UPDATE and DELETE; one person has one vote. */
export const approvalDecisions = sqliteTable(
  "approval_decisions",
  {
    requestId: text("request_id").notNull(),
    stage: integer("stage").notNull(),
    approverIss: text("approver_iss").notNull(),
    approverSub: text("approver_sub").notNull(),
    approverName: text("approver_name"),
    approverEmail: text("approver_email"),
    approverTraces: text("approver_traces"),
    decision: text("decision", { enum: ["approve", "reject"] }).notNull(),
    reason: text("reason"),
    argumentsDigest: text("arguments_digest").notNull(),
    acr: text("acr"),
    channel: text("channel").notNull(),
    ip: text("ip"),
    at: integer("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.requestId, table.approverIss, table.approverSub] })],
);

/** What happened to requests. Triggers refuse UPDATE and DELETE, and gaps. */
export const approvalEvents = sqliteTable(
  "approval_events",
  {
    requestId: text("request_id").notNull(),
    seq: integer("seq").notNull(),
    act: text("act", { enum: APPROVAL_ACTS }).notNull(),
    from: text("from_state", { enum: APPROVAL_STATES }),
    to: text("to_state", { enum: APPROVAL_STATES }).notNull(),
    actorIss: text("actor_iss"),
    actorSub: text("actor_sub"),
    actorName: text("actor_name"),
    actorEmail: text("actor_email"),
    reason: text("reason"),
    at: integer("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.requestId, table.seq] })],
);

/** Notifications on their way: see `outbox.ts`. One that is neither done nor dead waits. */
export const outbox = sqliteTable(
  "outbox",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    kind: text("kind", { enum: NOTICE_KINDS }).notNull(),
    dedupeKey: text("dedupe_key").notNull().unique(),
    requestId: text("request_id").notNull(),
    notifier: text("notifier").notNull(),
    payload: text("payload").notNull(),
    attempts: integer("attempts").notNull(),
    nextAt: integer("next_at").notNull(),
    doneAt: integer("done_at"),
    deadAt: integer("dead_at"),
    lastError: text("last_error"),
    createdAt: integer("created_at").notNull(),
    /** The seal of what is said and to whom: see `row-seals.ts`. */
    mac: text("mac"),
  },
  (table) => [
    index("outbox_due").on(table.nextAt).where(sql`${table.doneAt} IS NULL AND ${table.deadAt} IS NULL`),
    index("outbox_order")
      .on(table.requestId, table.notifier, table.id)
      .where(sql`${table.doneAt} IS NULL AND ${table.deadAt} IS NULL`),
  ],
);
