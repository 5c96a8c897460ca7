import type { Config } from "../config/schema/schema.ts";
import { publicUrlOf } from "../config/schema/server.ts";
import type { McpEndpointStats } from "../downstream/endpoint.ts";
import type { Operations } from "../operations/operations.ts";
import type { App, Readiness } from "./app.ts";
import type { WireDeps } from "./compose/deps.ts";
import { wire } from "./compose/wire.ts";
import { wireEdges } from "./compose/wire-edges.ts";
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
  let state: Readiness["state"] = "starting";
  const beatMs = deps.timing?.eventBeatMs;
  const edges = wireEdges(config, { wired, publicUrl: url, port, state: () => state, log, now, beatMs });
  const { endpoint, operations } = edges;
  wired.begin(url);
  void wired.settled.then(() => {
    if (state === "starting") state = "ready";
  });
  app = edges.app;

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    state = "draining";
    edges.api.close();
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
