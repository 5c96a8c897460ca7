import type { IncomingMessage } from "node:http";
import { type Context, Hono } from "hono";
import { type ErrorCode, refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { personKey } from "../core/principal.ts";
import type { RefusedRequest } from "../core/refusals.ts";
import { heldFor } from "../http/held.ts";
import { createHostPolicy } from "../http/hosts.ts";
import { claimIn } from "../identity/claimed.ts";
import type { Operations } from "../operations/operations.ts";
import { StoreError } from "../store/store-error.ts";
import type { ApiEnv } from "./api-env.ts";
import { approvalRoutes } from "./approvals/routes.ts";
import { auditRoutes } from "./audit/routes.ts";
import { EVENTS_PATH, eventRoutes } from "./events/routes.ts";
import { createEventStreams } from "./events/streams.ts";
import { type AdmissionDeps, createAdmission } from "./http/admit.ts";
import { createAnswerInTurn } from "./http/answer-in-turn.ts";
import { API_BASE, mountRoutes } from "./http/mount-routes.ts";
import { mountOpenapi } from "./http/openapi.ts";
import { codeOfProblem, problemResponse } from "./http/problem.ts";
import { notificationRoutes } from "./notification-routes.ts";
import { policyRoutes } from "./policies/routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { toolRoutes } from "./tool-routes.ts";
import { upstreamRoutes } from "./upstreams/routes.ts";

/** What `createApi` needs. */
export interface ApiDeps extends AdmissionDeps {
  readonly operations: Operations;
  readonly version: string;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** How often a quiet event stream says that it is there, ms. Default 15,000. */
  readonly beatMs?: number;
}

/** The API, ready to be mounted at the root. */
export interface Api {
  readonly app: Hono<ApiEnv>;
  /**
   * Whether a request comes from an administrator, by credential or session, to a host that is served. Where the store
   * does not say so, nobody is one. @throws never
   */
  isAdministrator(incoming: IncomingMessage): Promise<boolean>;
  /** Ends the streams that would otherwise stay open as long as their readers like. */
  close(): void;
}

const BEAT_MS = 15_000;

/** What every answer carries: nobody guesses its type, keeps it, frames it, or learns where it was read. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

/**
 * Makes the API below `/api/v1`. Each request is checked like one to `/mcp`, in this order:
 * what may come once and whence it comes (400), Host and Origin (403), then who asks (401); only then does a route look at it.
 */
export function createApi(deps: ApiDeps): Api {
  const { log, operations } = deps;
  const { publicUrl } = deps.hosts;
  const hosts = createHostPolicy(deps.hosts, log);
  const admit = createAdmission(deps);
  const app = new Hono<ApiEnv>();
  const record = (c: Context<ApiEnv>, code: ErrorCode): void => deps.refusals.refused(refusedBy(c, code));

  app.use("/api/*", async (c, next) => {
    const { host, origin } = c.env.incoming.headers;
    const arrived = deps.arrive(c.env.incoming);
    const refusal = arrived.ok ? hosts.check(host, origin) : arrived;
    if (arrived.ok) c.set("ip", arrived.from.ip);
    if (refusal === undefined) await next();
    else {
      log.debug({ code: refusal.code, host, origin }, "A request to the API was refused");
      c.res = problemResponse(refusal);
    }
    const code = codeOfProblem(c.res);
    if (code !== undefined) record(c, code);
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  });
  mountOpenapi(app, { publicUrl, version: deps.version });
  app.use("/api/*", async (c, next) => {
    const admitted = await admit(c.env.incoming, c.req.path === `${API_BASE}${EVENTS_PATH}`);
    if (!admitted.ok) return problemResponse(admitted);
    heldFor(c.env.incoming, personKey(admitted.operator.principal));
    c.set("operator", admitted.operator);
    c.set("ip", admitted.ip);
    c.set("insufficient", admitted.insufficient);
    return next();
  });
  app.onError((err, c) => answerFault(c, err, log));

  const { approvals, notifications, events, policies, activity, upstreams, tools, sessions, signedIn } = operations;
  const streams = createEventStreams({ events, admit, beatMs: deps.beatMs ?? BEAT_MS });
  const viewing = {
    approvals,
    inTurn: createAnswerInTurn(),
    link: (id: string) => `${publicUrl}/console/approvals/${id}`,
  };
  mountRoutes(app, [
    ...approvalRoutes(viewing),
    ...notificationRoutes(notifications),
    ...eventRoutes(streams),
    ...policyRoutes(policies),
    ...auditRoutes({ ...viewing, activity, log, now: deps.now }),
    ...upstreamRoutes(upstreams),
    ...toolRoutes(tools),
    ...sessionRoutes(sessions, signedIn),
  ]);
  app.all("/api/*", () => problemResponse(refuse("PATH_UNKNOWN")));
  return {
    app,
    async isAdministrator(incoming) {
      const { host, origin, authorization, cookie } = incoming.headers;
      // Nobody is asked to show anything here, and health checks come often.
      if (authorization === undefined && cookie === undefined) return false;
      if (hosts.check(host, origin) !== undefined) return false;
      try {
        const admitted = await admit(incoming, true);
        return admitted.ok && admitted.operator.admin;
      } catch (err) {
        log.error({ err }, "Nobody can tell whether a request comes from an administrator");
        return false;
      }
    },
    close: () => streams.close(),
  };
}

/** What is on record of a request that was refused. Of its path only the first part: the others may name things. */
function refusedBy(c: Context<ApiEnv>, code: ErrorCode): RefusedRequest {
  const { incoming } = c.env;
  const [, area] = /^\/api\/v1\/([a-z-]{1,32})(?:\/|$)/.exec(c.req.path) ?? [];
  const operator = c.get("operator");
  return {
    ...{ code, at: "api", ip: c.get("ip") ?? incoming.socket.remoteAddress ?? "" },
    method: area === undefined ? c.req.method : `${c.req.method} /${area}`,
    principal: operator?.principal,
    claim: () => {
      const { authorization, cookie } = incoming.headers;
      if (authorization === undefined && cookie !== undefined) return { kind: "cookie" };
      return claimIn(authorization, code);
    },
  };
}

function answerFault(c: Context<ApiEnv>, err: Error, log: Log): Response {
  log.error({ err, method: c.req.method }, "A request to the API failed");
  return problemResponse(refuse(err instanceof StoreError ? "STORE_UNAVAILABLE" : "INTERNAL"));
}
