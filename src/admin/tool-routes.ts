import { z } from "zod";
import type { ToolView } from "../operations/upstreams/upstreams.ts";
import { BARE, type Route, route } from "./http/route.ts";
import { cursor, limitOf, pageOf } from "./list-schema.ts";

/** Characters of definitions in one page. A server may describe a single tool in a megabyte. */
const PAGE_CHARS = 4 * 1024 * 1024;

const toolSchema = z
  .object({
    upstream: z.string(),
    tool: z.string().describe("The name that its server gives it."),
    name: z.string().describe("As /mcp lists it."),
    digest: z.string().describe("SHA-256 of the definition."),
    definition: z.record(z.string(), z.unknown()).describe("As its server gives it: title, description, schemas."),
    repairs: z
      .array(z.string())
      .describe(
        "Members of the definition that clients could not read as the server gives them: repaired or left out.",
      ),
    policies: z.array(z.string()).describe("Ids of the policies that could bear on it, by their targets."),
  })
  .meta({ id: "Tool", description: "A tool that the gateway offers." });

/** The route of `tools`. */
export function toolRoutes(tools: () => readonly ToolView[]): readonly Route[] {
  return [
    route({
      ...BARE,
      ...{ method: "GET", path: "/tools", id: "listTools", tag: "upstreams", who: "administrators" },
      summary: "List the tools of all MCP servers",
      query: z.strictObject({
        upstream: z.string().min(1).max(64).optional().describe("Name of a server."),
        name: z.string().min(1).max(512).optional().describe("Part of a tool's name, in any case."),
        limit: limitOf(500, 100),
        cursor,
      }),
      answer: {
        status: 200,
        description: "A page of tools, by server and name. It ends early where their definitions are very long.",
        schema: pageOf(toolSchema),
      },
      async handle({ query, reply }) {
        const after = query.cursor === undefined ? undefined : placeIn(query.cursor);
        const part = query.name?.toLowerCase();
        const fits = (it: ToolView): boolean =>
          (query.upstream === undefined || it.upstream === query.upstream) &&
          (part === undefined || it.tool.toLowerCase().includes(part) || it.name.toLowerCase().includes(part)) &&
          (after === undefined || compare(it, after) > 0);
        const found = tools().filter(fits).sort(compare);
        const page = pageFrom(found, query.limit);
        const last = page.at(-1);
        const more = last !== undefined && page.length < found.length;
        return reply({ items: page.map(toolJson), next_cursor: more ? cursorAt(last) : null });
      },
    }),
  ];
}

function pageFrom(tools: readonly ToolView[], limit: number): readonly ToolView[] {
  let chars = 0;
  const fitting = tools.slice(0, limit).findIndex(({ definition }) => {
    chars += JSON.stringify(definition).length;
    return chars > PAGE_CHARS;
  });
  // The first one always, or the list would never go on.
  return tools.slice(0, fitting < 0 ? limit : Math.max(fitting, 1));
}

type Place = Pick<ToolView, "upstream" | "tool">;

function compare(a: Place, b: Place): number {
  return byText(a.upstream, b.upstream) || byText(a.tool, b.tool);
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

// The place in the order, not a number of rows: tools come and go between two pages.
function cursorAt({ upstream, tool }: Place): string {
  return Buffer.from(`${upstream}/${tool}`).toString("base64url");
}

function placeIn(text: string): Place {
  const path = Buffer.from(text, "base64url").toString("utf8");
  const slash = path.indexOf("/");
  return { upstream: path.slice(0, Math.max(slash, 0)), tool: path.slice(slash + 1) };
}

function toolJson({
  upstream,
  tool,
  name,
  digest,
  definition,
  repairs,
  policies,
}: ToolView): z.input<typeof toolSchema> {
  return {
    upstream,
    tool,
    name,
    digest,
    definition: { ...definition },
    repairs: [...repairs],
    policies: [...policies],
  };
}
