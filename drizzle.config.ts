import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: [
    "./src/store/schema.ts",
    "./src/store/approval-schema.ts",
    "./src/store/step-up-schema.ts",
    "./src/store/operator-schema.ts",
    "./src/store/activity-schema.ts",
  ],
  out: "./migrations",
});
