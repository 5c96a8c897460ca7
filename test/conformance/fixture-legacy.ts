/**
 * A 2025-era server for the conformance suite, on SDK v1: Streamable HTTP with sessions, and tools that ask the client
 * (sampling, elicitation) while they run.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ErrorCode,
  GetPromptRequestSchema,
  isInitializeRequest,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  type LoggingLevel,
  LoggingLevelSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  type Tool,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import { ASKS } from "./fixture-asks.ts";
import {
  complete,
  ERROR_TEXT,
  getPrompt,
  JSON_SCHEMA_2020_12_TOOL,
  NO_ARGUMENTS,
  PROMPTS,
  RESOURCE_TEMPLATES,
  RESOURCES,
  readResource,
  STATIC_TOOLS,
  text,
} from "./fixture-content.ts";
import { serveLoopback } from "./loopback.ts";

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

interface FixtureTool {
  readonly definition: Tool;
  run(args: Record<string, unknown>, extra: Extra): Promise<CallToolResult>;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// Compiling a validator per session would make every `initialize` slow.
const schemas = new AjvJsonSchemaValidator();

/** One server is one session. `closeStream` ends the SSE stream of a request, so that the client must resume. */
function createFixture(closeStream: (id: string | number) => void): Server {
  const subscriptions = new Set<string>();
  let level: LoggingLevel = "info";

  const server = new Server(
    { name: "conformance-fixture-legacy", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      jsonSchemaValidator: schemas,
    },
  );

  async function log(extra: Extra, at: LoggingLevel, data: string): Promise<void> {
    const order = LoggingLevelSchema.options;
    if (order.indexOf(at) < order.indexOf(level)) return;
    await extra.sendNotification({ method: "notifications/message", params: { level: at, data } });
  }

  const tools: readonly FixtureTool[] = [
    ...STATIC_TOOLS.map(({ content, ...definition }) => ({
      definition: { ...definition, inputSchema: NO_ARGUMENTS },
      run: async () => ({ content }),
    })),
    {
      definition: { name: "test_error_handling", description: "Always fails", inputSchema: NO_ARGUMENTS },
      run: async () => ({ isError: true, content: [text(ERROR_TEXT)] }),
    },
    {
      definition: JSON_SCHEMA_2020_12_TOOL,
      run: async (args) => ({ content: [text(JSON.stringify(args))] }),
    },
    {
      definition: { name: "test_tool_with_logging", description: "Logs while it runs", inputSchema: NO_ARGUMENTS },
      run: async (_args, extra) => {
        await log(extra, "info", "Tool execution started");
        await pause(50);
        await log(extra, "info", "Tool processing data");
        await pause(50);
        await log(extra, "info", "Tool execution completed");
        return { content: [text("Logged three messages")] };
      },
    },
    {
      definition: { name: "test_tool_with_progress", description: "Reports progress", inputSchema: NO_ARGUMENTS },
      run: async (_args, extra) => {
        const progressToken = extra._meta?.progressToken;
        for (const progress of [0, 50, 100]) {
          if (progress > 0) await pause(50);
          if (progressToken === undefined) continue;
          await extra.sendNotification({
            method: "notifications/progress",
            params: { progressToken, progress, total: 100, message: `Completed step ${progress} of 100` },
          });
        }
        return { content: [text("Reported progress three times")] };
      },
    },
    {
      definition: { name: "test_reconnection", description: "Ends its stream early", inputSchema: NO_ARGUMENTS },
      run: async (_args, extra) => {
        closeStream(extra.requestId);
        await pause(100);
        return { content: [text("The client came back for this")] };
      },
    },
    {
      definition: {
        name: "test_sampling",
        description: "Asks the client's model",
        inputSchema: {
          type: "object",
          properties: { prompt: { type: "string", description: "The prompt to send to the model" } },
          required: ["prompt"],
        },
      },
      run: async (args, extra) => {
        if (server.getClientCapabilities()?.sampling === undefined) return unsupported("sampling");
        const answer = await extra.sendRequest(
          {
            method: "sampling/createMessage",
            params: { messages: [{ role: "user", content: text(String(args["prompt"])) }], maxTokens: 100 },
          },
          CreateMessageResultSchema,
        );
        const said = answer.content.type === "text" ? answer.content.text : answer.content.type;
        return { content: [text(`LLM response: ${said}`)] };
      },
    },
    ...ASKS.map(({ name, description, inputSchema, request, report }) => ({
      definition: { name, description, inputSchema },
      run: async (args: Record<string, unknown>, extra: Extra): Promise<CallToolResult> => {
        if (server.getClientCapabilities()?.elicitation === undefined) return unsupported("elicitation");
        const answer = await extra.sendRequest(
          { method: "elicitation/create", params: request(args) },
          ElicitResultSchema,
        );
        return { content: [text(report(answer))] };
      },
    })),
  ];
  const byName = new Map(tools.map((tool) => [tool.definition.name, tool]));

  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map((tool) => tool.definition) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const tool = byName.get(params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    return tool.run(params.arguments ?? {}, extra);
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: RESOURCES }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: RESOURCE_TEMPLATES }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const found = readResource(uri);
    if (found === undefined) throw new McpError(-32002, "Resource not found", { uri });
    return found;
  });
  server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
    subscriptions.add(uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    subscriptions.delete(uri);
    return {};
  });
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: PROMPTS }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const prompt = getPrompt(params.name, params.arguments ?? {});
    if (prompt === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown prompt: ${params.name}`);
    return prompt;
  });
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => complete(params.argument.value));
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    level = params.level;
    return {};
  });
  return server;
}

function unsupported(capability: string): CallToolResult {
  return { isError: true, content: [text(`The client does not support ${capability}`)] };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

const sessions = new Map<string, StreamableHTTPServerTransport>();

serveLoopback(async (request, response) => {
  const id = request.headers["mcp-session-id"];
  const body = request.method === "POST" ? await readBody(request) : undefined;
  if (typeof id === "string") {
    const transport = sessions.get(id);
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handleRequest(request, response, body);
    return;
  }
  if (!isInitializeRequest(body)) {
    response.writeHead(400).end();
    return;
  }
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (opened) => void sessions.set(opened, transport),
    onsessionclosed: (closed) => void sessions.delete(closed),
  });
  await createFixture((requestId) => transport.closeSSEStream(requestId)).connect(transport);
  await transport.handleRequest(request, response, body);
});
