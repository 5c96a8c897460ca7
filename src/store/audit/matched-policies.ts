import { or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { MAX_TEXT_BYTES } from "../database/stored-texts.ts";

/*
 * Questions to columns that hold a JSON list of matches, as the audit's `policies` does. Each looks for its literal text
 * first, which few rows have, and only then reads the JSON. A column that somebody tampered with answers no.
 */

/** Whether the policy matched, in shadow or not, by any of the columns. */
export function policyMatched(columns: readonly SQLiteColumn[], policy: string): SQL | undefined {
  return or(...columns.map((column) => some(column, JSON.stringify(policy), "policy", policy)));
}

/** Whether a policy in shadow matched, by any of the columns. */
export function shadowMatched(columns: readonly SQLiteColumn[]): SQL | undefined {
  return or(...columns.map((column) => some(column, '"shadow"', "mode", "shadow")));
}

function some(column: SQLiteColumn, literal: string, field: string, value: string): SQL {
  const read = (name: string) => sql`json_extract(${column}, m.fullkey || ${`.${name}`})`;
  // An `allow` whose condition failed is on record because it failed. It did not match.
  const failedAllow = sql`(${read("effect")} = 'allow' AND ${read("because")} = 'error')`;
  return sql`(octet_length(${column}) <= ${sql.raw(String(MAX_TEXT_BYTES))} AND instr(${column}, ${literal}) > 0 AND CASE WHEN json_valid(${column}) THEN EXISTS
    (SELECT 1 FROM json_each(${column}) AS m WHERE ${read(field)} = ${value} AND NOT ${failedAllow}) ELSE 0 END)`;
}
