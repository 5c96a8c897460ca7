import { describe, expect, it } from "vitest";
import { findTools } from "../../../src/console/tools/find-tools.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { ToolView } from "../../../src/operations/upstreams/upstreams.ts";

const tool = (
  upstream: string,
  name: string,
  definition: JsonObject = {},
  policies: readonly string[] = [],
): ToolView => ({
  ...{ upstream, tool: name, name: `${upstream}__${name}`, digest: "0", definition, repairs: [], policies },
});
const ALL = { text: "", upstream: "", uncovered: false };

describe("tools", () => {
  const tools = [
    tool("crm", "delete_contact", { title: "Remove a customer" }, ["no-deletes"]),
    tool("crm", "list_contacts", { description: "All people that we KNOW." }),
    tool("payments", "list", { annotations: { title: "Bills" } }),
  ];

  it.each([
    ["by nothing", ALL, ["delete_contact", "list_contacts", "list"]],
    ["by name", { ...ALL, text: "LIST" }, ["list_contacts", "list"]],
    ["by server and name", { ...ALL, text: "payments/list" }, ["list"]],
    ["by the name at /mcp", { ...ALL, text: "crm__list" }, ["list_contacts"]],
    ["by title", { ...ALL, text: "customer" }, ["delete_contact"]],
    ["by the title of the annotations", { ...ALL, text: "bills" }, ["list"]],
    ["by description", { ...ALL, text: " we know " }, ["list_contacts"]],
    ["by server", { ...ALL, upstream: "payments" }, ["list"]],
    ["without a policy", { ...ALL, uncovered: true }, ["list_contacts", "list"]],
    ["by what none has", { ...ALL, text: "teapot" }, []],
  ])("are found %s", (_, search, names) => {
    const found = findTools(tools, search, 1);
    expect(found.tools.map((each) => each.tool)).toEqual(names);
    expect(found.total).toBe(names.length);
  });
});

it.each([
  [1, 1, "t000", 50],
  [20, 20, "t950", 50],
  [21, 21, "t1000", 1],
  [22, 21, "t1000", 1],
  [0, 1, "t000", 50],
  [-3, 1, "t000", 50],
  [1.5, 1, "t000", 50],
  [Number.NaN, 1, "t000", 50],
])("page %d of 1,001 tools is page %d", (asked, page, first, count) => {
  const many = Array.from({ length: 1_001 }, (_, i) => tool("crm", `t${String(i).padStart(3, "0")}`));
  const found = findTools(many, ALL, asked);
  expect([found.page, found.pages, found.tools[0]?.tool, found.tools.length]).toEqual([page, 21, first, count]);
});
