import { existsSync } from "node:fs";
import { compileToolRules } from "../../catalog/tool-rules.ts";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema/schema.ts";
import { counted } from "../../core/counted.ts";
import type { KnownTool } from "../../policy/known-tool.ts";
import { StoreError } from "../../store/store-error.ts";
import { parseStoreUrl } from "../../store/store-url.ts";
import { DEFAULT_CONFIG } from "../load.ts";
import { isTerminal } from "../terminal/output.ts";
import type { PlaceOptions } from "./place.ts";

/** Options that say which tools policies are held against. */
export interface ToolOptions extends PlaceOptions {
  /** Ask the upstreams instead of the store. */
  readonly live?: boolean;
  /** `false`: leave the tools alone. */
  readonly tools?: boolean;
}

/** The tools that policies are held against, or why there are none. */
export type KnownTools =
  | {
      readonly ok: true;
      readonly tools: readonly KnownTool[];
      /** Upstreams, of the configuration or registered at run time, of which nothing is known. */
      readonly unlisted: readonly string[];
      /** `31 tools of 4 upstreams, as listed last`. */
      readonly source: string;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: string; readonly warnings: readonly string[] };

/**
 * Finds the tools of the upstreams: those that the store has on record, or those that they list now. Upstreams registered at
 * run time are not asked, because only the gateway can open their entries. The configuration was loaded before, and what
 * is wrong with it was told. @throws faults other than those of the store
 */
export async function findKnownTools(
  { config: given, live, tools }: ToolOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<KnownTools> {
  if (tools === false) return { ok: false, reason: "as --no-tools asks.", warnings: [] };
  const path = given ?? DEFAULT_CONFIG;
  const loaded = existsSync(path) ? loadConfig(path, env) : undefined;
  if (loaded?.ok !== true) {
    return {
      ok: false,
      reason: `there is no ${DEFAULT_CONFIG} that says which there are. Name one with -c.`,
      warnings: [],
    };
  }
  const { config } = loaded;
  const stored = await readStored(config);
  return live === true ? askLive(config, stored) : fromStore(config, stored);
}

interface Stored {
  readonly tools: readonly KnownTool[];
  /** Upstreams that are registered and not in the configuration. */
  readonly registered: readonly string[];
  /** Why there are none. */
  readonly problem: string | undefined;
}

function fromStore(config: Config, stored: Stored): KnownTools {
  const { tools, problem } = stored;
  if (tools.length > 0) return known(namesOf(config, stored), tools, "as listed last", []);
  const reason = `${problem ?? "no tools of the configured upstreams are on record yet."} --live asks the upstreams.`;
  return { ok: false, reason, warnings: [] };
}

async function askLive(config: Config, stored: Stored): Promise<KnownTools> {
  const output = process.stderr;
  const onWaiting = (names: readonly string[]): void => {
    if (!isTerminal(output)) return;
    output.write(`\r\u001b[K${names.length === 0 ? "" : `Listing the tools of ${names.join(", ")} …`.slice(0, 79)}`);
  };
  const { listLiveTools } = await import("./live-tools.ts");
  const { listed, unreached } = await listLiveTools(config, { onWaiting });
  onWaiting([]);
  const warnings: string[] = [];
  const tools = [...listed.values()].flat();
  for (const { upstream, reason } of unreached) {
    const last = stored.tools.filter((tool) => tool.upstream === upstream);
    tools.push(...last);
    const instead = last.length > 0 ? "its tools are taken as listed last" : "its tools are not known";
    warnings.push(`${upstream} could not be asked (${reason.replace(/\.$/, "")}): ${instead}.`);
  }
  tools.push(...stored.tools.filter(({ upstream }) => stored.registered.includes(upstream)));
  if (tools.length === 0) return { ok: false, reason: "no upstream listed any tool.", warnings };
  const asked = unreached.length === 0 && stored.registered.length === 0;
  return known(namesOf(config, stored), tools, asked ? "as listed now" : "as listed now or last", warnings);
}

function namesOf({ upstreams }: Config, { registered }: Stored): readonly string[] {
  return [...upstreams.map(({ name }) => name), ...registered];
}

function known(
  names: readonly string[],
  tools: readonly KnownTool[],
  when: string,
  warnings: readonly string[],
): KnownTools {
  const upstreams = new Set(tools.map(({ upstream }) => upstream));
  const unlisted = names.filter((name) => !upstreams.has(name));
  const source = `${counted(tools.length, "tool")} of ${counted(upstreams.size, "upstream")}, ${when}`;
  return { ok: true, tools, unlisted, source, warnings };
}

/** The definitions on record, of upstreams and tools that the configuration still has, and of registered upstreams. */
async function readStored({ store, upstreams }: Config): Promise<Stored> {
  try {
    if (parseStoreUrl(store.url).kind === "memory") return none("the store keeps nothing.");
    const { openStoreReader } = await import("../../store/open-store.ts");
    const reader = openStoreReader({ url: store.url });
    try {
      const current = await reader.definitions.current();
      const rules = new Map(upstreams.map(({ name, tools }) => [name, compileToolRules(tools)]));
      const registered = (await reader.registeredUpstreams.names()).filter((name) => !rules.has(name));
      // Of these the store has only what their own rules let through.
      const everything = compileToolRules({ allow: ["*"], deny: [], annotations: {} });
      for (const name of registered) rules.set(name, everything);
      const tools = current.flatMap(({ upstream, tool, definition }) => {
        const ruled = rules.get(upstream);
        if (ruled?.allows(tool) !== true) return [];
        const annotated = ruled.annotated(tool, definition);
        return [{ upstream, name: tool, definition: annotated, ownHints: ruled.ownHints(tool) }];
      });
      return { tools, registered, problem: undefined };
    } finally {
      reader.close();
    }
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    if (err.code === "STORE_MISSING") return none("there is no store yet: no gateway has run.");
    return none(`the store cannot be read. ${err.message}`);
  }
}

function none(problem: string): Stored {
  return { tools: [], registered: [], problem };
}
