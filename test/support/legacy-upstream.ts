import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CallToolRequestSchema,
  ElicitResultSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";

const LOG_LEVELS = ["debug", "info", "notice", "warning", "error"] as const;

/** A 2025-era server over HTTP with sessions, on SDK v1. */
export interface LegacyUpstream {
  readonly url: string;
  readonly port: number;
  /** The headers of every request so far. */
  readonly seen: ReadonlyArray<IncomingMessage["headers"]>;
  /** Open sessions by id, oldest first. */
  readonly sessions: ReadonlyMap<string, LegacySession>;
  /** `initialize` requests so far. */
  readonly initialized: number;
  /** Calls of `wait` that are waiting now. */
  readonly waiting: number;
  /** Its tools; more may be added. */
  readonly tools: string[];
  /** The list requests so far, by method. */
  readonly listed: readonly string[];
  /** Tells every session that the tools and the resources have changed, whether they have or not. */
  announce(): Promise<void>;
  /** Drops all sessions without a word. */
  forgetSessions(): void;
  /** Breaks every connection, streams included. */
  breakConnections(): void;
  close(): Promise<void>;
}

export interface LegacySession {
  readonly server: Server;
  /** Resolves when its standalone event stream is open. */
  readonly listening: Promise<void>;
  readonly subscribed: ReadonlySet<string>;
  readonly cancelled: readonly unknown[];
  /** Levels that were set, oldest first. */
  readonly levels: readonly string[];
}

/**
 * Starts it on a loopback port. Its tools: `echo`, `greet` (asks once per name it lacks), `wait` (until cancelled),
 * `count` (the calls of it in this session), `log` (a message of each level, by way of the call's stream or the
 * session's), `link` (to a resource that is in no list),
 * `impatient` (asks, and waits for 100 ms).
 */
export async function startLegacyUpstream(
  port = 0,
  options: {
    /** Announces changed lists to every new session, as the example server does. */
    readonly announces?: boolean;
  } = {},
): Promise<LegacyUpstream> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const sessions = new Map<string, LegacySession>();
  const calls = {
    waiting: 0,
    tools: ["echo", "greet", "wait", "count", "log", "link", "impatient"],
    listed: [] as string[],
  };
  let initialized = 0;

  const streams = new Map<string, () => void>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const subscribed = new Set<string>();
    const cancelled: unknown[] = [];
    const levels: string[] = [];
    const server = createLegacyServer({ subscribed, cancelled, levels }, calls);
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized(id) {
        transports.set(id, transport);
        const listening = new Promise<void>((resolve) => streams.set(id, resolve)).then(async () => {
          if (options.announces === true) await announceTo(server);
        });
        sessions.set(id, { server, subscribed, cancelled, levels, listening });
      },
      onsessionclosed(id) {
        transports.delete(id);
        sessions.delete(id);
      },
    });
    // The SDK's class and its interface differ under exactOptionalPropertyTypes.
    await server.connect(transport as Parameters<Server["connect"]>[0]);
    return transport;
  };

  const seen: Array<IncomingMessage["headers"]> = [];
  const http = createServer((request, response) => {
    seen.push(request.headers);
    void (async () => {
      const body = await readBody(request);
      const id = request.headers["mcp-session-id"];
      const known = typeof id === "string" ? transports.get(id) : undefined;
      const isInitialize = typeof body === "object" && body !== null && Reflect.get(body, "method") === "initialize";
      if (known !== undefined) {
        if (request.method === "GET" && typeof id === "string") whenHeadersSent(response, () => streams.get(id)?.());
        await known.handleRequest(request, response, body);
        return;
      }
      if (id === undefined && isInitialize) {
        initialized++;
        await (await open()).handleRequest(request, response, body);
        return;
      }
      response.writeHead(id === undefined ? 400 : 404, { "content-type": "application/json" });
      response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
    })();
  });
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  const address = http.address();
  if (typeof address !== "object" || address === null) throw new Error("No port was given.");

  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    port: address.port,
    seen,
    sessions,
    get initialized() {
      return initialized;
    },
    get waiting() {
      return calls.waiting;
    },
    tools: calls.tools,
    listed: calls.listed,
    async announce() {
      await Promise.all([...sessions.values()].map((session) => announceTo(session.server)));
    },
    forgetSessions() {
      transports.clear();
      sessions.clear();
    },
    breakConnections() {
      http.closeAllConnections();
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function createLegacyServer(
  seen: { readonly subscribed: Set<string>; readonly cancelled: unknown[]; readonly levels: string[] },
  calls: { waiting: number; readonly tools: readonly string[]; readonly listed: string[] },
): Server {
  const { subscribed, cancelled, levels } = seen;
  let count = 0;
  const server = new Server(
    { name: "legacy-test-server", version: "1.0.0" },
    { capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, logging: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, ({ method }) => {
    calls.listed.push(method);
    return { tools: calls.tools.map((name) => ({ name, inputSchema: { type: "object" as const } })) };
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    if (params.name === "greet") {
      extra.signal.addEventListener("abort", () => cancelled.push(extra.signal.reason), { once: true });
      const names: string[] = [];
      for (const which of ["first", "last"]) {
        const answer = await extra.sendRequest(
          {
            method: "elicitation/create",
            params: {
              message: `Your ${which} name?`,
              requestedSchema: { type: "object", properties: { name: { type: "string" } } },
            },
          },
          ElicitResultSchema,
        );
        names.push(String(answer.content?.["name"]));
      }
      return { content: [{ type: "text", text: `Hello, ${names.join(" ")}.` }] };
    }
    if (params.name === "impatient") {
      const requestedSchema = { type: "object" as const, properties: {} };
      const ask = { method: "elicitation/create" as const, params: { message: "Quick?", requestedSchema } };
      const answer = await extra.sendRequest(ask, ElicitResultSchema, { timeout: 100 }).catch((error: Error) => error);
      return { content: [{ type: "text", text: answer instanceof Error ? "You were too slow." : "You were quick." }] };
    }
    if (params.name === "count") return { content: [{ type: "text", text: String(++count) }] };
    if (params.name === "link") {
      return { content: [{ type: "resource_link", uri: "hidden://report/7", name: "report" }] };
    }
    if (params.name === "log") {
      for (const level of LOG_LEVELS) {
        const message = { level, data: level };
        if (params.arguments?.["over"] === "session") await server.sendLoggingMessage(message);
        else await extra.sendNotification({ method: "notifications/message", params: message });
      }
    }
    if (params.name === "wait") {
      calls.waiting++;
      await new Promise<void>((resolve) => extra.signal.addEventListener("abort", () => resolve(), { once: true }));
      calls.waiting--;
      cancelled.push(extra.signal.reason);
    }
    return { content: [{ type: "text", text: JSON.stringify(params.arguments ?? {}) }] };
  });
  server.setRequestHandler(ListResourcesRequestSchema, ({ method }) => {
    calls.listed.push(method);
    return { resources: [{ uri: "legacy://watched", name: "watched" }] };
  });
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => ({
    contents: [{ uri, text: `legacy: ${uri}` }],
  }));
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    levels.push(params.level);
    return {};
  });
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  return server;
}

async function announceTo(server: Server): Promise<void> {
  await server.sendToolListChanged();
  await server.sendResourceListChanged();
}

function whenHeadersSent(response: ServerResponse, then: () => void): void {
  if (response.headersSent) then();
  else if (!response.destroyed) setImmediate(() => whenHeadersSent(response, then));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
