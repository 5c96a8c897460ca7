import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  fromJsonSchema,
  McpServer,
  ResourceTemplate,
  type ServerNotifier,
} from "@modelcontextprotocol/server";

const ARGUMENTS = fromJsonSchema<Record<string, unknown>>({ type: "object", properties: {} });

/** A modern server over HTTP that does what `linking-stdio.mjs` does. */
export interface LinkingUpstream {
  readonly url: string;
  readonly notify: ServerNotifier;
  close(): Promise<void>;
}

/** Starts one on a loopback port. */
export async function startLinkingUpstream(name: string): Promise<LinkingUpstream> {
  const handler = createMcpHandler(() => createLinkingServer(name), { legacy: "reject" });
  const serve = toNodeHandler(handler);
  // The adapter's structural type and Node's differ under exactOptionalPropertyTypes.
  const http = createServer((request, response) => void serve(request as Parameters<typeof serve>[0], response));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  if (typeof address !== "object" || address === null) throw new Error("No port was given.");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    notify: handler.notify,
    async close() {
      await handler.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function createLinkingServer(name: string): McpServer {
  const capabilities = { tools: {}, prompts: {}, completions: {}, resources: { subscribe: true } };
  const server = new McpServer({ name, version: "1" }, { capabilities });
  const read = async (uri: URL) => ({ contents: [{ uri: uri.href, text: `${name} read ${uri.href}` }] });
  const link = (uri: string) => ({ type: "resource_link" as const, uri, name: "a link" });
  const embedded = { type: "resource" as const, resource: { uri: "same://1", text: `${name} embedded` } };
  for (const uri of ["same://1", `own://${name}`, "ui://app"]) server.registerResource(`${name} ${uri}`, uri, {}, read);
  const complete = { id: () => [`${name} same://by/{id}`] };
  const byId = new ResourceTemplate("same://by/{id}", { list: undefined, complete });
  server.registerResource(`${name} by id`, byId, {}, read);
  server.registerResource(`${name} all`, new ResourceTemplate("{+anything}", { list: undefined }), {}, read);
  server.registerTool("links", { inputSchema: ARGUMENTS }, async () => ({
    content: [...["hidden://same", "same://1", `own://${name}`].map(link), embedded],
    structuredContent: { uri: "same://1", n: 1 },
  }));
  const _meta = { ui: { resourceUri: "ui://app" }, "ui/resourceUri": "ui://app" };
  server.registerTool("app", { inputSchema: ARGUMENTS, _meta }, async () => ({ content: [] }));
  server.registerPrompt("p", {}, async () => ({ messages: [{ role: "user", content: embedded }] }));
  return server;
}
