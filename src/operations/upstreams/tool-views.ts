import type { View } from "../../catalog/view.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import type { ToolView } from "./upstreams.ts";

/** Makes the function that shows every tool, by upstream and name; made anew only when tools or policies changed. */
export function createToolViews(deps: {
  /** Everything that `/mcp` shows: the same object until something in it changes. */
  readonly view: () => View | undefined;
  readonly policies: () => PolicySet;
}): () => readonly ToolView[] {
  let known: { readonly view: View; readonly set: PolicySet; readonly tools: readonly ToolView[] } | undefined;
  return () => {
    const view = deps.view();
    const set = deps.policies();
    if (view === undefined) return [];
    if (known?.view === view && known.set === set) return known.tools;
    const tools = Array.from(view.tools, ([name, tool]): ToolView => {
      const { upstream, listed: definition, digest, repairs } = tool;
      const policies = set
        .about({ kind: "tool", upstream, name: tool.name, definition: tool.definition })
        .map((policy) => policy.id);
      return { upstream, tool: tool.name, name, digest, definition, repairs, policies };
    }).sort((a, b) => compare(a.upstream, b.upstream) || compare(a.tool, b.tool));
    known = { view, set, tools };
    return tools;
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
