import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { ToolAnswer } from "./clients.ts";

/** A client with a user behind it, whose name is given to every form that wants one. */
export interface AskingClient {
  /** The methods that it was asked, oldest first. */
  readonly asked: readonly string[];
  call(name: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** SDK v1, answering elicitation, sampling and roots. */
export async function connectAskingSdk1(
  url: string,
  user = "Ada",
  headers: Record<string, string> = {},
): Promise<AskingClient & { readonly client: LegacyClient }> {
  const asked: string[] = [];
  const client = new LegacyClient(
    { name: "asking-client", version: "1.0.0" },
    { capabilities: { elicitation: {}, sampling: {}, roots: { listChanged: true } } },
  );
  client.setRequestHandler(ElicitRequestSchema, ({ method }) => {
    asked.push(method);
    return { action: "accept", content: { name: user, check: true } };
  });
  client.setRequestHandler(CreateMessageRequestSchema, ({ method }) => {
    asked.push(method);
    return { model: "model-of-the-test", role: "assistant", content: { type: "text", text: `said for ${user}` } };
  });
  client.setRequestHandler(ListRootsRequestSchema, ({ method }) => {
    asked.push(method);
    return { roots: [{ uri: `file:///home/${user}`, name: user }] };
  });
  // The SDK's own types disagree under exactOptionalPropertyTypes.
  await client.connect(new LegacyTransport(new URL(url), { requestInit: { headers } }) as Transport);
  return {
    client,
    asked,
    call: async (name, args = {}) =>
      toAnswer(await client.callTool({ name, arguments: args }, CallToolResultSchema, { timeout: 15_000 })),
    close: () => client.close(),
  };
}

/** SDK v2 in the modern era, answering elicitation and roots. */
export async function connectAskingSdk2(
  url: string,
  user = "Ada",
  headers: Record<string, string> = {},
): Promise<AskingClient & { readonly client: ModernClient }> {
  const asked: string[] = [];
  const client = new ModernClient(
    { name: "asking-client", version: "2.0.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } }, capabilities: { elicitation: { form: {} }, roots: {} } },
  );
  client.setRequestHandler("elicitation/create", ({ method }) => {
    asked.push(method);
    return { action: "accept", content: { name: user } };
  });
  client.setRequestHandler("roots/list", ({ method }) => {
    asked.push(method);
    return { roots: [{ uri: `file:///home/${user}` }] };
  });
  await client.connect(new ModernTransport(new URL(url), { requestInit: { headers } }));
  return {
    client,
    asked,
    call: async (name, args = {}) => toAnswer(await client.callTool({ name, arguments: args })),
    close: () => client.close(),
  };
}

function toAnswer(result: unknown): ToolAnswer {
  const { content, isError, structuredContent } = CallToolResultSchema.parse(result);
  const text = content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
  return { text, isError: isError === true, structured: structuredContent };
}
