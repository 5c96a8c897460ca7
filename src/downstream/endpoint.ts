import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { ERRORS, refuse } from "../core/errors.ts";
import type { LiveSessions } from "../core/live-sessions.ts";
import { createHostPolicy } from "../http/hosts.ts";
import type { Identity } from "../identity/identity.ts";
import { recordArrival } from "../identity/refused-arrival.ts";
import { createEdge } from "./edge.ts";
import { allowOrigin, answerPreflight } from "./http/cors.ts";
import { answerRefusal, type HttpExchange } from "./http/exchange.ts";
import { createStreams } from "./http/streams.ts";
import type { HttpEdge } from "./http-edge.ts";
import { handleDelete, handleGet } from "./legacy/http.ts";
import { createSessionRegistry } from "./legacy/session-registry.ts";
import { createListens } from "./modern/listen.ts";
import { createModernPeers } from "./modern/peers.ts";
import { DEFAULT_POLICY_HEADERS, everySecond, type McpEndpointDeps } from "./options.ts";
import { handlePost } from "./post.ts";
import { refuseHttp } from "./refuse-http.ts";

type Env = { Bindings: HttpBindings };

type Handler = (exchange: HttpExchange) => Promise<void>;

/** How long an approved call that runs has until its end when the server stops: a little less than calls in flight. */
const RUNNING_MS = 5_000;

/** Each is served with a slash behind it, too: people add one, and some clients do. */
const PATHS = ["/mcp", "/mcp/:name"];

const ALLOW = "POST, GET, DELETE, OPTIONS";

/** Answers a request by Node's own objects; what it returns says only that, or is the answer to a HEAD. @throws never */
export type Serve = (bindings: HttpBindings, endpoint: string) => Promise<Response>;

/** The MCP endpoint over HTTP. */
export interface McpEndpoint {
  /** Mount at the root of a `@hono/node-server`: it writes to the server's own response objects. */
  readonly app: Hono<Env>;
  /** What `app` does for `/mcp` and, with a name, for `/mcp/<name>`. */
  readonly serve: Serve;
  /**
   * Ends standing streams and stops the clock; calls that wait for people are told so at once. Other calls in flight go
   * on; new standing streams are refused.
   */
  close(): Promise<void>;
  /** Ends the calls in flight as those that a stop cuts off. Their connections have to stay for a moment: the answers are written then. */
  cut(): void;
  stats(): McpEndpointStats;
  readonly clients: LiveSessions;
}

export interface McpEndpointStats {
  /** Legacy sessions in memory; the store may know more. */
  readonly sessions: number;
  /** Open event streams. */
  readonly streams: number;
  /** Open `subscriptions/listen` streams. */
  readonly listens: number;
  /** Requests that have not begun to answer. */
  readonly waiting: number;
  /** Calls that wait for people with a connection open. */
  readonly held: number;
  /** Bytes held so that broken streams can be resumed. */
  readonly replayBytes: number;
}

/**
 * Makes the endpoint: `/mcp` and `/mcp/<name>` for both eras, and the protected-resource metadata of each (RFC 9728).
 * Call `close` when the server stops.
 */
