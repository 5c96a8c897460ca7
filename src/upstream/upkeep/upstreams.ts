import { isDeepStrictEqual } from "node:util";
import type { Log } from "../../core/log.ts";
import type { JsonLimits } from "../../core/scan-json.ts";
import { type AddressRules, createAddressRules } from "../addresses/address-rules.ts";
import type { EraMemory } from "../era-memory.ts";
import { type Children, createChildren } from "../process/children.ts";
import { DEFAULT_UPSTREAM_TIMING, type UpstreamTiming } from "../timing.ts";
import type { UpstreamEvent, UpstreamOptions, Upstreams } from "../upstream.ts";
import { ManagedUpstream } from "./managed-upstream.ts";

export interface UpstreamsDeps {
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** The gateway's version, as upstreams are told of it. */
  readonly version: string;
  /** Jitter, in [0, 1). */
  readonly random?: () => number;
  readonly timing?: Partial<UpstreamTiming>;
  /** Where confined upstreams may be. Default: at public addresses. */
  readonly addresses?: AddressRules;
  /** What messages of upstreams may be. Default: `JSON_LIMITS`. */
  readonly json?: JsonLimits;
  /** The processes that are started are kept there. Default: without a mark. */
  readonly children?: Children;
  /** Default: nothing is remembered. */
  readonly eras?: EraMemory;
  /** Somebody reads the lists of each when it is reached, and says so: until then it is not ready. Default: nobody. */
  readonly keepsLists?: boolean;
}

/** Makes the registry of upstreams; empty until `apply`. */
export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const { log, now } = deps;
  const timing: UpstreamTiming = { ...DEFAULT_UPSTREAM_TIMING, ...deps.timing };
  const random = deps.random ?? Math.random;
  const addresses = deps.addresses ?? createAddressRules({ allowed: [] });
  const children = deps.children ?? createChildren();
  const clientInfo = { name: "portcullis", version: deps.version };
  const upstreams = new Map<string, ManagedUpstream>();
  const listeners = new Set<(event: UpstreamEvent) => void>();
  const shutdowns = new Set<Promise<void>>();
  let stopNow = (): void => {};
  const stopping = new Promise<void>((resolve) => {
    stopNow = resolve;
  });
  let names: readonly string[] = [];

  const emit = (event: UpstreamEvent): void => {
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (err) {
        // One listener's fault must not break the connection that the event came from.
        log.error({ upstream: event.upstream, err }, "A listener to upstream events failed.");
      }
    }
  };

  const end = (upstream: ManagedUpstream, leaving: Promise<void>): void => {
    upstreams.delete(upstream.name);
    const shutdown = leaving
      .catch((err: unknown) => log.error({ upstream: upstream.name, err }, "Closing an upstream failed."))
      .finally(() => shutdowns.delete(shutdown));
    shutdowns.add(shutdown);
  };

  const maintenance = setInterval(() => {
    for (const upstream of upstreams.values()) upstream.maintain();
  }, timing.reapMs);
  // Idle sessions are no reason to keep a process alive that has nothing else to do.
  maintenance.unref();

  return {
    names: () => names,
    get: (name) => upstreams.get(name),
    apply(wanted) {
      const byName = new Map(wanted.map((options) => [options.name, options]));
      for (const upstream of [...upstreams.values()]) {
        if (!isDeepStrictEqual(byName.get(upstream.name), upstream.options))
          end(upstream, upstream.retire(timing.graceMs, stopping));
      }
      for (const options of wanted) {
        if (upstreams.has(options.name)) continue;
        const upstream: ManagedUpstream = new ManagedUpstream({
          options: snapshot(options),
          clientInfo,
          timing,
          log,
          now,
          random,
          addresses,
          children,
          eras: deps.eras,
          keepsLists: deps.keepsLists ?? false,
          json: deps.json,
          // One that takes its leave has nothing to say any more: another one may have its name.
          emit: (event) => {
            if (upstreams.get(options.name) === upstream) emit(event);
          },
        });
        upstreams.set(options.name, upstream);
        upstream.start();
      }
      names = wanted.map((options) => options.name);
    },
    release(peerKey) {
      for (const upstream of upstreams.values()) upstream.release(peerKey);
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      clearInterval(maintenance);
      stopNow();
      for (const upstream of [...upstreams.values()]) end(upstream, upstream.close("GATEWAY_STOPPED"));
      names = [];
      await Promise.all(shutdowns);
    },
  };
}

// What is compared with the next configuration must not change behind our back.
function snapshot(options: UpstreamOptions): UpstreamOptions {
  return structuredClone(options);
}
