import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Upstreams that were registered at run time. `entry` is sealed: it holds credentials. */
export const registeredUpstreams = sqliteTable("registered_upstreams", {
  name: text("name").primaryKey(),
  entry: text("entry").notNull(),
  iss: text("iss").notNull(),
  sub: text("sub").notNull(),
  email: text("email"),
  registeredAt: integer("registered_at").notNull(),
});

/** In which era a program answered last; `place` is what its definition was then. */
export const upstreamEras = sqliteTable("upstream_eras", {
  upstream: text("upstream").primaryKey(),
  place: text("place").notNull(),
  era: text("era", { enum: ["legacy", "modern"] }).notNull(),
  learnedAt: integer("learned_at").notNull(),
});
