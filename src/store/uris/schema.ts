import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

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
