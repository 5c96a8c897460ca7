import { CodeBlock } from "../components/code-block.tsx";
import { EmptyState } from "../components/empty-state.tsx";

/** Stands where nothing was ever called: how to make a first call. `url` is the gateway's, without a path. */
export function NoCalls({ url }: { readonly url: string }) {
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}';
  const curl = [
    `curl ${url}/mcp -H "Authorization: Bearer <key>" \\`,
    "  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\",
    `  -H 'MCP-Protocol-Version: 2026-07-28' -d '${body}'`,
  ].join("\n");
  const claude = `claude mcp add --transport http portcullis ${url}/mcp --header "Authorization: Bearer <key>"`;
  return (
    <EmptyState title="No calls yet">
      <p>Every request is recorded here with what was decided and why, before anything happens. Connect a client:</p>
      <CodeBlock text={claude} label="Connect Claude Code" />
      <p>Any MCP client will do. This lists the tools that it can call:</p>
      <CodeBlock text={curl} label="List the tools with curl" />
      <p>
        <code>portcullis keys create</code> makes a key.
      </p>
    </EmptyState>
  );
}

/** Stands where a search found nothing. */
export function NothingFound({ reachedStart }: { readonly reachedStart: boolean }) {
  return (
    <EmptyState title={reachedStart ? "Nothing on record fits" : "Nothing that fits so far"}>
      <p>
        Users are found by their whole e-mail address or subject, tools as <code>upstream/tool</code> or by their whole
        name, policies by their id. <a href="/console/activity">Show everything</a>
      </p>
    </EmptyState>
  );
}
