/** Run by `node`: a 2025-era server over stdio whose tool `exit` ends the process in the middle of the call. */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const server = new Server({ name: "vanishing", version: "1.0.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: ["pid", "exit"].map((name) => ({ name, inputSchema: { type: "object" as const } })),
}));
server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
  if (params.name === "exit") process.exit(3);
  return { content: [{ type: "text", text: String(process.pid) }] };
});
await server.connect(new StdioServerTransport());