export function createMcpEndpoint(deps: McpEndpointDeps): McpEndpoint {
  const edge = createEdge(deps, deps.identity.apiKeyHeader);
  const hosts = createHostPolicy(
    {
      publicUrl: deps.publicUrl,
      listen: deps.listen,
      allowedHosts: deps.allowedHosts ?? [],
      allowedOrigins: deps.allowedOrigins ?? [],
    },
    deps.log,
  );
  const streams = createStreams(edge.limits, edge.now);
  const sessions = createSessionRegistry(edge, deps.sessions);
  const listens = createListens(edge);
  const http: HttpEdge = {
    edge,
    identity: deps.identity,
    sessions,
    streams,
    listens,
    peers: createModernPeers(),
    policyHeaders: deps.policyHeaders ?? DEFAULT_POLICY_HEADERS,
  };

  const stopHearing = edge.gateway.onListChanged((change) => {
    sessions.listChanged(change);
    listens.listChanged(change);
  });
  const stopTicking = (deps.everySecond ?? everySecond)(() => {
    const now = edge.now();
    edge.credentialEnds.sweep(now);
    streams.sweep(now);
    sessions.sweep(now);
  });

  // The head as a whole, Host and Origin come before everything, so that a foreign page learns nothing, not even what exists.
  const serve =
    (handler: Handler): Serve =>
    async ({ incoming, outgoing }, endpoint) => {
      const { host, origin } = incoming.headers;
      const came = deps.arrive(incoming);
      // As the configuration in force has it: endpoints are taken over while the gateway runs.
      const allowed = origin === undefined ? undefined : edge.gateway.scope(endpoint)?.origins;
      const arrived = came.ok ? (hosts.check(host, origin, allowed) ?? came) : came;
      // Hono answers a HEAD with a copy of what GET returned, so here the answer must be a Response; there is none to look at.
      if (incoming.method === "HEAD") {
        const refusal = arrived.ok ? refuse("HTTP_METHOD_UNKNOWN") : arrived;
        recordArrival(edge.refusals, { at: "mcp", incoming, came, code: refusal.code });
        return new Response(null, { status: ERRORS[refusal.code].status });
      }
      if (!arrived.ok) {
        edge.log.debug({ code: arrived.code, host, origin }, "A request to the MCP endpoint was refused");
        recordArrival(edge.refusals, { at: "mcp", incoming, came, code: arrived.code });
        answerRefusal(outgoing, arrived);
        return RESPONSE_ALREADY_SENT;
      }
      allowOrigin(outgoing, origin);
      try {
        await handler({
          incoming,
          outgoing,
          from: arrived.from,
          path: endpoint === "" ? "/mcp" : `/mcp/${endpoint}`,
          endpoint,
        });
      } catch (err) {
        edge.log.error({ err, method: incoming.method }, "A request to the MCP endpoint failed");
        if (outgoing.headersSent) outgoing.destroy();
        else answerRefusal(outgoing, refuse("INTERNAL"));
      }
      return RESPONSE_ALREADY_SENT;
    };

  const app = new Hono<Env>();
  const methods: Readonly<Record<string, Handler>> = {
    POST: (exchange) => handlePost(http, exchange),
    GET: (exchange) => handleGet(http, exchange),
    DELETE: (exchange) => handleDelete(http, exchange),
    OPTIONS: async ({ incoming, outgoing }) => answerPreflight(incoming, outgoing, deps.identity.apiKeyHeader),
  };
  // One handler for all methods: where two could match, Hono builds a chain of them for each request.
  const any = serve(async (exchange) => {
    const { method = "" } = exchange.incoming;
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (handler !== undefined) return handler(exchange);
    refuseHttp(edge, exchange, refuse("HTTP_METHOD_UNKNOWN"), { headers: { Allow: ALLOW } });
  });
  for (const path of PATHS) for (const end of ["", "/"]) app.all(`${path}${end}`, mounted(any));
  mountMetadata(app, serve, deps.identity);

  return {
    app,
    serve: any,
    async close() {
      stopHearing();
      stopTicking();
      listens.close();
      await Promise.all([edge.holds.close(RUNNING_MS), sessions.close()]);
    },
    cut() {
      sessions.cut();
      streams.cut();
    },
    clients: {
      list: () => [...sessions.list(), ...listens.list()],
      end: async (id) => listens.end(id) || sessions.endByHash(id),
    },
    stats: () => ({
      sessions: sessions.live,
      streams: streams.openCount,
      listens: listens.count,
      waiting: streams.waitingCount,
      held: edge.holds.count,
      replayBytes: sessions.replayBytes,
    }),
  };
}

/** The protected-resource metadata of each address. */
function mountMetadata(app: Hono<Env>, serve: (handler: Handler) => Serve, identity: Identity): void {
  const preflight = serve(async ({ incoming, outgoing }) => answerPreflight(incoming, outgoing, identity.apiKeyHeader));
  const metadata = serve(async ({ outgoing, path }) => {
    const body = Buffer.from(JSON.stringify(identity.metadata(path)));
    outgoing.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
  });
  for (const suffix of ["", ...PATHS].flatMap((path) => [path, `${path}/`])) {
    const path = `/.well-known/oauth-protected-resource${suffix}`;
    app.get(path, mounted(metadata));
    // Clients send the protocol's version header along, so a browser asks first.
    app.options(path, mounted(preflight));
  }
}

/** As a handler of Hono's. */
function mounted(serve: Serve): (c: Context<Env>) => Promise<Response> {
  return (c) => serve(c.env, c.req.param("name") ?? "");
}
