import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { withoutLookalikes } from "../../src/mcp/members/known-members.ts";

const spellings = (name: string) => [name.toUpperCase(), `${name}\u200b`, `${name}\0`, `${name}\u00ad`];

describe("what a server says of a tool, a prompt or a resource", () => {
  const tool: JsonObject = {
    name: "look",
    description: "d",
    inputSchema: { type: "object", properties: { Name: {}, Title: {} } },
    annotations: { readOnlyHint: false, "x-own": 1 },
    _meta: { "acme/Name": 1 },
    icons: [{ src: "https://a/i.png", "x-own": 1 }],
    arguments: [{ name: "a", required: true, "x-own": 1 }],
    execution: { taskSupport: "optional" },
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

  it.each([
    ["icons", "src"],
    ["icons", "mimeType"],
    ["arguments", "name"],
    ["arguments", "required"],
    ["arguments", "x-own"],
    ["execution", "taskSupport"],
    ["inputSchema", "properties"],
    ["inputSchema", "type"],
    ["_meta", "acme/Name"],
  ])("loses what stands in its %s and reads like %s", (member, name) => {
    for (const spelling of spellings(name)) {
      const value = tool[member];
      const forged = Array.isArray(value)
        ? value.map((item) => ({ ...item, [spelling]: "forged" }))
        : { ...(value as JsonObject), [spelling]: "forged" };
      expect(withoutLookalikes({ ...tool, [member]: forged })).toEqual(tool);
    }
  });

  it("loses keys that are too much to be compared", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${at}${"\ufdfa".repeat(200)}`, 1]));
    expect(Object.keys(withoutLookalikes({ ...many, name: "a", ["\ufdfa".repeat(300)]: 1 })).length).toBeLessThan(130);
  });
});
