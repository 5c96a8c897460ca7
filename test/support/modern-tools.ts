import { acceptedContent, fromJsonSchema, inputRequired, McpServer } from "@modelcontextprotocol/server";

const NOTHING = fromJsonSchema<Record<string, unknown>>({ type: "object", properties: {} });
const TEXT = fromJsonSchema<{ text: string }>({
  type: "object",
  properties: { text: { type: "string" } },
  required: ["text"],
});

/** A 2026-era server on SDK v2 with one tool per thing that a call can do. `journal` gets what `order` and `wait` do. */
export function createModernServer(journal: string[] = []): McpServer {
  const server = new McpServer(
    { name: "modern-test-server", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
      },
      instructions: "For tests.",
    },
  );
  server.registerTool("echo", { inputSchema: TEXT }, async ({ text }) => ({ content: [{ type: "text", text }] }));
  server.registerTool("work", { inputSchema: NOTHING }, async (_args, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [1, 2]) {
      if (progressToken === undefined) continue;
      await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 2 } });
    }
    await mcpReq.log("info", "working");
    return { content: [{ type: "text", text: "worked" }] };
  });
  server.registerTool("ask", { inputSchema: NOTHING }, async (_args, { mcpReq }) => {
    const answer = acceptedContent<{ name: string }>(mcpReq.inputResponses, "who");
    if (answer !== undefined) return { content: [{ type: "text", text: `Hello, ${answer.name}.` }] };
    return inputRequired({
      inputRequests: {
        who: inputRequired.elicit({
          message: "Who are you?",
          requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
        }),
      },
    });
  });
  server.registerTool("order", { inputSchema: TEXT }, async ({ text }, { mcpReq }) => {
    const answer = acceptedContent<{ name: string }>(mcpReq.inputResponses, "who");
    journal.push(`${text} ${mcpReq.requestState<string>() ?? "first"}`);
    if (answer !== undefined) return { content: [{ type: "text", text: `${text} for ${answer.name}.` }] };
    return inputRequired({
      inputRequests: {
        who: inputRequired.elicit({
          message: "For whom?",
          requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
        }),
      },
      requestState: `asked for ${text}`,
    });
  });
  server.registerTool("wait", { inputSchema: NOTHING }, async (_args, { mcpReq }) => {
    journal.push("waiting");
    await new Promise<void>((resolve) => mcpReq.signal.addEventListener("abort", () => resolve(), { once: true }));
    journal.push("cancelled");
    return { content: [{ type: "text", text: "cancelled" }] };
  });
  server.registerResource("config", "test://config", {}, async (uri) => ({
    contents: [{ uri: uri.href, text: "on" }],
  }));
  return server;
}
