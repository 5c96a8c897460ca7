import { describe, expect, it } from "vitest";
import { readTool } from "../../src/catalog/entries.ts";
import { exposedName } from "../../src/catalog/naming.ts";
import { repairItem } from "../../src/catalog/repair.ts";
import { buildView, type ShownLists } from "../../src/catalog/view.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Scope } from "../../src/core/scope.ts";
import { ALL_TOOLS } from "../support/all-tools.ts";

const inputSchema = { type: "object" };

function listsOf(
  upstream: string,
  names: { tools?: string[]; prompts?: string[]; uris?: string[]; templates?: string[] },
): ShownLists {
  const listed = (field: "name" | "uri" | "uriTemplate", keys: string[] = []) =>
    keys.map((key) => ({ upstream, key, definition: { [field]: key, from: upstream } }));
  const lists = {
    tools: (names.tools ?? []).flatMap((name) => {
      const reading = readTool(
        { name: upstream, place: "" },
        repairItem("tools", { name, inputSchema, from: upstream }),
        ALL_TOOLS,
      );
      return reading.ok ? [reading.entry] : [];
    }),
    prompts: listed("name", names.prompts),
    resources: listed("uri", names.uris),
    resourceTemplates: listed("uriTemplate", names.templates),
  };
  return { lists, hidden: false };
}

const upstreams = new Map([
  [
    "crm",
    listsOf("crm", {
      tools: ["get", "delete_all"],
      prompts: ["report"],
      uris: ["x://a", "crm://1"],
      templates: ["crm://{id}"],
    }),
  ],
  [
    "hr",
    listsOf("hr", { tools: ["get"], prompts: ["report"], uris: ["x://a"], templates: ["hr://{id}/notes{?page}"] }),
  ],
]);

const all: Scope = { endpoint: "", upstreams: ["crm", "hr"], shows: () => true, prefixed: true };

describe("a merged view", () => {
  it("names tools and prompts after their upstream, in the order of the upstreams", () => {
    const view = buildView(all, (name) => upstreams.get(name));
    expect(view.items("tools").map((tool) => tool["name"])).toEqual(["crm__get", "crm__delete_all", "hr__get"]);
    expect(view.items("prompts").map((prompt) => prompt["name"])).toEqual(["crm__report", "hr__report"]);
    expect(view.tools.get("hr__get")).toMatchObject({ upstream: "hr", name: "get" });
  });

  it("keeps the rest of a definition, unknown fields included", () => {
    const view = buildView(all, (name) => upstreams.get(name));
    expect(view.items("tools")[0]).toEqual({ name: "crm__get", inputSchema, from: "crm" });
  });

  it("keeps original names where one upstream stands alone", () => {
    const view = buildView({ ...all, endpoint: "hr", upstreams: ["hr"], prefixed: false }, (name) =>
      upstreams.get(name),
    );
    expect(view.items("tools").map((tool) => tool["name"])).toEqual(["get"]);
  });

  it("shows only the tools that the endpoint selects", () => {
    const scope: Scope = { ...all, shows: (upstream, tool) => `${upstream}/${tool}` !== "crm/delete_all" };
    expect([...buildView(scope, (name) => upstreams.get(name)).tools.keys()]).toEqual(["crm__get", "hr__get"]);
  });

  it("knows whose the tools are that are hidden for now, and shows nothing of them", () => {
    const crm = upstreams.get("crm");
    const scope: Scope = { ...all, shows: (upstream, tool) => `${upstream}/${tool}` !== "crm/delete_all" };
    const view = buildView(scope, (name) =>
      name === "crm" && crm !== undefined ? { ...crm, hidden: true } : upstreams.get(name),
    );
    expect([...view.tools.keys()]).toEqual(["hr__get"]);
    expect(Array.from(view.absentTools, ([name, { upstream }]) => [name, upstream])).toEqual([["crm__get", "crm"]]);
    expect(view.items("resources").map(({ uri }) => uri)).not.toContain("crm://1");
    expect(view.resolveUri("crm://1")).toMatchObject({ upstream: "crm" });
  });

  it("leaves out an upstream that has no lists", () => {
    expect([...buildView(all, (name) => (name === "hr" ? upstreams.get(name) : undefined)).tools.keys()]).toEqual([
      "hr__get",
    ]);
  });
});

describe("a shown name", () => {
  it("is upstream and tool where that fits", () => {
    expect(exposedName("crm", "get_customer")).toBe("crm__get_customer");
  });

  it("never exceeds 64 characters and never collides when shortened", () => {
    const stem = "a".repeat(90);
    const names = [`${stem}1`, `${stem}2`, `${stem}é`, `${stem}/`].map((tool) => exposedName("crm", tool));
    expect(names.every((name) => name.length <= 64 && /^[A-Za-z0-9_.-]+$/.test(name))).toBe(true);
    expect(new Set(names).size).toBe(names.length);
  });

  it("replaces what clients do not accept, without mixing two tools up", () => {
    expect(exposedName("crm", "a b")).not.toBe(exposedName("crm", "a/b"));
    expect(exposedName("crm", "a b")).toMatch(/^crm__a_b_[0-9a-f]{8}$/);
  });
});

describe("a tool definition", () => {
  it.each([
    ["without a name", { inputSchema }],
    [
      "with two equal x-mcp-header",
      {
        name: "x",
        inputSchema: {
          type: "object",
          properties: { a: { type: "string", "x-mcp-header": "R" }, b: { type: "string", "x-mcp-header": "r" } },
        },
      },
    ],
    [
      "with x-mcp-header on a number",
      { name: "x", inputSchema: { type: "object", properties: { a: { type: "number", "x-mcp-header": "R" } } } },
    ],
    [
      "with x-mcp-header inside items",
      {
        name: "x",
        inputSchema: {
          type: "object",
          properties: { a: { type: "array", items: { type: "string", "x-mcp-header": "R" } } },
        },
      },
    ],
  ])("%s is left out, with a reason", (_name, definition) => {
    expect(
      readTool({ name: "crm", place: "" }, repairItem("tools", definition as JsonObject), ALL_TOOLS),
    ).toMatchObject({
      ok: false,
      reason: expect.any(String),
    });
  });

  it("has one digest whatever the order of its keys, and another after any change", () => {
    const digest = (definition: { [key: string]: string | object }) => {
      const reading = readTool({ name: "crm", place: "" }, repairItem("tools", definition as JsonObject), ALL_TOOLS);
      return reading.ok ? reading.entry.digest : undefined;
    };
    expect(digest({ name: "x", inputSchema })).toBe(digest({ inputSchema, name: "x" }));
    expect(digest({ name: "x", inputSchema })).not.toBe(digest({ name: "x", inputSchema, description: "more" }));
  });
});
