import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type ErrorCode, refuse } from "../../src/core/errors.ts";
import { createCallIds } from "../../src/core/ids.ts";
import { AT_HOME, type Principal } from "../../src/core/principal.ts";
import { createMcpEndpoint, type McpEndpoint } from "../../src/downstream/endpoint.ts";
import type { EdgeLimits } from "../../src/downstream/options.ts";
import { createArrivals } from "../../src/http/arrivals.ts";
import type { Identity } from "../../src/identity/identity.ts";
import type { SessionRecord, SessionStore } from "../../src/store/sessions/sessions.ts";
import { UNHEARD } from "./refusals.ts";
import { ToolGateway } from "./tool-gateway.ts";

export const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A person who is known by name alone. */
export function person(subject: string): Principal {
  return {
    issuer: "https://idp.test",
    subject,
    kind: "person",
    clientId: undefined,
    email: undefined,
    name: undefined,
    roles: [],
    groups: [],
    scopes: [],
    claims: {},
    acr: undefined,
    amr: [],
    authTime: undefined,
    ...AT_HOME,
  };
}

/** `Bearer <name>` is that person, `Bearer <name>.<role>` in this role, until `until`; anything else is challenged. */
const namedByToken = (until: number, refusal: () => ErrorCode | undefined = () => undefined): Identity => ({
  identify({ authorization, path }) {
    const code = refusal();
    if (code !== undefined) return { ok: false, refusal: refuse(code), headers: {} };
    const [, subject, role] = /^Bearer (\w+)(?:\.(\w+))?$/.exec(authorization ?? "") ?? [];
    if (subject !== undefined) {
      return { ok: true, principal: { ...person(subject), roles: role === undefined ? [] : [role] }, until };
    }
    return {
      ok: false,
      refusal: refuse("CREDENTIAL_MISSING"),
      headers: { "WWW-Authenticate": `Bearer resource_metadata="http://x${path}"` },
    };
  },
  insufficient: (path, { error }) => `Bearer error="${error}", resource_metadata="http://x${path}"`,
  metadata: (path) => ({ resource: `http://x${path}` }),
});

/** A session store that keeps its rows in memory and outlives the endpoints that use it. */
export class MemorySessions implements SessionStore {
  readonly rows = new Map<string, SessionRecord>();
  readonly writes: string[] = [];

  async create(session: SessionRecord): Promise<void> {
    this.writes.push("create");
    this.rows.set(session.idHash, session);
  }
  async find(idHash: string): Promise<SessionRecord | undefined> {
    return this.rows.get(idHash);
  }
  async exists(idHash: string): Promise<boolean> {
    return this.rows.has(idHash);
  }
  async gone(idHashes: readonly string[]): Promise<readonly string[]> {
    return idHashes.filter((idHash) => !this.rows.has(idHash));
  }
  async list({ limit }: { readonly limit: number }): Promise<readonly SessionRecord[]> {
    return [...this.rows.values()].slice(0, limit);
  }
  async update(idHash: string, change: Partial<SessionRecord>): Promise<void> {
    this.writes.push(`update ${Object.keys(change).join(",")}`);
    const row = this.rows.get(idHash);
    if (row !== undefined) this.rows.set(idHash, { ...row, ...change });
  }
  async remove(idHash: string): Promise<boolean> {
    return this.rows.delete(idHash);
  }
  async removeIdle(before: number): Promise<readonly string[]> {
    const idle = [...this.rows.values()].filter((row) => row.lastSeenAt < before).map((row) => row.idHash);
    for (const idHash of idle) this.rows.delete(idHash);
    return idle;
  }
}

export interface Served {
  readonly url: string;
  readonly port: number;
  readonly gateway: ToolGateway;
  readonly sessions: MemorySessions;
  readonly endpoint: McpEndpoint;
  /** Moves the clock on and lets one tick of the endpoint's timer pass. */
  pass(ms: number): void;
  stop(): Promise<void>;
}

/** Serves the endpoint on a free port of the loopback interface. */
export async function serveMcp(
  options: {
    readonly gateway?: ToolGateway;
    readonly sessions?: MemorySessions;
    /** Where sessions are kept instead of `sessions`. */
    readonly store?: SessionStore;
    readonly limits?: Partial<EdgeLimits>;
    readonly errors?: "result" | "protocol";
    readonly allowedOrigins?: readonly string[];
    readonly trustedProxies?: readonly string[];
    readonly log?: typeof SILENT;
    /** When every credential ends, ms since the epoch. Default: never. */
    readonly credentialsUntil?: number;
    /** Why no credential is accepted at the moment; `undefined`: they are. */
    readonly refusal?: () => ErrorCode | undefined;
  } = {},
): Promise<Served> {
  const gateway = options.gateway ?? new ToolGateway();
  const sessions = options.sessions ?? new MemorySessions();
  let passed = 0;
  let port = 0;
  let tick = (): void => {};
  const now = (): number => Date.now() + passed;
  const endpoint = createMcpEndpoint({
    refusals: UNHEARD,
    gateway,
    sessions: options.store ?? sessions,
    identity: namedByToken(options.credentialsUntil ?? Number.POSITIVE_INFINITY, options.refusal),
    arrive: createArrivals({ trustedProxies: options.trustedProxies ?? [] }),
    log: options.log ?? SILENT,
    now,
    callIds: createCallIds(now),
    version: "1.2.3",
    errors: options.errors,
    limits: options.limits,
    publicUrl: "https://mcp.example.com",
    listen: () => ({ host: "127.0.0.1", port }),
    allowedOrigins: options.allowedOrigins,
    everySecond: (run) => {
      tick = run;
      return () => {
        tick = () => {};
      };
    },
  });
  const server = createAdaptorServer({ fetch: endpoint.app.fetch });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    gateway,
    sessions,
    endpoint,
    pass(ms) {
      passed += ms;
      tick();
    },
    async stop() {
      await endpoint.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
    },
  };
}
