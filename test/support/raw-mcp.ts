import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { StringDecoder } from "node:string_decoder";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { createSseDecoder, type SseEvent } from "../../src/mcp/sse.ts";

/** An answer read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, or the last event that held a message. */
  readonly json: JsonObject;
  readonly events: readonly SseEvent[];
}

/** An answer that is still coming. */
export interface RawStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly events: SseEvent[];
  /** All bytes so far, comments included. */
  readonly text: () => string;
  /** The first event from now or earlier that fits. Fails when the stream ends before. */
  event(fits: (message: JsonObject, event: SseEvent) => boolean): Promise<{ message: JsonObject; event: SseEvent }>;
  /** Resolves when the text contains `part`. */
  contains(part: string): Promise<void>;
  /** Resolves when the server has ended the stream, or the connection is gone. */
  readonly ended: Promise<void>;
  /** Closes the connection from this side. */
  abort(): void;
  /** Stops reading, as a stuck client does. */
  pause(): void;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Address of this machine to connect from, in 127.0.0.0/8. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Objects and arrays are written as JSON, text goes out as it is. */
  readonly body?: Json | Buffer;
}

const BASE = {
  Accept: "application/json, text/event-stream",
  Authorization: "Bearer alice",
  "Content-Type": "application/json",
};

/** Sends one HTTP request over the bare `node:http` client and reads the whole answer. */
export async function send(port: number, options: RawRequest): Promise<RawAnswer> {
  const stream = await open(port, options);
  await stream.ended;
  const text = stream.text();
  const isStream = stream.headers["content-type"]?.startsWith("text/event-stream") === true;
  const last = stream.events.filter((event) => event.data !== "").at(-1)?.data;
  const json: Json = isStream ? JSON.parse(last ?? "{}") : text === "" ? {} : parseOr(text);
  return {
    status: stream.status,
    headers: stream.headers,
    text,
    json: isObject(json) ? json : { list: json },
    events: stream.events,
  };
}

/** Sends one HTTP request and gives the answer as soon as its head is there. */
export async function open(port: number, options: RawRequest): Promise<RawStream> {
  const { body } = options;
  const payload = body === undefined || Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body);
  const wanted: Record<string, string | undefined> = { ...BASE, ...options.headers };
  const headers = Object.fromEntries(Object.entries(wanted).filter((entry) => entry[1] !== undefined));
  const sent: ClientRequest = request({
    host: "127.0.0.1",
    port,
    ...(options.from === undefined ? {} : { localAddress: options.from }),
    method: options.method ?? "POST",
    path: options.path ?? "/mcp",
    headers: { ...headers, ...(payload === undefined ? {} : { "Content-Length": Buffer.byteLength(payload) }) },
    agent: false,
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) =>
    sent.once("response", resolve).once("error", reject),
  );
  sent.end(payload);
  return read(await answer, sent);
}

function read(answer: IncomingMessage, sent: ClientRequest): RawStream {
  const events: SseEvent[] = [];
  let text = "";
  // A chunk may end inside a character.
  const characters = new StringDecoder();
  let over = false;
  const watchers = new Set<() => void>();
  const decoder = createSseDecoder({ maxBytes: 64_000_000, onEvent: (event) => events.push(event) });
  const ended = new Promise<void>((resolve) => {
    answer.once("close", () => {
      over = true;
      for (const watch of [...watchers]) watch();
      resolve();
    });
  });
  answer.on("error", () => {});
  sent.on("error", () => {});
  answer.on("data", (chunk: Buffer) => {
    text += characters.write(chunk);
    decoder.push(chunk);
    for (const watch of [...watchers]) watch();
  });
  const until = <T>(find: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        const found = find();
        if (found === undefined && !over) return;
        watchers.delete(watch);
        if (found === undefined) reject(new Error(`The stream ended without ${what}: ${text}`));
        else resolve(found);
      };
      watchers.add(watch);
      watch();
    });
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    events,
    text: () => text,
    event: (fits) =>
      until(() => {
        for (const event of events) {
          const message: Json = event.data === "" ? {} : JSON.parse(event.data);
          if (isObject(message) && fits(message, event)) return { message, event };
        }
        return undefined;
      }, "the event"),
    contains: async (part) => void (await until(() => (text.includes(part) ? true : undefined), part)),
    ended,
    abort: () => sent.destroy(),
    pause: () => void answer.pause(),
  };
}

function parseOr(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}

/** The `_meta` of a modern request. */
export function modernMeta(more: JsonObject = {}): JsonObject {
  return {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "raw", version: "0" },
    "io.modelcontextprotocol/clientCapabilities": {},
    ...more,
  };
}

/** A modern request with the headers that it needs. */
export function modern(
  method: string,
  params: JsonObject = {},
  more: { readonly meta?: JsonObject; readonly headers?: RawRequest["headers"]; readonly id?: string | number } = {},
): RawRequest {
  const name = params["name"] ?? params["uri"];
  return {
    body: { jsonrpc: "2.0", id: more.id ?? 1, method, params: { ...params, _meta: modernMeta(more.meta) } },
    headers: {
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": method,
      ...(typeof name === "string" ? { "Mcp-Name": name } : {}),
      ...more.headers,
    },
  };
}

/** A legacy session that `initialize` opened. */
export interface RawSession {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly result: JsonObject;
  request(method: string, params?: JsonObject, headers?: RawRequest["headers"]): Promise<RawAnswer>;
  stream(method: string, params?: JsonObject, headers?: RawRequest["headers"]): Promise<RawStream>;
  get(headers?: RawRequest["headers"]): Promise<RawStream>;
  post(body: Json): Promise<RawAnswer>;
}

/** Initializes a legacy session. */
export async function initialize(
  port: number,
  options: {
    readonly version?: string;
    readonly capabilities?: JsonObject;
    readonly path?: string;
    readonly user?: string;
  } = {},
): Promise<RawSession> {
  const path = options.path ?? "/mcp";
  const base = { Authorization: `Bearer ${options.user ?? "alice"}` };
  const params = {
    protocolVersion: options.version ?? "2025-11-25",
    clientInfo: { name: "raw", version: "0" },
    capabilities: options.capabilities ?? {},
  };
  const answer = await send(port, {
    path,
    headers: base,
    body: { jsonrpc: "2.0", id: 0, method: "initialize", params },
  });
  const id = String(answer.headers["mcp-session-id"]);
  const headers = { ...base, "Mcp-Session-Id": id };
  const result = answer.json["result"];
  let count = 0;
  const build = (method: string, more: JsonObject = {}, extra: RawRequest["headers"] = {}): RawRequest => {
    count += 1;
    return { path, headers: { ...headers, ...extra }, body: { jsonrpc: "2.0", id: count, method, params: more } };
  };
  return {
    id,
    headers,
    result: isObject(result) ? result : {},
    request: (method, more, extra) => send(port, build(method, more, extra)),
    stream: (method, more, extra) => open(port, build(method, more, extra)),
    get: (extra = {}) =>
      open(port, { method: "GET", path, headers: { ...headers, Accept: "text/event-stream", ...extra } }),
    post: (body) => send(port, { path, headers, body }),
  };
}
