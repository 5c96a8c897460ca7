import { specTypeSchemas } from "@modelcontextprotocol/client";
import {
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { readListed } from "../../src/catalog/entries.ts";
import { repairItem } from "../../src/catalog/repair.ts";
import { writeExact } from "../../src/core/exact-json.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ListKind } from "../../src/mcp/messages.ts";
import { numbersIn } from "../support/json-texts.ts";
import { ODD_ITEMS, RIGHT_ITEMS } from "../support/odd-items.ts";

const SCHEMAS = {
  tools: ListToolsResultSchema,
  prompts: ListPromptsResultSchema,
  resources: ListResourcesResultSchema,
  resourceTemplates: ListResourceTemplatesResultSchema,
} as const;

const MODERN = {
  tools: specTypeSchemas.ListToolsResult,
  prompts: specTypeSchemas.ListPromptsResult,
  resources: specTypeSchemas.ListResourcesResult,
  resourceTemplates: specTypeSchemas.ListResourceTemplatesResult,
} as const;

const input = { type: "object" };

/** A size that is a 64-bit integer for Go, numbers that a double holds, and texts of whole characters for Python. */
function isReadElsewhere(item: JsonObject): boolean {
  const text = writeExact(item);
  const size = /"size":([^,}]*)/.exec(text)?.[1] ?? "0";
  const isWhole = /^-?\d+$/.test(size) && BigInt.asIntN(64, BigInt(size)) === BigInt(size);
  return isWhole && numbersIn(text).every((number) => Number.isFinite(Number(number))) && !/\\ud[89a-f]/.test(text);
}

function isRead(kind: ListKind, given: JsonObject): boolean {
  const item = JSON.parse(writeExact(given));
  if (!isReadElsewhere(given)) return false;
  // Older clients get no schema of a result that is no object's.
  const { outputSchema, ...rest } = item;
  const shown = isObjectSchema(outputSchema) ? item : rest;
  const modern = MODERN[kind]["~standard"].validate({
    [kind]: [item],
    resultType: "complete",
    ttlMs: 0,
    cacheScope: "private",
  });
  return SCHEMAS[kind].safeParse({ [kind]: [shown] }).success && !("issues" in modern && modern.issues !== undefined);
}

function isObjectSchema(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "type" in schema && schema.type === "object";
}

describe("what servers list", () => {
  it(`is readable after its repair, whatever is wrong with it (${ODD_ITEMS.length} items)`, () => {
    const unread = ODD_ITEMS.filter(({ kind, item }) => !isRead(kind, repairItem(kind, item).item));
    expect(unread).toEqual([]);
    // The table is one of odd items.
    expect(ODD_ITEMS.filter(({ kind, item }) => !isRead(kind, item)).length).toBeGreaterThan(300);
  });

  it("is told to be repaired where it is, and is the very same where nothing is wrong", () => {
    for (const { kind, item } of ODD_ITEMS) {
      const { item: repaired, repairs } = repairItem(kind, item);
      expect(repairs.length > 0).toBe(repaired !== item);
      if (repaired === item) expect(isRead(kind, item)).toBe(true);
    }
    for (const [kind, right] of Object.entries(RIGHT_ITEMS)) {
      expect(repairItem(kind as ListKind, right).item).toBe(right);
    }
  });

  it.each<[string, ListKind, JsonObject, JsonObject, readonly string[]]>([
    [
      "a schema that says nothing",
      "tools",
      { name: "t", inputSchema: {} },
      { name: "t", inputSchema: input },
      ["inputSchema.type"],
    ],
    [
      "a task that the gateway does not run",
      "tools",
      { name: "t", inputSchema: input, execution: { taskSupport: "required" } },
      { name: "t", inputSchema: input, execution: {} },
      ["execution.taskSupport"],
    ],
    ["no schema", "tools", { name: "t" }, { name: "t", inputSchema: input }, ["inputSchema"]],
    [
      "a type that may be null",
      "tools",
      { name: "t", inputSchema: { type: ["object", "null"], anyOf: [{}] } },
      { name: "t", inputSchema: { type: "object", anyOf: [{}] } },
      ["inputSchema.type"],
    ],
    [
      "schemas that are true or false",
      "tools",
      { name: "t", inputSchema: { ...input, properties: { a: true, b: false, c: { type: "string" }, d: 7 } } },
      { name: "t", inputSchema: { ...input, properties: { a: {}, b: { not: {} }, c: { type: "string" } } } },
      ["inputSchema.properties"],
    ],
    [
      "null for nothing",
      "tools",
      { name: "t", title: null, description: null, annotations: null, inputSchema: input, extra: null },
      { name: "t", inputSchema: input, extra: null },
      ["title", "description", "annotations"],
    ],
    [
      "one wrong hint among right ones",
      "tools",
      { name: "t", inputSchema: input, annotations: { readOnlyHint: true, destructiveHint: "no", own: 1 } },
      { name: "t", inputSchema: input, annotations: { readOnlyHint: true, own: 1 } },
      ["annotations.destructiveHint"],
    ],
    [
      "one wrong icon among right ones",
      "prompts",
      { name: "p", icons: [{ src: "a://b", sizes: "48x48" }, { mimeType: "image/png" }] },
      { name: "p", icons: [{ src: "a://b" }] },
      ["icons.sizes", "icons"],
    ],
    ["no name", "resources", { uri: "a://b" }, { uri: "a://b", name: "a://b" }, ["name"]],
  ])("%s is repaired as little as possible", (_what, kind, item, expected, repairs) => {
    expect(repairItem(kind, item)).toEqual({ item: expected, repairs });
  });

  it("is left out where its URI is none that every client reads", () => {
    for (const uri of [
      "guide",
      "/etc/hosts",
      "1a://x",
      "http://",
      "http://[x",
      "http://a b/",
      "a://h:x/",
      "a://b^c/",
      "a://\ud83d",
    ]) {
      expect(readListed("up", { uri, name: "r" }, "uri")).toMatchObject({ ok: false });
    }
    for (const uri of [
      "a:b c",
      "urn:x",
      "screen://",
      "ui:///x?y={z}",
      "a://%zz/",
      "file:///a b",
      "postgres://u:p@h:1/db",
    ]) {
      expect(readListed("up", { uri, name: "r" }, "uri")).toMatchObject({ ok: true });
    }
    expect(readListed("up", { name: "\ud83d" }, "name")).toMatchObject({ ok: false });
    expect(readListed("up", { uriTemplate: "{+path}", name: "r" }, "uriTemplate")).toMatchObject({ ok: true });
  });
});
