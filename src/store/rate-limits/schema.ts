import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

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
