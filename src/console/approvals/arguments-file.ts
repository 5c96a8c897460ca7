import type { Context } from "hono";
import { writeExact } from "../../core/exact-json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ConsoleEnv } from "../console-env.ts";

/** The whole arguments as a file for editors and programs: JSON in ASCII, so that nothing in it hides there either. */
export function argumentsFile(c: Context<ConsoleEnv>, id: string, given: JsonObject): Response {
  const ascii = writeExact(given, "  ").replaceAll(
    /[^\x20-\x7e\n]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return c.body(`${ascii}\n`, 200, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Disposition": `attachment; filename="arguments-${id}.json"`,
  });
}
