import type { Approvals } from "./approvals/approvals.ts";
import { createApprovals } from "./approvals/create-approvals.ts";
import { createAudit } from "./audit/create-audit.ts";
import { redact } from "./audit/redact.ts";
import { type CatalogTiming, createCatalog } from "./catalog/catalog.ts";
import type { Config } from "./config/schema.ts";
import { createKeyedHash } from "./core/keyed-hash.ts";
import type { Log } from "./core/log.ts";
import type { Scope } from "./core/scope.ts";
import { createSeal } from "./core/seal.ts";
import { createGateway, type WiredGateway } from "./gateway/create-gateway.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { buildScopes, reshapedUpstreams } from "./gateway/scopes.ts";
import { type PolicyDirectory, watchPolicies } from "./policy/directory.ts";
import { openStore, type Store } from "./store/open-store.ts";
import { loadSecretKey } from "./store/secret-key.ts";
import { parseStoreUrl } from "./store/store-url.ts";
import type { UpstreamTiming } from "./upstream/timing.ts";
import type { Upstreams } from "./upstream/upstream.ts";
import { createUpstreams } from "./upstream/upstreams.ts";
import { VERSION } from "./version.ts";

/** How long a start waits for slow upstreams before it goes on without them. */
const SETTLE_MS = 4_000;

/** All rooms but the edges, wired together. */
export interface Wired {
  readonly gateway: Gateway;
  readonly store: Store;
  readonly approvals: Approvals;
  readonly upstreams: Upstreams;
  readonly policies: PolicyDirectory;
  /** Resolves when every upstream was tried once, or after a few seconds. */
  readonly settled: Promise<void>;
  /** Takes over the upstreams and endpoints of a new configuration, live. */
  reload(config: Config): void;
  /** Ends everything, in the order in which nothing is lost. */
  close(): Promise<void>;
}

export type Wiring = { readonly ok: true; readonly wired: Wired } | { readonly ok: false; readonly error: string };

export interface WireDeps {
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Times that no operator has to set, where they should be others. */
  readonly timing?: {
    readonly catalog?: Partial<CatalogTiming>;
    readonly upstream?: Partial<UpstreamTiming>;
    /** How long a start waits for slow upstreams, ms. Default 4,000. */
    readonly settleMs?: number;
  };
}

/** Compiles the policies, opens the store, starts the upstreams. @throws StoreError when the store cannot be opened */
export async function wire(config: Config, deps: WireDeps): Promise<Wiring> {
  const { log, now, timing = {} } = deps;
  // Nobody has seen a list before there is a gateway, so that an earlier swap concerns nobody.
  let swapped: WiredGateway["policiesReplaced"] = () => {};
  const opened = await watchPolicies({
    dir: config.policies.dir,
    default: config.policies.default,
    flows: config.approvalFlows.map((flow) => flow.name),
    log,
    onSwap: (set, before) => swapped(before, set),
  });
  if (!opened.ok) return { ok: false, error: opened.report };
  const { policies } = opened;

  const place = parseStoreUrl(config.store.url);
  const secret = loadSecretKey({
    configured: config.secretKey,
    beside: place.kind === "file" ? place.path : undefined,
  });
  const store = openStore({ url: config.store.url, log });
  const audit = createAudit({
    rows: store.audit,
    arguments: config.audit.arguments,
    seal: createSeal(secret, "audit-arguments"),
    log,
    now,
  });
  const approvals = createApprovals({
    store: store.approvals,
    outbox: store.outbox,
    flows: config.approvalFlows,
    seal: createSeal(secret, "approvals"),
    redact,
    log,
    now,
  });
  const upstreams = createUpstreams({ log, now, version: VERSION, timing: timing.upstream ?? {} });
  const catalog = createCatalog({
    upstreams,
    definitions: store.definitions,
    log,
    now,
    timing: timing.catalog ?? {},
  });

  let endpoints = config.endpoints;
  let scopes: ReadonlyMap<string, Scope> = new Map();
  const reload = (next: Config): void => {
    // Which tools are offered is the catalog's business: a change of that alone must not end anybody's session.
    upstreams.apply(next.upstreams.map(({ tools: _, ...options }) => options));
    catalog.apply(new Map(next.upstreams.map((upstream) => [upstream.name, upstream.tools])));
    const names = next.upstreams.map((upstream) => upstream.name);
    const before = endpoints;
    endpoints = next.endpoints;
    scopes = buildScopes(names, endpoints);
    for (const name of reshapedUpstreams(before, endpoints)) catalog.reshaped(name);
  };
  reload(config);

  const gateway = createGateway({
    upstreams,
    catalog,
    audit,
    rateLimits: store.rateLimits,
    policies: () => policies.current(),
    scope: (endpoint) => scopes.get(endpoint),
    seal: createSeal(secret, "request-state"),
    hash: createKeyedHash(secret, "redaction"),
    serverInfo: { name: "portcullis", version: VERSION },
    log,
    now,
  });
  swapped = (before, after) => gateway.policiesReplaced(before, after);

  const wired: Wired = {
    gateway,
    store,
    approvals,
    upstreams,
    policies,
    settled: within(timing.settleMs ?? SETTLE_MS, catalog.settled(config.upstreams.map((upstream) => upstream.name))),
    reload,
    async close() {
      await policies.close();
      await catalog.close();
      await upstreams.close();
      await audit.flush();
      await approvals.close();
      await store.close();
    },
  };
  return { ok: true, wired };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
