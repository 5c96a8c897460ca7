import { join } from "node:path";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { createTaskSessionFromClient, resultFromTaskOutcome } from "@modelcontextprotocol/ext-tasks/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { MODERN_REVISION } from "../../src/mcp/revisions.ts";
import { CLI } from "./built.ts";
import type { ToolAnswer } from "./clients.ts";
import type { TestGateway } from "./gateway.ts";
import { modern, send } from "./raw-mcp.ts";

/** A call that has begun, and is somewhere on the way. */
export interface Begun {
  /** Waits for the end, in the way of this client. */
  readonly end: () => Promise<ToolAnswer>;
}

/** A client that waits for people in the way of its kind. */
export interface WaitingClient {
  /** Resolves once the call is on its way; for a client with tasks, once there is one. */
  begin(name: string, args: Record<string, string>, signal?: AbortSignal): Promise<Begun>;
  /** Links that it was asked to show to its user. */
  readonly shown: readonly string[];
  close(): Promise<void>;
}

/** Connects to a gateway with these headers; over stdio to a process of its own on the same files, as this user. */
export type ConnectWaiting = (
  gateway: TestGateway,
  user: { readonly name: string; readonly role: string; readonly authorization: string },
) => Promise<WaitingClient>;

const INFO = { name: "waiting-client", version: "1.0.0" };
const TIMEOUT = { timeout: 50_000 };

const sdk1: ConnectWaiting = async ({ mcp }, { authorization }) =>
  overSdk1(new LegacyTransport(new URL(mcp), { requestInit: { headers: { authorization } } }) as Transport);

const sdk1Stdio: ConnectWaiting = async (gateway, user) => overSdk1(new LegacyStdio(stdioOf(gateway, user)));

const sdk2: ConnectWaiting = async ({ mcp }, { authorization }) =>
  overSdk2(new ModernTransport(new URL(mcp), { requestInit: { headers: { authorization } } }), {});

/** SDK v2 that shows links to its user. */
export const connectShowingLinks: ConnectWaiting = async ({ mcp }, { authorization }) =>
  overSdk2(new ModernTransport(new URL(mcp), { requestInit: { headers: { authorization } } }), { url: {} });

const sdk2Stdio: ConnectWaiting = async (gateway, user) => overSdk2(new ModernStdio(stdioOf(gateway, user)), {});

/** SDK v2 with the official package of the tasks extension, whose requests this sends itself, as hosts have to. */
const tasks: ConnectWaiting = async ({ mcp }, { authorization }) => {
  const client = new ModernClient(INFO, { versionNegotiation: { mode: { pin: MODERN_REVISION } } });
  await client.connect(new ModernTransport(new URL(mcp), { requestInit: { headers: { authorization } } }));
  const session = createTaskSessionFromClient(client, {
    endpointId: mcp,
    v2RequestFraming: { protocolVersion: MODERN_REVISION, clientInfo: INFO, clientCapabilities: {} },
    rawDispatch: async (request) => {
      const { method, params } = objectOf(request);
      const { _meta, taskId, ...rest } = objectOf(params);
      const id = typeof taskId === "string" ? { taskId } : {};
      const sent = modern(
        String(method),
        { ...rest, ...id },
        { meta: objectOf(_meta), headers: { ...named(id), authorization } },
      );
      const { json } = await send(portOf(mcp), { ...sent, headers: { ...sent.headers, Authorization: authorization } });
      const { error, result } = json;
      return isObject(error)
        ? { kind: "error", error: { code: Number(error["code"]), message: String(error["message"]) } }
        : { kind: "result", result: JSON.parse(JSON.stringify(result)) };
    },
  });
  return {
    async begin(name, args) {
      const execution = await session.callTool(name, args);
      if (execution.kind === "immediate") {
        const { outcome } = await execution.settle();
        return { end: async () => toAnswer(resultFromTaskOutcome(outcome)) };
      }
      const { taskId } = execution.handle;
      await execution.detach();
      return { end: async () => toAnswer(resultFromTaskOutcome(await session.task(taskId).result())) };
    },
    shown: [],
    async close() {
      await session.close();
      await client.close();
    },
  };
};

