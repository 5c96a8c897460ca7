import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { CHALLENGE_STATES, STEP_UP_PER } from "../../core/step-up.ts";

/**
 * Sign-ins that were asked for: see `step-up.ts` for what the columns mean. Triggers refuse every change of what a
 * challenge is bound to, and every change of one that is no longer open.
 */
export const stepUpChallenges = sqliteTable(
  "step_up_challenges",
  {
    id: text("id").primaryKey(),
    key: text("key").notNull(),
    iss: text("iss").notNull(),
    sub: text("sub").notNull(),
    clientId: text("client_id"),
    expected: text("expected").notNull(),
    clientName: text("client_name").notNull(),
    tool: text("tool").notNull(),
    per: text("per", { enum: STEP_UP_PER }).notNull(),
    target: text("target").notNull(),
    acr: text("acr").notNull(),
    amr: text("amr").notNull(),
    maxAgeMs: integer("max_age_ms"),
    ttlMs: integer("ttl_ms").notNull(),
    state: text("state", { enum: CHALLENGE_STATES }).notNull(),
    failures: integer("failures").notNull(),
    attemptHash: text("attempt_hash"),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    /** The seal of all of it: see `row-seals.ts`. */
    mac: text("mac"),
  },
  (table) => [
    uniqueIndex("step_up_challenges_open").on(table.key).where(sql`${table.state} = 'open'`),
    index("step_up_challenges_person").on(table.iss, table.sub, table.expiresAt),
    index("step_up_challenges_expires").on(table.expiresAt),
  ],
);

/** Sign-ins that were made, while they count. Triggers refuse every change but spending. */
export const elevations = sqliteTable(
  "elevations",
  {
    id: text("id").primaryKey(),
    challengeId: text("challenge_id").notNull().unique(),
    iss: text("iss").notNull(),
    sub: text("sub").notNull(),
    clientId: text("client_id"),
    per: text("per", { enum: STEP_UP_PER }).notNull(),
    target: text("target").notNull(),
    acr: text("acr"),
    amr: text("amr").notNull(),
    authTime: integer("auth_time").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    spentAt: integer("spent_at"),
    /** The seal of all of it: see `row-seals.ts`. */
    mac: text("mac"),
  },
  (table) => [
    index("elevations_holder").on(table.iss, table.sub, table.target, table.createdAt),
    index("elevations_expires").on(table.expiresAt),
  ],
);
