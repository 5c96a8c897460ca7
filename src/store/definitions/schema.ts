import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

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
