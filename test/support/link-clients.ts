import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolResultSchema,
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { MODERN_REVISION } from "../../src/mcp/revisions.ts";
import type { ToolAnswer } from "./clients.ts";

/** What a user does with a link that their client shows. */
export type OnLink = (url: string) => "accept" | "decline" | "cancel";

/** A client whose user is shown links, or is not. */
export interface LinkClient {
  call(name: string, args: Record<string, string>): Promise<ToolAnswer>;
  /** Ids of links that the gateway said are done with. */
  readonly completed: readonly string[];
  close(): Promise<void>;
}

export type ConnectLinks = (url: string, headers: Record<string, string>, onLink?: OnLink) => Promise<LinkClient>;

const INFO = { name: "link-client", version: "1.0.0" };
const TIMEOUT = { timeout: 50_000 };

const sdk1: ConnectLinks = async (url, headers, onLink) => {
  const client = new LegacyClient(INFO, { capabilities: onLink === undefined ? {} : { elicitation: { url: {} } } });
  if (onLink !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
      action: "url" in params && typeof params.url === "string" ? onLink(params.url) : "cancel",
    }));
  }
  const completed: string[] = [];
  client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
    completed.push(params.elicitationId);
  });
  // The SDK's own types disagree under exactOptionalPropertyTypes.
  await client.connect(new LegacyTransport(new URL(url), { requestInit: { headers } }) as Transport);
  return {
    completed,
    call: async (name, args) =>
      toAnswer(await client.callTool({ name, arguments: args }, CallToolResultSchema, TIMEOUT)),
    close: () => client.close(),
  };
};

const sdk2: ConnectLinks = async (url, headers, onLink) => {
  const client = new ModernClient(INFO, {
    versionNegotiation: { mode: { pin: MODERN_REVISION } },
    capabilities: onLink === undefined ? {} : { elicitation: { url: {}, form: {} } },
  });
  if (onLink !== undefined) {
    client.setRequestHandler("elicitation/create", ({ params }) =>
      "url" in params ? { action: onLink(params.url) } : { action: "accept", content: { name: "Ada" } },
    );
  }
  await client.connect(new ModernTransport(new URL(url), { requestInit: { headers } }));
  return {
    completed: [],
    call: async (name, args) => toAnswer(await client.callTool({ name, arguments: args }, TIMEOUT)),
    close: () => client.close(),
  };
};

/** The official clients of both eras. */
export const LINK_CLIENTS: ReadonlyArray<{ readonly client: string; readonly connect: ConnectLinks }> = [
  { client: "SDK v1", connect: sdk1 },
  { client: "SDK v2", connect: sdk2 },
];

function toAnswer(result: unknown): ToolAnswer {
  const { content, isError, structuredContent } = CallToolResultSchema.parse(result);
  const text = content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
  return { text, isError: isError === true, structured: structuredContent };
}
