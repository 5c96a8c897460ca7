import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { ApiEnv } from "../admin/api-env.ts";
import type { ConsoleEnv } from "../console/console-env.ts";
import type { StepUpEnv } from "../step-up/pages/pages.ts";
import type { ChainHead } from "../store/audit/audit-row.ts";
import type { UpstreamStatus } from "../upstream/upstream.ts";

/** What `/readyz` tells administrators. */
export interface Readiness {
  /** `starting` until every upstream was tried once, `draining` while shutting down. */
  readonly state: "starting" | "ready" | "draining";
  /** Digest and size of the policy set in force; `refused` when newer files did not compile and the old set stays. */
  readonly policies: { readonly digest: string; readonly count: number; readonly refused: boolean };
  readonly upstreams: ReadonlyMap<string, UpstreamStatus>;
}

type Face = Hono<{ Bindings: HttpBindings }>;

/** The gateway's HTTP face; its requests come through `@hono/node-server`. */
export type App = Pick<Face, "fetch">;

/**
 * The addresses of the MCP endpoint as clients write them. They go straight to it: 15 µs less for each call than by the
 * router of all pages, and 1 µs less than by one of its own. Any other spelling of them takes the way of all pages, to the same handler.
 */
const MCP = /^\/mcp(?:\/([\w-]+))?\/?(?:\?|$)/;

/** Mounts everything that the gateway serves over HTTP. */
export function createApp(deps: {
  readonly mcp: Face;
  /** What `mcp` does for `/mcp` and, with a name, for `/mcp/<name>`. */
  readonly serveMcp: (bindings: HttpBindings, name: string) => Promise<Response>;
  readonly api: Hono<ApiEnv>;
  /** `/step-up/…` and `/oauth/callback`. */
  readonly stepUp: Hono<StepUpEnv>;
  /** `/console…`, and its part of `/oauth/callback`. */
  readonly console: Hono<ConsoleEnv>;
  readonly readiness: () => Readiness;
  /** The last row of the audit. @throws StoreError */
  readonly head: () => Promise<ChainHead | undefined>;
  /** Whether a request comes from an administrator. */
  readonly isAdministrator: (incoming: IncomingMessage) => Promise<boolean>;
}): App {
  const app = new Hono<{ Bindings: HttpBindings }>();
  // Load balancers ask under any name, and learn nothing that is not in the status already.
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    const { state, policies, upstreams } = deps.readiness();
    const ready = state === "ready";
    const status = ready ? "ready" : "not ready";
    if (!(await deps.isAdministrator(c.env.incoming))) return c.json({ status }, ready ? 200 : 503);
    // Why an upstream is down is for the log and for the API.
    const states = Array.from(upstreams, ([name, { state, era, since }]) => [
      name,
      { state, era: era ?? null, since: new Date(since).toISOString() },
    ]);
    const head = await deps.head();
    const audit = head === undefined ? null : { rows: head.seq, ...head };
    return c.json({ status, state, policies, audit, upstreams: Object.fromEntries(states) }, ready ? 200 : 503, {
      "Cache-Control": "no-store",
    });
  });
  app.route("/", deps.mcp);
  app.route("/", deps.api);
  // The console takes from the callback that both have what is its own.
  app.route("/", deps.console);
  app.route("/", deps.stepUp);
  app.notFound((c) =>
    c.json({ error: "Nothing is served here. MCP clients use /mcp, or /mcp/<name> for one server." }, 404),
  );
  return {
    fetch(request, env, context) {
      const bindings = env as HttpBindings;
      const found = MCP.exec(bindings.incoming.url ?? "");
      return found === null ? app.fetch(request, env, context) : deps.serveMcp(bindings, found[1] ?? "");
    },
  };
}
