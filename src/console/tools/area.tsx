import { type Context, Hono } from "hono";
import type { Area } from "../area.ts";
import { EmptyState } from "../components/empty-state.tsx";
import type { ConsoleEnv } from "../console-env.ts";
import { page } from "../layout.tsx";
import { missingPage } from "../plain-pages.tsx";
import { toolAt } from "../tool-path.ts";
import { findTools, type ToolSearch } from "./find-tools.ts";
import { ToolList } from "./tool-list.tsx";
import { ToolPage } from "./tool-page.tsx";
import { onOneLine } from "./tool-texts.ts";

/** What the gateway offers: every tool of every server. */
export const toolsArea: Area = {
  path: "tools",
  title: "Tools",
  admin: true,
  create: ({ operations: { tools } }) => {
    const app = new Hono<ConsoleEnv>();

    app.get("/", (c) => {
      const all = tools();
      const frame = { title: "Tools", area: "tools", lead: LEAD };
      if (all.length === 0) return page(c, frame, <NoTools />);
      const search = searchIn(c);
      const upstreams = [...new Set(all.map(({ upstream }) => upstream))];
      const found = findTools(all, search, Number(c.req.query("page") ?? "1"));
      return page(c, frame, <ToolList found={found} search={search} upstreams={upstreams} />);
    });

    app.get("/:upstream", (c) => showTool(c, { digest: c.req.query("digest") ?? "" }));
    app.get("/:upstream/:tool", (c) => showTool(c, { tool: c.req.param("tool") }));

    const showTool = (c: Context<ConsoleEnv, "/:upstream">, named: Parameters<typeof toolAt>[2]) => {
      const tool = toolAt(tools(), c.req.param("upstream"), named);
      if (tool === undefined) return missingPage(c);
      return page(c, { title: onOneLine(tool.tool, 120), area: "tools" }, <ToolPage tool={tool} />);
    };

    return app;
  },
};

const LEAD = "What the servers behind this gateway offer. Descriptions and hints are theirs.";

function searchIn(c: Context<ConsoleEnv>): ToolSearch {
  const { q = "", upstream = "", policies } = c.req.query();
  return { text: q.slice(0, 200), upstream, uncovered: policies === "none" };
}

function NoTools() {
  return (
    <EmptyState title="There are no tools yet">
      <p>
        The tools of every server that is up are listed here. <a href="/console/upstreams">See the servers</a>.
      </p>
    </EmptyState>
  );
}
