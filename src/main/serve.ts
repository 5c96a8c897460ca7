import { createApi } from "../admin/api.ts";
import type { Config } from "../config/schema/schema.ts";
import { publicUrlOf } from "../config/schema/server.ts";
import { AREAS } from "../console/areas.ts";
import { createConsole } from "../console/create-console.tsx";
import { createConsoleSessions } from "../console/sign-in/sessions.ts";
import { createCallIds } from "../core/ids.ts";
import { VERSION } from "../core/version.ts";
import { createMcpEndpoint, type McpEndpointStats } from "../downstream/endpoint.ts";
import { createArrivals } from "../http/arrivals.ts";
import { createAttempts } from "../http/attempts.ts";
import { createApiKeyLookup } from "../identity/api-keys.ts";
import { createIdentity } from "../identity/create-identity.ts";
import { createCredentialMark, createPrincipalNow } from "../identity/principal-now.ts";
import type { Operations } from "../operations/operations.ts";
import { createStepUpPages } from "../step-up/pages/pages.ts";
import { type App, createApp } from "./app.ts";
import type { WireDeps } from "./compose/deps.ts";
import { operate } from "./compose/operate.ts";
import { wire } from "./compose/wire.ts";
import type { Wired } from "./compose/wired.ts";
import { createHttpRooms, createHttpServer, HTTP_TIMES } from "./http-server.ts";

/** A gateway that listens. */
export interface RunningGateway {
  /** The public URL, without `/mcp`. */
  readonly url: string;
  readonly wired: Wired;
  /** What operators see and do, as the API and the console have it. */
  readonly operations: Operations;
  /** What the endpoint holds for its clients right now. */
  stats(): McpEndpointStats;
  /** Stops listening, lets calls in flight finish for up to six seconds, then ends everything. Safe to call twice. */
  close(): Promise<void>;
}

export type Started =
  | { readonly ok: true; readonly gateway: RunningGateway }
  /** Ready to print: which policy files do not compile, or why the address cannot be had. */
  | { readonly ok: false; readonly error: string };

/** Wires the rooms and listens. @throws StoreError when the store cannot be opened */
export async function startGateway(
  config: Config,
  deps: Pick<WireDeps, "log" | "timing" | "resolve" | "start"> & { readonly now?: () => number },
): Promise<Started> {
  const { log, now = Date.now } = deps;
  const wiring = await wire(config, { ...deps, now });
  if (!wiring.ok) return wiring;
  const { wired } = wiring;

  let state: "starting" | "ready" | "draining" = "starting";
  // A port of 0 is known only once the server listens, and the endpoint's own address is part of its checks.
  let app: App | undefined;
  const rooms = createHttpRooms({
    body: config.server.bodyLimitBytes,
    answer: Math.max(0, ...config.upstreams.map(({ maxResponseBytes }) => maxResponseBytes)),
  });
  const server = createHttpServer(
    (request, env) => (app === undefined ? new Response(null, { status: 503 }) : app.fetch(request, env)),
    HTTP_TIMES,
    rooms,
  );
  const listening = await server.listen(config.server);
  if (!listening.ok) {
    await wired.close();
    return listening;
  }

  const { port } = listening;
  const url = publicUrlOf(config.server, port);
  const attempts = createAttempts({ log, now });
  const identity = createIdentity({ ...config.auth, publicUrl: url }, { log, now, attempts });
  const { allowedHosts, allowedOrigins } = config.server;
  const hosts = { publicUrl: url, listen: () => ({ host: config.server.host, port }), allowedHosts, allowedOrigins };
  const arrive = createArrivals({ trustedProxies: config.server.trustedProxies ?? [] });
  const endpoint = createMcpEndpoint({
    arrive,
    gateway: wired.gateway,
    sessions: wired.store.sessions,
    identity,
    log,
    now,
    callIds: createCallIds(now),
    version: VERSION,
    errors: config.denials === "protocol" ? "protocol" : "result",
    ...hosts,
    limits: {
      maxBodyBytes: config.server.bodyLimitBytes,
      maxCount: config.server.jsonValues,
      sessionIdleMs: config.server.sessionIdleMs,
      holdMs: config.server.holdMs,
    },
  });

  wired.begin(url);
  void wired.settled.then(() => {
    if (state === "starting") state = "ready";
  });
  const { adminRoles, adminScope, apiKeys } = config.auth;
  const issuer = config.stepUp?.oidc.issuer;
  const { signInFlow } = wired.stepUp;
  const browserSessions = createConsoleSessions({
    store: wired.store.consoleSessions,
    seal: wired.seal("console-session"),
    hash: wired.keyedHash("console-form"),
    principalNow: createPrincipalNow(config.auth),
    credentialMark: createCredentialMark(config.auth),
    renew: signInFlow?.renew,
    secure: url.startsWith("https:"),
    now,
  });
  const operations = operate({ wired, live: endpoint.clients, holderOf: browserSessions.holderOf, now });
  const api = createApi({
    ...{ arrive, operations, identity, sessions: browserSessions, hosts, adminRoles, adminScope },
    audiencesOf: (name) => config.auth.jwt.find((known) => known.issuer === name)?.audiences ?? [],
    ...{ version: VERSION, log, now },
    ...(deps.timing?.eventBeatMs === undefined ? {} : { beatMs: deps.timing.eventBeatMs }),
  });
  app = createApp({
    mcp: endpoint.app,
    serveMcp: endpoint.serve,
    stepUp: createStepUpPages({
      ...{ arrive, attempts, stepUp: wired.stepUp, hosts, issuer, now, log },
    }),
    api: api.app,
    isAdministrator: api.isAdministrator,
    console: createConsole({
      areas: AREAS,
      signIns: signInFlow && issuer !== undefined ? { flow: signInFlow, provider: new URL(issuer).host } : undefined,
      keyOwner: apiKeys.some((key) => key.user !== undefined) ? createApiKeyLookup(apiKeys) : undefined,
      ...{ arrive, attempts, operations, sessions: browserSessions, hosts, adminRoles, now, log },
    }),
    head: () => wired.store.audit.head(),
    readiness: () => ({
      state,
      policies: {
        digest: wired.policies.current().digest,
        count: wired.policies.current().policies.length,
        refused: wired.policies.errors().length > 0,
      },
      upstreams: new Map(
        wired.upstreams.names().flatMap((name) => {
          const status = wired.upstreams.get(name)?.status();
          return status === undefined ? [] : [[name, status] as const];
        }),
      ),
    }),
  });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    state = "draining";
    api.close();
    const drained = [server.close(() => endpoint.cut()), wired.drain()];
    await endpoint.close();
    await Promise.all(drained);
    await wired.close();
  };
  return {
    ok: true,
    gateway: {
      url,
      wired,
      operations,
      stats: () => endpoint.stats(),
      close: () => {
        closing ??= close();
        return closing;
      },
    },
  };
}
