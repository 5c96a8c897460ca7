import { type Context, Hono } from "hono";
import { refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { credentialOf } from "../http/credential.ts";
import { createHostPolicy, type HostPolicyOptions } from "../http/hosts.ts";
import type { Identity } from "../identity/identity.ts";
import type { ApprovalOperations } from "../operations/approvals.ts";
import { StoreError } from "../store/store-error.ts";
import type { ApiEnv } from "./api-env.ts";
import { mountApprovals } from "./approval-routes.ts";
import { problem } from "./problem.ts";

/** What `createApi` needs. `hosts` as the MCP endpoint has them. */
export interface ApiDeps {
  readonly approvals: ApprovalOperations;
  readonly identity: Identity;
  readonly hosts: HostPolicyOptions;
  /** Roles whose holders administer the gateway. */
  readonly adminRoles: readonly string[];
  readonly log: Log;
}

/** What every answer carries: nobody guesses its type, keeps it, frames it, or learns where it was read. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

/**
 * Makes the API below `/api/v1`, to be mounted at the root. Each request is checked like one to `/mcp`, in this order:
 * Host and Origin (403), then who calls (401); only then does a route look at it. There are no cookies here: a page that
 * a browser is lured to has no credential to send.
 */
export function createApi(deps: ApiDeps): Hono<ApiEnv> {
  const { identity, log } = deps;
  const hosts = createHostPolicy(deps.hosts);
  const app = new Hono<ApiEnv>();

  app.use("/api/*", async (c, next) => {
    const { incoming } = c.env;
    const { host, origin } = incoming.headers;
    const refusal = hosts.check(host, origin);
    if (refusal === undefined) {
      const identified = await identity.identify({ ...credentialOf(incoming), path: "/mcp" });
      if (identified.ok) {
        c.set("principal", identified.principal);
        await next();
      } else c.res = problem(identified.refusal, { headers: { "WWW-Authenticate": identified.challenge } });
    } else {
      log.debug({ code: refusal.code, host, origin }, "A request to the API was refused");
      c.res = problem(refusal);
    }
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  });
  app.onError((err, c) => answerFault(c, err, log));

  mountApprovals(app, { ...deps, base: `${deps.hosts.publicUrl}/api/v1` });
  app.all("/api/*", () => problem(refuse("PATH_UNKNOWN")));
  return app;
}

function answerFault(c: Context<ApiEnv>, err: Error, log: Log): Response {
  log.error({ err, method: c.req.method }, "A request to the API failed");
  return problem(refuse(err instanceof StoreError ? "STORE_UNAVAILABLE" : "INTERNAL"));
}
