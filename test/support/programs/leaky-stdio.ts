/**
 * Run by `node`: a server over stdio whose every word holds a card number or an e-mail address. The argument says which
 * era it speaks: `legacy` (SDK v1) or `modern` (SDK v2).
 */

import { Server as LegacyServer } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ElicitResultSchema,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import {
  acceptedContent,
  inputRequired,
  type CallToolResult as ModernResult,
  Server as ModernServer,
  ProtocolError,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";

const CARD = "4111 1111 1111 1111";
const EMAIL = "ann@example.com";

const RECORD = { name: "Ann", email: EMAIL, card: CARD };
const ASK = {
  message: `Send it to ${EMAIL}?`,
  requestedSchema: { type: "object" as const, properties: { name: { type: "string" as const, description: EMAIL } } },
};

const RESULTS: Readonly<Record<string, CallToolResult & ModernResult>> = {
  record: {
    content: [
      { type: "text", text: JSON.stringify(RECORD) },
      { type: "text", text: `Ann pays with ${CARD}.` },
      { type: "resource", resource: { uri: "crm://ann", mimeType: "text/plain", text: `mailto:${EMAIL}` } },
    ],
    structuredContent: RECORD,
  },
  clean: { content: [{ type: "text", text: "nothing to see" }], structuredContent: { amount: 1 } },
  deep: { content: [], structuredContent: nested(70) },
  work: { content: [{ type: "text", text: "done" }] },
};

const TOOLS = ["record", "clean", "deep", "work", "hold", "fail", "ask"].map((name) => ({
  name,
  inputSchema: { type: "object" as const },
  ...(name === "record" && {
    outputSchema: {
      type: "object" as const,
      properties: {
        name: { type: "string" },
        email: { type: "string", pattern: "@" },
        card: { type: "string", pattern: "^[0-9 ]+$" },
      },
      required: ["email", "card"],
    },
  }),
}));

const INFO = { name: "leaky", version: "1.0.0" };
const CAPABILITIES = { tools: {}, logging: {} };

function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? { email: EMAIL } : { in: nested(depth - 1) };
}

function resultOf(name: string) {
  return RESULTS[name] ?? { content: [{ type: "text" as const, text: `no tool ${name}` }], isError: true };
}

// Two calls that wait for each other: `hold` ends only after `work` has said what it says.
function createMeeting() {
  const reached = new Set<string>();
  const waiting = new Map<string, () => void>();
  const reach = (point: string): void => {
    reached.add(point);
    waiting.get(point)?.();
  };
  return {
    reached: reach,
    until(here: string, there: string): Promise<void> {
      reach(here);
      return reached.has(there) ? Promise.resolve() : new Promise((resolve) => waiting.set(there, resolve));
    },
  };
}

async function serveLegacy(): Promise<void> {
  const server = new LegacyServer(INFO, { capabilities: CAPABILITIES });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS }));
  const together = createMeeting();
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args, _meta } }, extra) => {
    if (name === "fail") throw new McpError(-32050, `No account of ${EMAIL}.`, { email: EMAIL });
    if (name === "ask") {
      const answer = await extra.sendRequest({ method: "elicitation/create", params: ASK }, ElicitResultSchema);
      return { content: [{ type: "text", text: `Sent by ${String(answer.content?.["name"])}.` }] };
    }
    if (name === "hold") {
      await together.until("held", "worked");
      return { content: [{ type: "text", text: "held" }] };
    }
    if (name === "work") {
      if (args?.["together"] === true) await together.until("working", "held");
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined) {
        const params = { progressToken, progress: 1, message: `Writing to ${EMAIL}` };
        await extra.sendNotification({ method: "notifications/progress", params });
      }
      const params = { level: "info" as const, data: { to: EMAIL } };
      await extra.sendNotification({ method: "notifications/message", params });
      together.reached("worked");
    }
    return resultOf(name);
  });
  await server.connect(new StdioServerTransport());
}

function createModern(): ModernServer {
  const server = new ModernServer(INFO, { capabilities: CAPABILITIES });
  server.setRequestHandler("tools/list", () => ({ tools: TOOLS }));
  server.setRequestHandler("tools/call", async ({ params: { name } }, { mcpReq }) => {
    if (name === "fail") throw new ProtocolError(-32050, `No account of ${EMAIL}.`, { email: EMAIL });
    if (name === "ask") {
      const answer = acceptedContent<{ name: string }>(mcpReq.inputResponses, "who");
      if (answer !== undefined) return { content: [{ type: "text", text: `Sent by ${answer.name}.` }] };
      return inputRequired({ inputRequests: { who: inputRequired.elicit(ASK) } });
    }
    if (name === "work") {
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken !== undefined) {
        const params = { progressToken, progress: 1, message: `Writing to ${EMAIL}` };
        await mcpReq.notify({ method: "notifications/progress", params });
      }
      await mcpReq.log("info", { to: EMAIL });
    }
    return resultOf(name);
  });
  return server;
}

if (process.argv[2] === "modern") serveStdio(createModern, { legacy: "reject" });
else await serveLegacy();
