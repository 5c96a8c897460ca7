import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  // Times in the tables are ms since the epoch, UTC. `npm run migrations` writes the SQL for a change of a table; what
  // stands in migrations/ is never edited afterwards, because databases in the field have run it.
  schema: "./src/store/*/schema.ts",
  out: "./migrations",
});
