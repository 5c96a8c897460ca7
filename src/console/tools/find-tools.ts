import type { ToolView } from "../../operations/upstreams/upstreams.ts";
import { descriptionOf, titleOf } from "./tool-texts.ts";

/** What is looked for; empty texts ask for nothing. */
export interface ToolSearch {
  /** Anywhere in the names, the title or the beginning of the description. */
  readonly text: string;
  readonly upstream: string;
  /** Only tools about which no policy speaks. */
  readonly uncovered: boolean;
}

/** One page of what was found. */
export interface ToolsFound {
  readonly tools: readonly ToolView[];
  readonly total: number;
  /** 1 and up. */
  readonly page: number;
  readonly pages: number;
}

/** How much of a description is searched: some servers send a book. */
const MAX_SEARCHED = 2_000;

const PAGE_TOOLS = 50;

/** Finds tools. A page beyond the last is the last. */
export function findTools(all: readonly ToolView[], search: ToolSearch, page: number): ToolsFound {
  const text = search.text.trim().toLowerCase();
  const found = all.filter((tool) => {
    if (search.upstream !== "" && tool.upstream !== search.upstream) return false;
    if (search.uncovered && tool.policies.length > 0) return false;
    return text === "" || searched(tool).includes(text);
  });
  const pages = Math.max(1, Math.ceil(found.length / PAGE_TOOLS));
  const shown = Math.min(Math.max(Number.isInteger(page) ? page : 1, 1), pages);
  const tools = found.slice((shown - 1) * PAGE_TOOLS, shown * PAGE_TOOLS);
  return { tools, total: found.length, page: shown, pages };
}

function searched({ upstream, tool, name, definition }: ToolView): string {
  const description = (descriptionOf(definition) ?? "").slice(0, MAX_SEARCHED);
  return `${upstream}/${tool} ${name} ${titleOf(definition) ?? ""} ${description}`.toLowerCase();
}
