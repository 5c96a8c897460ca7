import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { policyJsonSchema } from "../../src/policy/file/schema.ts";

describe("the JSON Schema for editors", () => {
  it("is the one in schema/: otherwise run `npm run schema`", () => {
    expect(JSON.parse(readFileSync("schema/policy.schema.json", "utf8"))).toEqual(policyJsonSchema());
  });

  it("describes every key and refuses others", () => {
    const text = JSON.stringify(policyJsonSchema());
    for (const key of ["tools", "annotations", "endpoints", "request_approval", "step_up", "max_age", "mode"]) {
      expect(text).toContain(`"${key}":{`);
    }
    // What is written to, and what goes there, is a table of names.
    const tables = text.match(/"additionalProperties":\{/g)?.length ?? 0;
    const closed = text.match(/"additionalProperties":false/g)?.length ?? 0;
    expect(tables).toBe(text.match(/"set":\{/g)?.length);
    expect(text.match(/"type":"object"/g)?.length).toBe(closed + tables);
  });
});
