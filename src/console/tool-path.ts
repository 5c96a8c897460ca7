import type { ToolView } from "../operations/upstreams/upstreams.ts";

/** Longest name that is put into an address. */
const MAX_NAME_CHARS = 500;

/**
 * The page of a tool. Most names stand in its path. Some cannot: browsers take `.` and `..` for steps, and half a
 * surrogate pair has no encoding; those are found by the digest of their definition.
 */
export function toolPath({ upstream, tool, digest }: Pick<ToolView, "upstream" | "tool" | "digest">): string {
  const base = `/console/tools/${encodeURIComponent(upstream)}`;
  const inPath = tool.length <= MAX_NAME_CHARS && !/^\.{1,2}$|\p{Cs}/u.test(tool);
  return inPath ? `${base}/${encodeURIComponent(tool)}` : `${base}?digest=${digest}`;
}

/** The tool that such an address names. */
export function toolAt(
  tools: readonly ToolView[],
  upstream: string,
  named: { readonly tool: string } | { readonly digest: string },
): ToolView | undefined {
  return tools.find((each) => {
    if (each.upstream !== upstream) return false;
    return "tool" in named ? each.tool === named.tool : each.digest === named.digest;
  });
}
