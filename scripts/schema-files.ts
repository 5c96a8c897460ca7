import { configJsonSchema } from "../src/config/schema/json-schema.ts";
import type { JsonObject } from "../src/core/json.ts";
import { policyJsonSchema } from "../src/policy/file/schema.ts";
import { policyTestJsonSchema } from "../src/policy/tests/schema.ts";

/** The generated files under `schema/` and what they must hold. */
export function schemaFiles(): ReadonlyMap<URL, string> {
  return new Map([
    [new URL("../schema/config.schema.json", import.meta.url), pretty(configJsonSchema())],
    [new URL("../schema/policy.schema.json", import.meta.url), pretty(policyJsonSchema())],
    [new URL("../schema/policy-test.schema.json", import.meta.url), pretty(policyTestJsonSchema())],
  ]);
}

function pretty(schema: JsonObject): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
