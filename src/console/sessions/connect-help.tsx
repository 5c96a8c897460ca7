import { CodeBlock } from "../components/code-block.tsx";

/** What to write where, so that a client connects. `mcp` is the URL of the endpoint. */
export function ConnectHelp({ mcp }: { readonly mcp: string }) {
  const headers = { Authorization: "Bearer <key>" };
  const add = `claude mcp add --transport http portcullis ${mcp} --header "Authorization: Bearer <key>"`;
  const entries = [
    ["Claude Code, in a terminal", add],
    ["Cursor, in .cursor/mcp.json", json({ mcpServers: { portcullis: { url: mcp, headers } } })],
    ["VS Code, in .vscode/mcp.json", json({ servers: { portcullis: { type: "http", url: mcp, headers } } })],
  ] as const;
  return (
    <>
      {entries.map(([where, text]) => (
        <>
          <h3>{where}</h3>
          <CodeBlock text={text} label={where} />
        </>
      ))}
      <p>
        <code>portcullis keys create</code> makes a key. Where people sign in with an identity provider, leave the
        header out: the client asks them to.
      </p>
    </>
  );
}

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
