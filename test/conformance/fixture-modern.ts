/**
 * A 2026-07-28 server for the conformance suite, on SDK v2: stateless, rounds through `input_required`, listening
 * streams. Clients of the 2025 era are refused, so that nothing is tested by accident over the other era.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import {
  acceptedContent,
  createMcpHandler,
  createRequestStateCodec,
  fromJsonSchema,
  inputRequired,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
} from "@modelcontextprotocol/server";
import { complete, getPrompt, PROMPTS, RESOURCE_TEMPLATES, RESOURCES, readResource, text } from "./fixture-content.ts";
import { askFor, createModernTools, type ModernTool, type RoundState } from "./fixture-modern-tools.ts";
import { serveLoopback } from "./loopback.ts";

const ASKING_PROMPT = {
  name: "test_input_required_result_prompt",
  title: "Asking prompt",
  description: "A prompt that asks the user before it renders",
};
const CHANGING_PROMPT = { name: "test_changing_prompt", description: "Comes and goes" };
const CHANGING_TOOL: ModernTool = {
  name: "test_changing_tool",
  description: "Comes and goes",
  inputSchema: { type: "object", properties: {} },
  run: async () => ({ content: [text("Still here")] }),
};

const codec = createRequestStateCodec<RoundState>({ key: randomBytes(32) });

// Every request gets a server of its own; what must outlive it stands here.
let extraTool = false;
let extraPrompt = false;

const tools = createModernTools({
  mint: (state) => codec.mint(state),
  changeTools() {
    extraTool = !extraTool;
    handler.notify.toolsChanged();
  },
  changePrompts() {
    extraPrompt = !extraPrompt;
    handler.notify.promptsChanged();
  },
}).map((tool) => ({ ...tool, schema: fromJsonSchema<Record<string, unknown>>(tool.inputSchema) }));
const changingTool = { ...CHANGING_TOOL, schema: fromJsonSchema<Record<string, unknown>>(CHANGING_TOOL.inputSchema) };

function createFixture(): McpServer {
  const mcp = new McpServer(
    { name: "conformance-fixture-modern", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: codec.verify },
    },
  );
  for (const { name, description, schema, run } of extraTool ? [...tools, changingTool] : tools) {
    mcp.registerTool(name, { description, inputSchema: schema }, run);
  }

  const { server } = mcp;
  server.setRequestHandler("resources/list", () => ({ resources: RESOURCES }));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: RESOURCE_TEMPLATES }));
  server.setRequestHandler("resources/read", ({ params: { uri } }) => {
    const found = readResource(uri);
    if (found === undefined) throw new ResourceNotFoundError(uri);
    return found;
  });
  server.setRequestHandler("prompts/list", () => ({
    prompts: [...PROMPTS, ASKING_PROMPT, ...(extraPrompt ? [CHANGING_PROMPT] : [])],
  }));
  server.setRequestHandler("prompts/get", ({ params }, { mcpReq }) => {
    if (params.name === ASKING_PROMPT.name) {
      const context = acceptedContent(mcpReq.inputResponses, "user_context")?.["context"];
      return typeof context === "string"
        ? { messages: [{ role: "user" as const, content: text(`Use this context: ${context}`) }] }
        : inputRequired({ inputRequests: { user_context: askFor("context", "What context should the prompt use?") } });
    }
    if (params.name === CHANGING_PROMPT.name && extraPrompt) {
      return { messages: [{ role: "user" as const, content: text("Still here") }] };
    }
    const prompt = getPrompt(params.name, params.arguments ?? {});
    if (prompt === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${params.name}`);
    }
    return prompt;
  });
  server.setRequestHandler("completion/complete", ({ params }) => complete(params.argument.value));
  return mcp;
}

const handler = createMcpHandler(createFixture, {
  legacy: "reject",
  onerror: (error) => process.stderr.write(`${error.message}\n`),
});

const answer = toNodeHandler(handler);
// A request that a server received has a method and a URL; only the type, which clients share, does not say so.
serveLoopback((request, response) => answer(request as IncomingMessage & { method: string; url: string }, response));
