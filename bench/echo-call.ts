/** The tool that every server of the benchmark offers. */
export const ECHO_TOOL = {
  name: "echo",
  description: "Answers with the text that it was given",
  inputSchema: {
    type: "object" as const,
    properties: { text: { type: "string" }, amount: { type: "number" } },
    required: ["text"],
  },
};

/** What is echoed: about as long as a short answer of a real tool. */
export const ECHO_TEXT = "The quick brown fox jumps over the lazy dog and files an expense for it. ".repeat(2).trim();

/** A modern `tools/call` of the echo tool, as JSON text. `capabilities`: what its client can do. */
export function echoBody(
  id: number | string,
  args: Record<string, unknown> = { text: ECHO_TEXT, amount: 12.5 },
  capabilities: object = {},
): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: {
      name: ECHO_TOOL.name,
      arguments: args,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": capabilities,
      },
    },
  });
}

/** The headers that go with it. */
export function echoHeaders(token: string | undefined): Record<string, string> {
  return {
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": ECHO_TOOL.name,
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
}

/** Calls once and makes sure that the echo came back. @throws if anything else did */
export async function checkEcho(url: string, token: string | undefined): Promise<void> {
  const response = await fetch(url, { method: "POST", headers: echoHeaders(token), body: echoBody(1) });
  const text = await response.text();
  if (!response.ok || !text.includes(ECHO_TEXT)) {
    throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
  }
}
