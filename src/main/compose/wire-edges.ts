import { type Api, createApi } from "../../admin/api.ts";
import type { Config } from "../../config/schema/schema.ts";
import { AREAS } from "../../console/areas.ts";
import { createConsole } from "../../console/create-console.tsx";
import { type ConsoleSessions, createConsoleSessions } from "../../console/sign-in/sessions.ts";
import { createCallIds } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { VERSION } from "../../core/version.ts";
import { createMcpEndpoint, type McpEndpoint } from "../../downstream/endpoint.ts";
import { type Arrive, createArrivals } from "../../http/arrivals.ts";
import { type Attempts, createAttempts } from "../../http/attempts.ts";
import type { HostPolicyOptions } from "../../http/hosts.ts";
import { createApiKeyLookup } from "../../identity/api-keys.ts";
import { createIdentity } from "../../identity/create-identity.ts";
import type { Identity } from "../../identity/identity.ts";
import { createCredentialMark, createPrincipalNow } from "../../identity/principal-now.ts";
import type { Operations } from "../../operations/operations.ts";
import { createStepUpPages } from "../../step-up/pages/pages.ts";
import { type App, createApp, type Readiness } from "../app.ts";
import { operate } from "./operate.ts";
import type { Wired } from "./wired.ts";

/** What is over the wired rooms: all that the gateway serves over HTTP, and what it is made of. */
export interface WiredEdges {
  readonly app: App;
  readonly endpoint: McpEndpoint;
  readonly api: Api;
  readonly operations: Operations;
}

interface EdgesDeps {
  readonly wired: Wired;
  /** Where clients reach this gateway. */
  readonly publicUrl: string;
  /** Of the socket. */
  readonly port: number;
  /** What `/readyz` says now. */
  readonly state: () => Readiness["state"];
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** See `ApiDeps`. */
  readonly beatMs: number | undefined;
}

/** What every edge looks at before it does anything: whence a request comes, to which host, and who asks. */
interface Admission {
  readonly arrive: Arrive;
  readonly hosts: HostPolicyOptions;
  readonly attempts: Attempts;
  readonly identity: Identity;
}

/** Makes the edges over the wired rooms, once it is known where the gateway listens. */
export function wireEdges(config: Config, deps: EdgesDeps): WiredEdges {
  const { wired, log, now } = deps;
  const admission = admissionOf(config, deps);
  const endpoint = wireEndpoint(config, deps, admission);
  const sessions = wireSessions(config, deps);
  const operations = operate({ wired, live: endpoint.clients, holderOf: sessions.holderOf, now });
  const { adminRoles, adminScope, jwt } = config.auth;
  const { arrive, hosts, identity } = admission;
  const api = createApi({
    ...{ arrive, operations, identity, sessions, hosts, adminRoles, adminScope, refusals: wired.refusals },
    audiencesOf: (name) => jwt.find((known) => known.issuer === name)?.audiences ?? [],
    ...{ version: VERSION, log, now },
    ...(deps.beatMs === undefined ? {} : { beatMs: deps.beatMs }),
  });
  const app = createApp({
    mcp: endpoint.app,
    serveMcp: endpoint.serve,
    api: api.app,
    isAdministrator: api.isAdministrator,
    ...wirePages(config, deps, { ...admission, sessions, operations }),
    head: () => wired.store.audit.head(),
    readiness: () => readinessOf(wired, deps.state()),
  });
  return { app, endpoint, api, operations };
}

function admissionOf({ auth, server }: Config, { wired, publicUrl, port, log, now }: EdgesDeps): Admission {
  const { host, allowedHosts, allowedOrigins, trustedProxies = [] } = server;
  const attempts = createAttempts({ log, now });
  return {
    arrive: createArrivals({ trustedProxies }),
    hosts: { publicUrl, listen: () => ({ host, port }), allowedHosts, allowedOrigins },
    attempts,
    identity: createIdentity({ ...auth, passwords: wired.passwords, publicUrl }, { log, now, attempts }),
  };
}

function wireEndpoint(config: Config, deps: EdgesDeps, { arrive, hosts, identity }: Admission): McpEndpoint {
  const { wired, log, now } = deps;
  const { bodyLimitBytes, jsonValues, sessionIdleMs, holdMs } = config.server;
  return createMcpEndpoint({
    arrive,
    gateway: wired.gateway,
    refusals: wired.refusals,
    sessions: wired.store.sessions,
    identity,
    log,
    now,
    callIds: createCallIds(now),
    version: VERSION,
    errors: config.denials === "protocol" ? "protocol" : "result",
    ...hosts,
    limits: { maxBodyBytes: bodyLimitBytes, maxCount: jsonValues, sessionIdleMs, holdMs },
  });
}

function wireSessions({ auth }: Config, { wired, publicUrl, now }: EdgesDeps): ConsoleSessions {
  return createConsoleSessions({
    store: wired.store.consoleSessions,
    seal: wired.seal("console-session"),
    hash: wired.keyedHash("console-form"),
    principalNow: createPrincipalNow({ ...auth, passwords: wired.passwords }),
    credentialMark: createCredentialMark(auth),
    renew: wired.stepUp.signInFlow?.renew,
    secure: publicUrl.startsWith("https:"),
    now,
  });
}

/** What people open in a browser. */
function wirePages(
  config: Config,
  { wired, log, now }: EdgesDeps,
  edge: Admission & { readonly sessions: ConsoleSessions; readonly operations: Operations },
): Pick<Parameters<typeof createApp>[0], "stepUp" | "console"> {
  const { arrive, attempts, hosts, sessions, operations } = edge;
  const { adminRoles, apiKeys } = config.auth;
  const issuer = config.stepUp?.oidc.issuer;
  const { signInFlow } = wired.stepUp;
  return {
    stepUp: createStepUpPages({ arrive, attempts, stepUp: wired.stepUp, hosts, issuer, now, log }),
    console: createConsole({
      areas: AREAS,
      signIns: signInFlow && issuer !== undefined ? { flow: signInFlow, provider: new URL(issuer).host } : undefined,
      keyOwner: apiKeys.some((key) => key.user !== undefined) ? createApiKeyLookup(apiKeys) : undefined,
      ...{ audit: wired.audit, refusals: wired.refusals },
      ...{ arrive, attempts, operations, sessions, hosts, adminRoles, now, log },
    }),
  };
}

function readinessOf({ policies, upstreams }: Wired, state: Readiness["state"]): Readiness {
  const set = policies.current();
  return {
    state,
    policies: { digest: set.digest, count: set.policies.length, refused: policies.errors().length > 0 },
    upstreams: new Map(
      upstreams.names().flatMap((name) => {
        const status = upstreams.get(name)?.status();
        return status === undefined ? [] : [[name, status] as const];
      }),
    ),
  };
}
