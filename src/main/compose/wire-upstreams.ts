import type { Audit } from "../../audit/audit.ts";
import { type Catalog, createCatalog } from "../../catalog/catalog.ts";
import type { CatalogTiming } from "../../catalog/timing.ts";
import type { Config } from "../../config/schema/schema.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { Seal } from "../../core/seal.ts";
import { VERSION } from "../../core/version.ts";
import type { Resolve } from "../../http/name-lookups.ts";
import { createUpstreamOperations } from "../../operations/upstreams/create-upstream-operations.ts";
import { createDefinitionRecord } from "../../operations/upstreams/definition-record.ts";
import { createToolViews } from "../../operations/upstreams/tool-views.ts";
import { openUpstreamRegistry, type UpstreamRegistry } from "../../operations/upstreams/upstream-registry.ts";
import type { ToolView, UpstreamOperations } from "../../operations/upstreams/upstreams.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import type { Store } from "../../store/open-store.ts";
import { createAddressRules } from "../../upstream/addresses/address-rules.ts";
import { CHILD_MARK, createChildren } from "../../upstream/process/children.ts";
import type { UpstreamTiming } from "../../upstream/timing.ts";
import { fingerprintOf } from "../../upstream/upkeep/fingerprint.ts";
import { testConnection } from "../../upstream/upkeep/test-connection.ts";
import { createUpstreams } from "../../upstream/upkeep/upstreams.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { endLeftovers, endMarkedWith, newChildMark } from "../leftovers.ts";
import { openStartMarks, type StartChoice } from "../start-marks.ts";
import { openEraMemory } from "./era-memory.ts";
import { createLiveUpstreams, type LiveUpstreams } from "./live-upstreams.ts";

/** How long trying an upstream out may take. */
const TRIAL_MS = 15_000;

/** Everything about the servers behind the gateway. */
export interface WiredUpstreams {
  readonly upstreams: Upstreams;
  readonly catalog: Catalog;
  readonly live: LiveUpstreams;
  /** Which upstreams there are. */
  readonly registry: UpstreamRegistry;
  readonly operations: UpstreamOperations;
  /** Every tool of every upstream, as operators see it. */
  readonly tools: () => readonly ToolView[];
  /** Ends trials, looks at nothing any more, and then ends every connection. */
  close(): Promise<void>;
}

/** Starts the upstreams of the configuration and those that were registered. @throws StoreError */
export async function wireUpstreams(deps: {
  readonly config: Config;
  readonly store: Store;
  /** For registered entries alone. */
  readonly seal: Seal;
  readonly audit: Audit;
  readonly policies: () => PolicySet;
  /** Where clients reach this gateway. */
  readonly publicUrl: () => string;
  /** An upstream describes so many of its tools otherwise than before. */
  readonly definitionsChanged: (upstream: string, tools: number) => void;
  readonly log: Log;
  readonly now: () => number;
  readonly timing: {
    readonly upstream?: Partial<UpstreamTiming>;
    readonly catalog?: Partial<CatalogTiming>;
    readonly registryPollMs?: number;
    readonly settleMs?: number;
  };
  readonly resolve?: Resolve;
  /** Where starts leave marks; `undefined`: nowhere. */
  readonly marksPath: string | undefined;
  readonly start?: StartChoice;
}): Promise<WiredUpstreams> {
  const { config, store, seal, audit, policies, publicUrl, log, now, timing } = deps;
  const { addresses: allowed, commands } = config.registration;
  const addresses = createAddressRules({ allowed, ...(deps.resolve === undefined ? {} : { resolve: deps.resolve }) });
  const json = { ...JSON_LIMITS, maxCount: config.server.jsonValues };
  const children = createChildren(await newChildMark());
  // Children are in groups of their own, so that nothing but this ends them where the process ends without waiting.
  process.on("exit", children.kill);
  await endLeftovers(process.env[CHILD_MARK], { log });
  const eras = await openEraMemory({ store: store.upstreamEras, log, now });
  const common = { log, now, version: VERSION, timing: timing.upstream ?? {}, addresses, children, eras, json };
  const upstreams = createUpstreams({ ...common, keepsLists: true });
  const definitionRecord = createDefinitionRecord({ audit, log, now, notify: deps.definitionsChanged });
  const catalog = createCatalog({
    upstreams,
    definitions: store.definitions,
    claims: { store: store.uriClaims, known: await store.uriClaims.all() },
    onDefinitionChanges: definitionRecord.changed,
    log,
    now,
    timing: { ...(timing.settleMs === undefined ? {} : { firstListsMs: timing.settleMs }), ...timing.catalog },
  });
  const start = deps.start ?? { without: [], again: [] };
  const marks = openStartMarks({ path: deps.marksPath, choice: start, log });
  const live = createLiveUpstreams({
    upstreams,
    catalog,
    skipped: (upstream) => marks.skipped(upstream, fingerprintOf(upstream.transport)),
  });
  const registry = await openUpstreamRegistry({
    store: store.registeredUpstreams,
    seal,
    config,
    apply: (wanted, endpoints) => live.apply(wanted, endpoints),
    log,
    ...(timing.registryPollMs === undefined ? {} : { pollMs: timing.registryPollMs }),
  });
  for (const name of start.without) {
    if (!registry.taken(name)) log.warn({ upstream: name }, "No upstream has this name: --without has no effect.");
  }
  const broughtUp = marks
    .bringUp(upstreams.names(), {
      placeOf: (name) => upstreams.get(name)?.address,
      settled: (name) => catalog.settled([name]),
      refresh: () => live.refresh(),
    })
    .catch((err: unknown) => log.error({ err }, "Upstreams could not be brought up one by one."));
  const tools = createToolViews({
    view() {
      const all = live.scope("");
      return all === undefined ? undefined : catalog.view(all);
    },
    policies,
  });
  const stopping = new AbortController();
  const trials = new Set<Promise<unknown>>();
  const operations = createUpstreamOperations({
    ...{ registry, upstreams, tools, catalog, addresses, commands, publicUrl, audit, now },
    attempt(options) {
      const trial = testConnection(options, common, { maxMs: TRIAL_MS, signal: stopping.signal });
      trials.add(trial);
      return trial.finally(() => trials.delete(trial));
    },
  });
  return {
    upstreams,
    catalog,
    live,
    registry,
    operations,
    tools,
    async close() {
      stopping.abort();
      marks.close();
      await Promise.allSettled(trials);
      await registry.close();
      await catalog.close();
      definitionRecord.close();
      await upstreams.close();
      if (children.mark !== undefined) await endMarkedWith(children.mark, { log });
      process.off("exit", children.kill);
      await broughtUp;
    },
  };
}
