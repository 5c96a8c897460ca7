import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { ApiEnv } from "../../src/admin/api-env.ts";
import { mountRoutes } from "../../src/admin/http/mount-routes.ts";
import { toolRoutes } from "../../src/admin/tool-routes.ts";
import { isObject } from "../../src/core/json.ts";
import type { ToolView } from "../../src/operations/upstreams/upstreams.ts";
import { principalOf } from "../support/approval-people.ts";

/** A tool whose description has so many characters. */
function tool(upstream: string, name: string, chars = 10): ToolView {
  const definition = { name, description: "x".repeat(chars) };
  return {
    ...{ upstream, tool: name, name: `${upstream}__${name}`, digest: "d", definition, repairs: [], policies: [] },
  };
}

/** Reads pages until the end; `between` changes the tools after each. */
async function read(tools: ToolView[], query: string, between: () => void = () => {}): Promise<string[][]> {
  const app = new Hono<ApiEnv>();
  app.use(async (c, next) => {
    c.set("operator", { principal: principalOf("root"), admin: true, lacks: undefined });
    await next();
  });
  mountRoutes(
    app,
    toolRoutes(() => tools),
  );
  const pages: string[][] = [];
  let cursor: unknown = null;
  do {
    const on = cursor === null ? "" : `&cursor=${String(cursor)}`;
    const answer = await app.request(`/api/v1/tools?${query}${on}`, {}, { incoming: {} });
    const body: unknown = await answer.json();
    if (!isObject(body) || !Array.isArray(body["items"])) throw new Error(JSON.stringify(body));
    pages.push(body["items"].map((item) => (isObject(item) ? `${item["upstream"]}/${item["tool"]}` : "")));
    cursor = body["next_cursor"];
    between();
  } while (cursor !== null);
  return pages;
}

describe("the list of tools", () => {
  it("goes on where a page ended, while tools come and go", async () => {
    const tools = ["a", "c", "e", "g"].map((name) => tool("crm", name));
    const pages = await read(tools, "limit=2", () => {
      if (tools[0]?.tool === "a") tools.splice(0, 1, tool("crm", "b"), tool("crm", "f"));
    });
    expect(pages).toEqual([["crm/a", "crm/c"], ["crm/e", "crm/f"], ["crm/g"]]);
  });

  it.each([
    ["upstream=crm", ["crm/find", "crm/find/all"]],
    ["name=FIND", ["crm/find", "crm/find/all", "hr/find"]],
    ["name=hr__", ["hr/find", "hr/hire"]],
    ["upstream=crm&name=hire", []],
  ])("narrows down by %s", async (query, names) => {
    const tools = [tool("hr", "hire"), tool("crm", "find/all"), tool("hr", "find"), tool("crm", "find")];
    expect((await read(tools, query)).flat()).toEqual(names);
  });

  it("ends a page early where definitions are very long, and skips none", async () => {
    const MB = 1024 * 1024;
    const tools = [tool("a", "1", 3 * MB), tool("a", "2", 3 * MB), tool("a", "3", 9 * MB), tool("a", "4")];
    expect(await read(tools, "limit=500")).toEqual([["a/1"], ["a/2"], ["a/3"], ["a/4"]]);
  });
});
