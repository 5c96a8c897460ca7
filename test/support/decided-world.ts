import { isObject, type JsonObject } from "../../src/core/json.ts";
import { initialize, modern, open, type RawSession, send } from "./raw-mcp.ts";
import {
  answer,
  answerRaw,
  legacyScript,
  type RawHandler,
  type RawRequest,
  startRawUpstream,
  stream,
} from "./raw-upstream.ts";

/** The eras of clients and of servers. */
export const ERAS = ["modern", "legacy"] as const;
export type Era = (typeof ERAS)[number];

/** The requests that policies decide on, one row for each way to name what it is about. */
export const REQUESTS = [
  "tools/call",
  "prompts/get",
  "resources/read",
  "resources/subscribe",
  "prompt's completion",
  "template's completion",
] as const;
export type RequestRow = (typeof REQUESTS)[number];

/** What a server has of this name: a tool, a prompt, a resource and a template. */
export const uriOf = (era: Era, name: string): string => `${era}:${name}`;
export const templateOf = (era: Era, name: string): string => `${era}-${name}:{v}`;

/** A server of one era that has everything once for each name, and what it was asked for. */
export interface DecidedServer {
  readonly url: string;
  readonly requests: readonly RawRequest[];
  /** How often it was asked for what this row names. */
  heard(row: RequestRow, era: Era, name: string): number;
  close(): Promise<void>;
}

const CAPABILITIES = { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {} };
/** What policies take out. */
export const SECRET = "eve@example.com";

