import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Upstreams that were registered at run time. `entry` is sealed: it holds credentials. */
export const registeredUpstreams = sqliteTable("registered_upstreams", {
  name: text("name").primaryKey(),
  entry: text("entry").notNull(),
  iss: text("iss").notNull(),
  sub: text("sub").notNull(),
  email: text("email"),
  registeredAt: integer("registered_at").notNull(),
});

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

/** In which era a program answered last; `place` is what its definition was then. */
export const upstreamEras = sqliteTable("upstream_eras", {
  upstream: text("upstream").primaryKey(),
  place: text("place").notNull(),
  era: text("era", { enum: ["legacy", "modern"] }).notNull(),
  learnedAt: integer("learned_at").notNull(),
});

/** Resources and templates that servers list, and those that they no longer do since `unlisted_at`. */
export const uriClaims = sqliteTable(
  "uri_claims",
  {
    upstream: text("upstream").notNull(),
    list: text("list", { enum: ["resources", "resourceTemplates"] }).notNull(),
    /** The URI or the template. */
    key: text("key").notNull(),
    unlistedAt: integer("unlisted_at"),
  },
  (table) => [primaryKey({ columns: [table.upstream, table.list, table.key] })],
);
