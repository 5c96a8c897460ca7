import { createCatalog } from "../../catalog/catalog.ts";
import { compileToolRules } from "../../catalog/tool-rules.ts";
import type { Config } from "../../config/schema/schema.ts";
import { doneWithin } from "../../core/deadline.ts";
import type { Log } from "../../core/log.ts";
import { VERSION } from "../../core/version.ts";
import type { KnownTool } from "../../policy/known-tool.ts";
import type { DefinitionStore } from "../../store/definitions/definitions.ts";
import { createChildren } from "../../upstream/process/children.ts";
import { createUpstreams } from "../../upstream/upkeep/upstreams.ts";

/** What the configured upstreams list when they are asked. */
export interface LiveTools {
  /** By upstream; those that could not be asked are not in it. */
  readonly listed: ReadonlyMap<string, readonly KnownTool[]>;
  readonly unreached: readonly { readonly upstream: string; readonly reason: string }[];
}

/** How long all upstreams together may take, ms. A server that starts with `npx` needs a while. */
const LIST_MS = 20_000;

const STOPS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Connects to every upstream as the gateway does, reads its tools and leaves. Nothing is stored. `onWaiting` hears which
 * upstreams have not answered yet. @throws never
 */
export async function listLiveTools(
  config: Config,
  { onWaiting, limitMs = LIST_MS }: { onWaiting: (upstreams: readonly string[]) => void; readonly limitMs?: number },
): Promise<LiveTools> {
  const listed = new Map<string, readonly KnownTool[]>();
  const reasons = new Map<string, string>();
  const log = reasonLog(reasons);
  const children = createChildren();
  const upstreams = createUpstreams({ log, now: Date.now, version: VERSION, children });
  const rules = new Map(config.upstreams.map(({ name, tools }) => [name, compileToolRules(tools)]));
  // What the catalog would store is what there is to know.
  const replace: DefinitionStore["replace"] = async (upstream, tools) => {
    listed.set(
      upstream,
      tools.map(({ name, definition }) => {
        return { upstream, name, definition, ownHints: rules.get(upstream)?.ownHints(name) ?? [] };
      }),
    );
    return [];
  };
  const definitions = { replace, async *currentOf() {} };
  const catalog = createCatalog({ upstreams, definitions, log, now: Date.now });
  const names = config.upstreams.map(({ name }) => name);
  const waiting = new Set(names);
  // Ctrl-C in a terminal reaches this process only: children are in groups of their own.
  const leave = (): void => {
    children.kill();
    process.exit(130);
  };
  for (const signal of STOPS) process.once(signal, leave);
  try {
    upstreams.apply(config.upstreams.map(({ tools: _, ...options }) => options));
    catalog.apply(new Map(config.upstreams.map(({ name, tools }) => [name, tools])));
    onWaiting(names);
    const all = names.map(async (name) => {
      await catalog.settled([name]);
      waiting.delete(name);
      onWaiting([...waiting]);
    });
    await doneWithin(limitMs, Promise.all(all));
    const unreached = names.flatMap((upstream) => {
      if (listed.has(upstream)) return [];
      const late = waiting.has(upstream)
        ? `it did not answer within ${limitMs / 1000} s`
        : "its tools could not be read";
      return [{ upstream, reason: upstreams.get(upstream)?.status().lastError ?? reasons.get(upstream) ?? late }];
    });
    return { listed: new Map(listed), unreached };
  } finally {
    catalog.close();
    await upstreams.close();
    for (const signal of STOPS) process.off(signal, leave);
  }
}

/** Keeps of a log why an upstream could not be read, and nothing else: the command tells that in its own words. */
function reasonLog(reasons: Map<string, string>): Log {
  const keep: Log["warn"] = ({ upstream, detail, reason }) => {
    const why = typeof detail === "string" ? detail : reason;
    if (typeof upstream === "string" && typeof why === "string") reasons.set(upstream, why);
  };
  return { debug: () => {}, info: () => {}, warn: keep, error: keep };
}