/** Starts one. What it does not list, it does not have. */
export async function startDecidedServer(
  era: Era,
  names: readonly string[],
  {
    uris: more = [],
    templates: others = [],
  }: { readonly uris?: readonly string[]; readonly templates?: readonly string[] } = {},
): Promise<DecidedServer> {
  const lists: Readonly<Record<string, JsonObject>> = {
    "tools/list": { tools: names.map((name) => ({ name, inputSchema: { type: "object" } })) },
    "prompts/list": { prompts: names.map((name) => ({ name, arguments: [{ name: "v" }] })) },
    "resources/list": {
      resources: [...names.map((name) => uriOf(era, name)), ...more].map((uri) => ({ uri, name: uri })),
    },
    "resources/templates/list": {
      resourceTemplates: [...names.map((name) => templateOf(era, name)), ...others].map((uriTemplate) => ({
        uriTemplate,
        name: uriTemplate,
      })),
    },
  };
  const known = new Set([...names.map((name) => uriOf(era, name)), ...more]);
  const templates = new Set([...names.map((name) => templateOf(era, name)), ...others]);
  const results: Readonly<Record<string, (params: JsonObject) => JsonObject | undefined>> = {
    "tools/call": () => ({ content: [{ type: "text", text: SECRET }] }),
    "prompts/get": () => ({ messages: [{ role: "user", content: { type: "text", text: SECRET } }] }),
    "resources/read": ({ uri }) =>
      known.has(String(uri)) ? { contents: [{ uri: String(uri), text: SECRET }] } : undefined,
    "resources/subscribe": ({ uri }) => (known.has(String(uri)) ? {} : undefined),
    "resources/unsubscribe": () => ({}),
    "completion/complete": ({ ref }) =>
      isObject(ref) && ref["type"] === "ref/resource" && !templates.has(String(ref["uri"]))
        ? undefined
        : { completion: { values: [SECRET] } },
  };
  const code = era === "modern" ? -32602 : -32002;
  const serve: RawHandler = (request, response) => {
    const { method, body } = request;
    const params = isObject(body["params"]) ? body["params"] : {};
    if (method === "subscriptions/listen") return acknowledge(params, response);
    const result = lists[method] ?? (Object.hasOwn(results, method) ? results[method]?.(params) : { odd: method });
    if (body["id"] === undefined) response.writeHead(202).end();
    else if (result === undefined) {
      const error = { code, message: `This server's own words for ${method}` };
      answerRaw(response, JSON.stringify({ jsonrpc: "2.0", id: body["id"], error }));
    } else answer(request, response, { resultType: "complete", ttlMs: 0, cacheScope: "private", ...result });
  };
  const acknowledge = (params: JsonObject, response: Parameters<RawHandler>[1]): void => {
    const wanted = isObject(params["notifications"]) ? params["notifications"] : {};
    const uris = Array.isArray(wanted["resourceSubscriptions"]) ? wanted["resourceSubscriptions"] : [];
    const notifications = { ...wanted, resourceSubscriptions: uris.filter((uri) => known.has(String(uri))) };
    stream(response)({ jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged", params: { notifications } });
  };
  const handler: RawHandler =
    era === "modern"
      ? (request, response) =>
          request.method === "server/discover"
            ? answer(request, response, {
                ...{ resultType: "complete", supportedVersions: ["2026-07-28"] },
                capabilities: CAPABILITIES,
                ttlMs: 0,
                cacheScope: "private",
              })
            : serve(request, response)
      : (request, response) =>
          request.method === "initialize"
            ? answer(
                request,
                response,
                {
                  protocolVersion: "2025-11-25",
                  capabilities: CAPABILITIES,
                  serverInfo: { name: "raw", version: "1" },
                },
                { "mcp-session-id": "one" },
              )
            : legacyScript(serve, { session: "one" })(request, response);
  const upstream = await startRawUpstream(handler);
  return {
    url: upstream.url,
    requests: upstream.requests,
    heard: (row, of, name) => upstream.requests.filter((request) => isAbout(request, row, of, name)).length,
    close: () => upstream.close(),
  };
}

/** Whether a request of a server is this row's, about this name. */
function isAbout({ method, body }: RawRequest, row: RequestRow, era: Era, name: string): boolean {
  const params = isObject(body["params"]) ? body["params"] : {};
  const ref = isObject(params["ref"]) ? params["ref"] : {};
  const wanted = isObject(params["notifications"]) ? params["notifications"]["resourceSubscriptions"] : undefined;
  switch (row) {
    case "tools/call":
    case "prompts/get":
      return method === row && params["name"] === name;
    case "resources/read":
      return method === row && params["uri"] === uriOf(era, name);
    case "resources/subscribe":
      return (
        (method === row && params["uri"] === uriOf(era, name)) ||
        (Array.isArray(wanted) && wanted.includes(uriOf(era, name)))
      );
    case "prompt's completion":
      return method === "completion/complete" && ref["name"] === name;
    case "template's completion":
      return method === "completion/complete" && ref["uri"] === templateOf(era, name);
    default:
      return row satisfies never;
  }
}

/** What a client sends: the method, and the params. `prefix`: what stands before names of servers at this endpoint. */
export function requestOf(row: RequestRow, era: Era, name: string, prefix: string): readonly [string, JsonObject] {
  const argument = { name: "v", value: "" };
  switch (row) {
    case "tools/call":
    case "prompts/get":
      return [row, { name: `${prefix}${name}` }];
    case "resources/read":
    case "resources/subscribe":
      return [row, { uri: uriOf(era, name) }];
    case "prompt's completion":
      return ["completion/complete", { ref: { type: "ref/prompt", name: `${prefix}${name}` }, argument }];
    case "template's completion":
      return ["completion/complete", { ref: { type: "ref/resource", uri: templateOf(era, name) }, argument }];
    default:
      return row satisfies never;
  }
}

/** A client of either era at one endpoint. */
export interface DecidedClient {
  /** The answer as it came, but for what numbers the request. */
  ask(method: string, params: JsonObject): Promise<string>;
}

/** Connects one. A modern client subscribes with `subscriptions/listen`. */
export async function connectDecided(era: Era, port: number, path: string, key: string): Promise<DecidedClient> {
  const headers = { Authorization: `Bearer ${key}` };
  const session: RawSession | undefined = era === "legacy" ? await initialize(port, { path, user: key }) : undefined;
  return {
    async ask(method, params) {
      if (session !== undefined) return (await session.request(method, params)).text.replace(/"id":\d+/, '"id":0');
      if (method !== "resources/subscribe")
        return (await send(port, { ...modern(method, params, { headers }), path })).text;
      const notifications = { resourceSubscriptions: [params["uri"] ?? null] };
      const listen = await open(port, { ...modern("subscriptions/listen", { notifications }, { headers }), path });
      const { event } = await listen.event(
        (message) => message["method"] === "notifications/subscriptions/acknowledged",
      );
      listen.abort();
      return event.data;
    },
  };
}
