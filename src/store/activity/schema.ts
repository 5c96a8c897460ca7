import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/* What is counted of the audit. What `schema.ts` says of its tables holds for these, but nothing here is a record. */

/**
 * Counts of what happened in spans of `step` ms, five minutes and an hour: see `activity.ts` for `what`, `name` and
 * `bucket`. A table WITHOUT ROWID in the migration (drizzle has no word for it): it is all key.
 */
export const activityCounts = sqliteTable(
  "activity_counts",
  {
    step: integer("step").notNull(),
    what: text("what").notNull(),
    at: integer("at").notNull(),
    name: text("name").notNull(),
    bucket: integer("bucket").notNull(),
    n: integer("n").notNull(),
  },
  (table) => [primaryKey({ columns: [table.step, table.what, table.at, table.name, table.bucket] })],
);

/** Where in the audit the entries of an hour stand: a search by time reads only there. Kept as long as the audit. */
export const activityHours = sqliteTable("activity_hours", {
  at: integer("at").primaryKey(),
  firstSeq: integer("first_seq").notNull(),
  lastSeq: integer("last_seq").notNull(),
});

/** One row: up to where the audit is counted, and which process counts it for now. */
export const activityState = sqliteTable("activity_state", {
  id: integer("id").primaryKey(),
  counted: integer("counted").notNull(),
  owner: text("owner").notNull(),
  ownedUntil: integer("owned_until").notNull(),
});
