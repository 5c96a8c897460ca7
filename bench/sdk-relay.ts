/**
 * The other way to build a gateway, as the SDK's documentation shows: an SDK server whose tool handler calls an SDK
 * client. PORT is where it listens, UPSTREAM what it relays to.
 */
import { createServer, type IncomingMessage } from "node:http";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { ECHO_TOOL } from "./echo-call.ts";

const upstream = process.env["UPSTREAM"];
if (upstream === undefined) throw new Error("UPSTREAM is not set");

const client = new Client({ name: "relay", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
await client.connect(new StreamableHTTPClientTransport(new URL(upstream)));

const inputSchema = fromJsonSchema<Record<string, unknown>>(ECHO_TOOL.inputSchema);
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "relay", version: "1.0.0" });
  server.registerTool(ECHO_TOOL.name, { description: ECHO_TOOL.description, inputSchema }, (args) =>
    client.callTool({ name: ECHO_TOOL.name, arguments: args }),
  );
  return server;
});

const answer = toNodeHandler(handler);
const server = createServer((request, response) => {
  answer(request as IncomingMessage & { method: string; url: string }, response).catch(() => response.destroy());
});
server.listen(Number(process.env["PORT"]), "127.0.0.1", () => process.stdout.write("listening\n"));
process.once("SIGTERM", () => process.exit(0));