/** Bare requests, coming back with the state that they get for as long as they get one. */
const raw: ConnectWaiting = async ({ mcp }, { authorization }) => ({
  async begin(name, args) {
    const leg = async (state: JsonObject): Promise<ToolAnswer> => {
      const sent = modern("tools/call", { name, arguments: args, ...state });
      const { json } = await send(portOf(mcp), { ...sent, headers: { ...sent.headers, Authorization: authorization } });
      const result = objectOf(json["result"]);
      return result["resultType"] === "input_required"
        ? leg({ requestState: result["requestState"] })
        : toAnswer(result);
    };
    const ended = leg({});
    return { end: () => ended };
  },
  shown: [],
  close: async () => {},
});

/** Every way in which a client can wait. */
export const WAITING_CLIENTS: ReadonlyArray<{ readonly client: string; readonly connect: ConnectWaiting }> = [
  { client: "SDK v1", connect: sdk1 },
  { client: "SDK v1 over stdio", connect: sdk1Stdio },
  { client: "SDK v2", connect: sdk2 },
  { client: "SDK v2 that shows links", connect: connectShowingLinks },
  { client: "SDK v2 over stdio", connect: sdk2Stdio },
  { client: "SDK v2 with tasks", connect: tasks },
  { client: "raw HTTP", connect: raw },
];

async function overSdk1(transport: Transport): Promise<WaitingClient> {
  const client = new LegacyClient(INFO);
  await client.connect(transport);
  return {
    async begin(name, args, signal) {
      const options = { ...TIMEOUT, ...(signal && { signal }) };
      return begun(client.callTool({ name, arguments: args }, CallToolResultSchema, options));
    },
    shown: [],
    close: () => client.close(),
  };
}

async function overSdk2(
  transport: ModernTransport | ModernStdio,
  elicitation: { url?: object },
): Promise<WaitingClient> {
  const shown: string[] = [];
  const client = new ModernClient(INFO, {
    versionNegotiation: { mode: { pin: MODERN_REVISION } },
    capabilities: elicitation.url === undefined ? {} : { elicitation: { url: {} } },
  });
  if (elicitation.url !== undefined) {
    client.setRequestHandler("elicitation/create", ({ params }) => {
      if ("url" in params) shown.push(params.url);
      return { action: "accept" };
    });
  }
  await client.connect(transport);
  return {
    async begin(name, args, signal) {
      return begun(client.callTool({ name, arguments: args }, { ...TIMEOUT, ...(signal && { signal }) }));
    },
    shown,
    close: () => client.close(),
  };
}

// The end may be asked for later, or never: until then a failure is nobody's.
function begun(call: Promise<unknown>): Begun {
  call.catch(() => {});
  return { end: async () => toAnswer(await call) };
}

function stdioOf({ dir }: TestGateway, user: { readonly name: string; readonly role: string }) {
  const config = ["-c", join(dir, "portcullis.yaml")];
  const args = [CLI, "stdio", ...config, "--user", user.name, "--role", user.role];
  return { command: process.execPath, args, cwd: dir, stderr: "ignore" as const };
}

function named(id: { readonly taskId?: string }): Record<string, string> {
  return id.taskId === undefined ? {} : { "Mcp-Name": id.taskId };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function objectOf(value: unknown): JsonObject {
  const json: Json = JSON.parse(JSON.stringify(value ?? {}));
  return isObject(json) ? json : {};
}

function toAnswer(result: unknown): ToolAnswer {
  const { content, isError, structuredContent } = CallToolResultSchema.parse(result);
  const text = content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
  return { text, isError: isError === true, structured: structuredContent };
}
