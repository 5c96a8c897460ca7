import type { Catalog } from "../../catalog/catalog.ts";
import type { ToolRules } from "../../catalog/tool-rules.ts";
import type { Deadline } from "../../core/deadline.ts";
import { compileGlobs } from "../../core/glob.ts";
import type { Scope } from "../../core/scope.ts";
import { buildScopes, type EndpointOptions, reshapedUpstreams } from "../../core/scopes.ts";
import type { UpstreamOptions, Upstreams } from "../../upstream/upstream.ts";

/** An upstream, and which of its tools exist for clients. */
export type LiveUpstream = UpstreamOptions & {
  readonly tools: ToolRules & {
    /** Globs over the tools that may be run once more. */
    readonly idempotent: readonly string[];
  };
};

/** The upstreams and endpoints in force: what is taken over while the gateway runs. */
export interface LiveUpstreams {
  /** Takes over exactly these; what stays as it was keeps its connections, and clients hear of the rest. */
  apply(upstreams: readonly LiveUpstream[], endpoints: readonly EndpointOptions[]): void;
  /** The same once more, because others are skipped now. */
  refresh(): void;
  /** The scope of `/mcp/<endpoint>` (`""` for `/mcp`): the same object until the next `apply`. */
  scope(endpoint: string): Scope | undefined;
  /** Whether running this tool (original name) twice does no harm. */
  isIdempotent(upstream: string, tool: string): boolean;
}

/** Makes it; there is nothing before the first `apply`. */
export function createLiveUpstreams(deps: {
  readonly upstreams: Upstreams;
  readonly catalog: Catalog;
  /** Of endpoints that have none of their own. */
  readonly deadline?: Deadline | undefined;
  /** Why an upstream is not to be connected to; `undefined` if it is. */
  readonly skipped?: (upstream: UpstreamOptions) => string | undefined;
}): LiveUpstreams {
  const { upstreams, catalog, skipped = () => undefined } = deps;
  let latest: readonly LiveUpstream[] = [];
  let endpoints: readonly EndpointOptions[] = [];
  let scopes: ReadonlyMap<string, Scope> = new Map();
  let idempotent: ReadonlyMap<string, (tool: string) => boolean> = new Map();
  const marked = (options: UpstreamOptions): UpstreamOptions => {
    const why = skipped(options);
    return why === undefined ? options : { ...options, skipped: why };
  };
  const live: LiveUpstreams = {
    apply(wanted, nextEndpoints) {
      latest = wanted;
      // Which tools are offered is the catalog's business: a change of that alone must not end anybody's session.
      upstreams.apply(wanted.map(({ tools: _, ...options }) => marked(options)));
      catalog.apply(new Map(wanted.map((upstream) => [upstream.name, upstream.tools])));
      const before = endpoints;
      endpoints = nextEndpoints;
      scopes = buildScopes(
        wanted.map((upstream) => upstream.name),
        endpoints,
        deps.deadline,
      );
      idempotent = new Map(wanted.map((upstream) => [upstream.name, compileGlobs(upstream.tools.idempotent)]));
      for (const name of reshapedUpstreams(before, endpoints)) catalog.reshaped(name);
    },
    refresh: () => live.apply(latest, endpoints),
    scope: (endpoint) => scopes.get(endpoint),
    isIdempotent: (upstream, tool) => idempotent.get(upstream)?.(tool) === true,
  };
  return live;
}
