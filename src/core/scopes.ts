import type { Deadline } from "./deadline.ts";
import { compileGlobs } from "./glob.ts";
import type { Scope } from "./scope.ts";
import { admitting } from "./ways-in.ts";

/** A configured selection of upstreams and tools, served at `/mcp/<name>`. */
export interface EndpointOptions {
  readonly name: string;
  readonly upstreams: readonly string[];
  /** Globs over `upstream/tool`; empty means every tool of these upstreams. */
  readonly tools: readonly string[];
  /** Ways in, as `waysIn` has them; left out: all of them. */
  readonly auth?: readonly string[] | undefined;
  /** Origins of web pages that may call it; left out: those that may call the gateway. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** How long a server may take to answer one request that comes here; `undefined`: as long as at every other endpoint. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The scopes of all endpoints by name: `""` for `/mcp`, every upstream under its own name, every configured endpoint.
 * Configuration sees to it that no name is taken twice. `deadline`: of those that have none of their own.
 */
export function buildScopes(
  upstreams: readonly string[],
  endpoints: readonly EndpointOptions[],
  deadline?: Deadline,
): ReadonlyMap<string, Scope> {
  const scopes = new Map<string, Scope>();
  scopes.set("", { endpoint: "", upstreams, shows: () => true, prefixed: true, deadline });
  for (const name of upstreams) {
    scopes.set(name, { endpoint: name, upstreams: [name], shows: () => true, prefixed: false, deadline });
  }
  for (const { name, upstreams: selected, tools, auth, allowedOrigins, timeoutMs } of endpoints) {
    const matches = compileGlobs(tools);
    const shows = (upstream: string, tool: string): boolean => tools.length === 0 || matches(`${upstream}/${tool}`);
    const own = timeoutMs === undefined ? deadline : { ms: timeoutMs, setBy: `endpoints.${name}.timeout` };
    const admits = auth && admitting(auth);
    const origins = allowedOrigins && new Set(allowedOrigins);
    scopes.set(name, { endpoint: name, upstreams: selected, shows, prefixed: true, admits, origins, deadline: own });
  }
  return scopes;
}

/** The upstreams of which some endpoint shows another part than before. New endpoints have no clients yet. */
export function reshapedUpstreams(
  before: readonly EndpointOptions[],
  after: readonly EndpointOptions[],
): ReadonlySet<string> {
  const reshaped = new Set<string>();
  for (const { name, upstreams, tools } of after) {
    const old = before.find((endpoint) => endpoint.name === name);
    if (old === undefined) continue;
    const sameTools = old.tools.join("\n") === tools.join("\n");
    const all = sameTools && old.upstreams.join("\n") === upstreams.join("\n");
    // Whoever listens at this endpoint hears of any one of its upstreams.
    if (!all) for (const upstream of upstreams) reshaped.add(upstream);
  }
  return reshaped;
}
