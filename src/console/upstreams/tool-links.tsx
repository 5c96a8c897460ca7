import type { ToolView } from "../../operations/upstreams/upstreams.ts";
import { harmless } from "../harmless.ts";
import { toolPath } from "../tool-path.ts";

/** Most tools that are named; the list of tools has them all. */
const MAX_NAMED = 40;

/** The tools of one upstream by name, each leading to its page. */
export function ToolLinks({ upstream, tools }: { readonly upstream: string; readonly tools: readonly ToolView[] }) {
  if (tools.length === 0) return <p>It offers none now.</p>;
  return (
    <>
      <ul class="inline">
        {tools.slice(0, MAX_NAMED).map((tool) => (
          <li>
            <a class="mono" href={toolPath(tool)}>
              {harmless(tool.tool, 80).text}
            </a>
          </li>
        ))}
      </ul>
      {tools.length > MAX_NAMED ? (
        <p>
          <a href={`/console/tools?upstream=${upstream}`}>All {tools.length} tools</a>
        </p>
      ) : null}
    </>
  );
}
