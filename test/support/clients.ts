import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema, LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";

/** What a tool answered, as far as tests look at it. */
export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
  readonly structured: unknown;
}

export interface CallOptions {
  readonly onProgress?: (progress: number) => void;
  readonly onLog?: (level: string) => void;
  readonly logLevel?: "debug" | "warning";
  readonly signal?: AbortSignal;
}

/** The one face of every kind of client, so that one test can be run with each. */
export interface AnyClient {
  tools(): Promise<readonly string[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
  prompts(): Promise<readonly string[]>;
  prompt(name: string, args?: Record<string, string>): Promise<string>;
  resources(): Promise<readonly string[]>;
  templates(): Promise<readonly string[]>;
  read(uri: string): Promise<string>;
  complete(prompt: string, argument: string, value: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export type Connect = (url: string, headers?: Record<string, string>) => Promise<AnyClient>;

const INFO = { name: "test-client", version: "1.0.0" };

/** SDK v1: a client of the legacy era. */
export const connectSdk1: Connect = async (url, headers = {}) => {
  const client = new LegacyClient(INFO);
  // The SDK's own types disagree under exactOptionalPropertyTypes.
  await client.connect(new LegacyTransport(new URL(url), { requestInit: { headers } }) as Transport);
  const logs = new Set<(level: string) => void>();
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    for (const listener of logs) listener(params.level);
  });
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    async call(name, args = {}, options = {}) {
      const { onLog, onProgress, logLevel, signal } = options;
      if (logLevel !== undefined) await client.setLoggingLevel(logLevel);
      if (onLog !== undefined) logs.add(onLog);
      const result = await client.callTool({ name, arguments: args }, CallToolResultSchema, {
        ...(onProgress && { onprogress: ({ progress }) => onProgress(progress) }),
        ...(signal && { signal }),
      });
      if (onLog !== undefined) logs.delete(onLog);
      return toAnswer(result);
    },
    prompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    prompt: async (name, args = {}) => JSON.stringify((await client.getPrompt({ name, arguments: args })).messages),
    resources: async () => (await client.listResources()).resources.map((resource) => resource.uri),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map((it) => it.uriTemplate),
    read: async (uri) => JSON.stringify((await client.readResource({ uri })).contents),
    complete: async (name, argument, value) => {
      const ref = { type: "ref/prompt" as const, name };
      return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
    },
    close: () => client.close(),
  };
};

/** SDK v2, finding out the era by itself. */
export const connectSdk2Auto: Connect = (url, headers) => connectSdk2("auto", url, headers);

/** SDK v2, pinned to the modern revision. */
export const connectSdk2Pinned: Connect = (url, headers) => connectSdk2({ pin: "2026-07-28" }, url, headers);

async function connectSdk2(
  mode: "auto" | { pin: string },
  url: string,
  headers: Record<string, string> = {},
): Promise<AnyClient> {
  const client = new ModernClient(INFO, { versionNegotiation: { mode } });
  await client.connect(new ModernTransport(new URL(url), { requestInit: { headers } }));
  const logs = new Set<(level: string) => void>();
  client.setNotificationHandler("notifications/message", ({ params }) => {
    for (const listener of logs) listener(params.level);
  });
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    async call(name, args = {}, options = {}) {
      const { onLog, onProgress, logLevel, signal } = options;
      if (onLog !== undefined) logs.add(onLog);
      const meta = logLevel === undefined ? {} : { _meta: { "io.modelcontextprotocol/logLevel": logLevel } };
      const result = await client.callTool(
        { name, arguments: args, ...meta },
        { ...(onProgress && { onprogress: ({ progress }) => onProgress(progress) }), ...(signal && { signal }) },
      );
      if (onLog !== undefined) logs.delete(onLog);
      return toAnswer(result);
    },
    prompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    prompt: async (name, args = {}) => JSON.stringify((await client.getPrompt({ name, arguments: args })).messages),
    resources: async () => (await client.listResources()).resources.map((resource) => resource.uri),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map((it) => it.uriTemplate),
    read: async (uri) => JSON.stringify((await client.readResource({ uri })).contents),
    complete: async (name, argument, value) => {
      const ref = { type: "ref/prompt" as const, name };
      return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
    },
    close: () => client.close(),
  };
}

function toAnswer(result: unknown): ToolAnswer {
  const { content, isError, structuredContent } = CallToolResultSchema.parse(result);
  const text = content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
  return { text, isError: isError === true, structured: structuredContent };
}

/** Raw HTTP in the modern era, without any SDK. */
export const connectRaw = async (
  url: string,
  headers: Record<string, string> = {},
  name = INFO.name,
): Promise<AnyClient> => {
  let id = 0;
  const request = async (method: string, params: Record<string, unknown>, options: CallOptions = {}) => {
    const subject = params["name"] ?? params["uri"];
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof subject === "string" && { "mcp-name": subject }),
        ...headers,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: ++id,
        method,
        params: {
          ...params,
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { ...INFO, name },
            ...(options.onProgress && { progressToken: `token-${id}` }),
            ...(options.logLevel && { "io.modelcontextprotocol/logLevel": options.logLevel }),
          },
        },
      }),
      ...(options.signal && { signal: options.signal }),
    });
    const text = await response.text();
    const messages = response.headers.get("content-type")?.startsWith("text/event-stream")
      ? [...text.matchAll(/^data: (.+)$/gm)].map(([, data = ""]) => JSON.parse(data))
      : [JSON.parse(text)];
    for (const message of messages) {
      if (message.method === "notifications/progress") options.onProgress?.(message.params.progress);
      if (message.method === "notifications/message") options.onLog?.(message.params.level);
    }
    const last = messages.at(-1);
    if (last.error !== undefined) throw new Error(`${response.status} ${last.error.code} ${last.error.message}`);
    return last.result;
  };
  const list = async (method: string, key: string, field: string): Promise<string[]> =>
    (await request(method, {}))[key].map((item: Record<string, string>) => item[field]);
  return {
    tools: () => list("tools/list", "tools", "name"),
    call: async (name, args = {}, options = {}) =>
      toAnswer(await request("tools/call", { name, arguments: args }, options)),
    prompts: () => list("prompts/list", "prompts", "name"),
    prompt: async (name, args = {}) =>
      JSON.stringify((await request("prompts/get", { name, arguments: args })).messages),
    resources: () => list("resources/list", "resources", "uri"),
    templates: () => list("resources/templates/list", "resourceTemplates", "uriTemplate"),
    read: async (uri) => JSON.stringify((await request("resources/read", { uri })).contents),
    complete: async (name, argument, value) => {
      const ref = { type: "ref/prompt", name };
      return (await request("completion/complete", { ref, argument: { name: argument, value } })).completion.values;
    },
    close: async () => {},
  };
};

/** Every kind of client that the gateway promises to serve. */
export const CLIENTS: ReadonlyArray<{ readonly client: string; readonly connect: Connect }> = [
  { client: "SDK v1", connect: connectSdk1 },
  { client: "SDK v2 (auto)", connect: connectSdk2Auto },
  { client: "SDK v2 (pinned)", connect: connectSdk2Pinned },
  { client: "raw HTTP", connect: connectRaw },
];
