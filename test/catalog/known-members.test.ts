import { describe, expect, it } from "vitest";
import { withoutLookalikes } from "../../src/catalog/known-members.ts";
import type { JsonObject } from "../../src/core/json.ts";

const spellings = (name: string) => [name.toUpperCase(), `${name}\u200b`, `${name}\0`, `${name}\u00ad`];

describe("what a server says of a tool, a prompt or a resource", () => {
  const tool: JsonObject = {
    name: "look",
    description: "d",
    inputSchema: { type: "object", properties: { Name: {}, Title: {} } },
    annotations: { readOnlyHint: false, "x-own": 1 },
    _meta: { "acme/Name": 1 },
    uri: "x://1",
    "x-vendor": { Name: 1 },
  };

  it("stays the very same where no member reads like another", () => {
    expect(withoutLookalikes(tool)).toBe(tool);
    expect(withoutLookalikes({ name: "a", annotations: "none" })).toEqual({ name: "a", annotations: "none" });
  });

  it.each(["name", "title", "description", "inputSchema", "outputSchema", "annotations", "_meta", "uri", "x-vendor"])(
    "loses what reads like %s",
    (name) => {
      for (const spelling of spellings(name)) {
        expect(withoutLookalikes({ ...tool, [spelling]: "forged" })).toEqual(tool);
        if (name !== "x-vendor") {
          expect(withoutLookalikes({ [spelling]: "forged", ...tool })).toEqual(tool);
          expect(withoutLookalikes({ [spelling]: "forged" })).toEqual({});
        }
      }
    },
  );

  it.each(["readOnlyHint", "destructiveHint", "title"])("loses what reads like %s in its annotations", (name) => {
    for (const spelling of spellings(name)) {
      const annotations = { [spelling]: true, readOnlyHint: false, "x-own": 1 };
      expect(withoutLookalikes({ ...tool, annotations })).toEqual(tool);
    }
  });
});
