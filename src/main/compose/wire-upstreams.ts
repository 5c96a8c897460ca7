import type { Audit } from "../../audit/audit.ts";
import { type Catalog, createCatalog } from "../../catalog/catalog.ts";
import type { CatalogTiming } from "../../catalog/timing.ts";
import type { View } from "../../catalog/view.ts";
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
import { CHILD_MARK, type Children, createChildren } from "../../upstream/process/children.ts";
import type { UpstreamTiming } from "../../upstream/timing.ts";
import { fingerprintOf } from "../../upstream/upkeep/fingerprint.ts";
import { createUpstreams } from "../../upstream/upkeep/upstreams.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { endLeftovers, endMarkedWith, newChildMark } from "../leftovers.ts";
import { openStartMarks, type StartChoice, type StartMarks } from "../start-marks.ts";
import { openEraMemory } from "./era-memory.ts";
import { createLiveUpstreams, type LiveUpstreams } from "./live-upstreams.ts";
import { createUpstreamTrials } from "./upstream-trials.ts";

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
  /** Everything that `/mcp` shows. */
  readonly view: () => View | undefined;
  /** Ends trials, looks at nothing any more, and then ends every connection. */
  close(): Promise<void>;
}

/** What upstreams are wired with. */
interface WireUpstreamsDeps {
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
}

/** Starts the upstreams of the configuration and those that were registered. @throws StoreError */
export async function wireUpstreams(deps: WireUpstreamsDeps): Promise<WiredUpstreams> {
  const { config, store, audit, policies, publicUrl, log, now, timing } = deps;
  const { addresses: allowed, commands } = config.registration;
  const addresses = createAddressRules({ allowed, ...(deps.resolve === undefined ? {} : { resolve: deps.resolve }) });
  const json = { ...JSON_LIMITS, maxCount: config.server.jsonValues };
  const processes = await openProcesses(log);
  const { children } = processes;
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
  const { live, registry, marks, broughtUp } = await bringUp(deps, upstreams, catalog);
  const view = (): View | undefined => {
    const all = live.scope("");
    return all === undefined ? undefined : catalog.view(all);
  };
  const tools = createToolViews({ view, policies });
  const trials = createUpstreamTrials(common);
  const operations = createUpstreamOperations({
    ...{ registry, upstreams, tools, catalog, addresses, commands, publicUrl, audit, now },
    attempt: trials.attempt,
  });
  return {
    upstreams,
    catalog,
    live,
    registry,
    operations,
    tools,
    view,
    async close() {
      marks.close();
      await trials.close();
      await registry.close();
      await catalog.close();
      definitionRecord.close();
      await upstreams.close();
      await processes.close();
      await broughtUp;
    },
  };
}

/** The processes of this start, once none of an earlier one is left. */
async function openProcesses(log: Log): Promise<{ readonly children: Children; close(): Promise<void> }> {
  const children = createChildren(await newChildMark());
  // Children are in groups of their own, so that nothing but this ends them where the process ends without waiting.
  process.on("exit", children.kill);
  await endLeftovers(process.env[CHILD_MARK], { log });
  return {
    children,
    async close() {
      if (children.mark !== undefined) await endMarkedWith(children.mark, { log });
      process.off("exit", children.kill);
    },
  };
}

/** Which upstreams there are, and their way up, past those at which earlier starts crashed. */
interface BroughtUp {
  readonly live: LiveUpstreams;
  readonly registry: UpstreamRegistry;
  readonly marks: StartMarks;
  /** Resolves when each has had its turn. */
  readonly broughtUp: Promise<void>;
}

async function bringUp(deps: WireUpstreamsDeps, upstreams: Upstreams, catalog: Catalog): Promise<BroughtUp> {
  const { config, store, seal, log, timing, start = { without: [], again: [] } } = deps;
  const marks = openStartMarks({ path: deps.marksPath, choice: start, log });
  const { requestTimeoutMs: ms } = config.server;
  const live = createLiveUpstreams({
    upstreams,
    catalog,
    deadline: ms === undefined ? undefined : { ms, setBy: "server.timeouts.request" },
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
  return { live, registry, marks, broughtUp };
}
