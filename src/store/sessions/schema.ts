import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

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

/** Browsers that are signed in to the console. The cookie is a secret, of which only a hash is kept. */
export const consoleSessions = sqliteTable(
  "console_sessions",
  {
    idHash: text("id_hash").primaryKey(),
    iss: text("iss").notNull(),
    sub: text("sub").notNull(),
    /** The principal as they were when they signed in, sealed. */
    principal: text("principal").notNull(),
    createdAt: integer("created_at").notNull(),
    lastSeenAt: integer("last_seen_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("console_sessions_expires_at").on(table.expiresAt)],
);
