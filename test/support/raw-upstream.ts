import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { writeExact } from "../../src/core/exact-json.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";

/** One request that a raw upstream got. */
export interface RawRequest {
  readonly verb: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body, `{}` where there was none. */
  readonly body: JsonObject;
  /** The body as it came. */
  readonly text: string;
  /** `body.method`, `""` where there is none. */
  readonly method: string;
  /** Resolves when the connection of this request is closed before the answer was complete. */
  readonly aborted: Promise<void>;
}

export type RawHandler = (request: RawRequest, response: ServerResponse) => void;

/** A scripted HTTP server, for everything that no decent MCP server does. */
export interface RawUpstream {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly RawRequest[];
  /** The first request that passes, of those that came or will come. */
  request(wanted: (request: RawRequest) => boolean): Promise<RawRequest>;
  close(): Promise<void>;
}

/** Starts one on a loopback port. */
export async function startRawUpstream(handler: RawHandler, port = 0): Promise<RawUpstream> {
  const requests: RawRequest[] = [];
  const waiting = new Set<(request: RawRequest) => void>();
  const server = createServer((incoming, response) => {
    const aborted = new Promise<void>((resolve) => {
      response.once("close", () => {
        if (!response.writableFinished) resolve();
      });
    });
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const parsed: unknown = text === "" ? {} : JSON.parse(text);
      const body = isObject(parsed) ? parsed : {};
      const method = typeof body["method"] === "string" ? body["method"] : "";
      const { headers, method: verb = "", url: path = "" } = incoming;
      const request: RawRequest = { verb, path, headers, body, text, method, aborted };
      requests.push(request);
      handler(request, response);
      for (const listener of [...waiting]) listener(request);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port was given.");
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    port: address.port,
    requests,
    request(wanted) {
      const found = requests.find(wanted);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => {
        const listener = (request: RawRequest): void => {
          if (!wanted(request)) return;
          waiting.delete(listener);
          resolve(request);
        };
        waiting.add(listener);
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with a JSON-RPC result. */
export function answer(request: RawRequest, response: ServerResponse, result: JsonObject, headers = {}): void {
  answerRaw(response, writeExact({ jsonrpc: "2.0", id: request.body["id"], result }), 200, headers);
}

/** Answers with any text. */
export function answerRaw(response: ServerResponse, text: string, status = 200, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text);
}

/** Begins an event stream; messages are written with the function that it returns. */
export function stream(response: ServerResponse): (message: JsonObject, id?: string) => void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  return (message, id) => {
    response.write(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`);
  };
}

/** A legacy server with sessions that answers `handler`'s way whatever is not the handshake. */
export function legacyScript(handler: RawHandler, options: { readonly session?: string } = {}): RawHandler {
  return (request, response) => {
    if (request.verb === "GET" && request.headers["last-event-id"] === undefined) {
      answerRaw(response, "", 405);
    } else if (request.verb === "DELETE") {
      answerRaw(response, "", 200);
    } else if (request.method === "server/discover") {
      answerRaw(response, '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request"}}', 400);
    } else if (request.method === "initialize") {
      const session = options.session === undefined ? {} : { "mcp-session-id": options.session };
      const capabilities = { tools: {}, resources: { subscribe: true }, logging: {} };
      const result = { protocolVersion: "2025-11-25", capabilities, serverInfo: { name: "raw", version: "1" } };
      answer(request, response, result, session);
    } else if (request.method === "notifications/initialized") {
      response.writeHead(202).end();
    } else handler(request, response);
  };
}

/** A modern server that answers `handler`'s way whatever is not `server/discover`. */
export function modernScript(handler: RawHandler): RawHandler {
  return (request, response) => {
    if (request.method !== "server/discover") {
      handler(request, response);
      return;
    }
    answer(request, response, {
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: "private",
    });
  };
}
