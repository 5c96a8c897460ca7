import { sha256 } from "../core/digest.ts";
import { canonicalJson, type JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type ListedEntry, readListed, readTool, type ToolEntry } from "./entries.ts";
import { type Repaired, repairItem } from "./repair.ts";
import type { CompiledToolRules } from "./tool-rules.ts";

/** Definitions that are left out with a line in the log each. */
const MAX_LOGGED = 10;

/** Text that is made of definitions before others get their turn, in characters. */
const SLICE = 256 * 1024;

/** What one upstream lists, as last read. */
export interface UpstreamLists {
  readonly tools: readonly ToolEntry[];
  readonly prompts: readonly ListedEntry[];
  readonly resources: readonly ListedEntry[];
  readonly resourceTemplates: readonly ListedEntry[];
}

export const LIST_KINDS: readonly ListKind[] = ["tools", "prompts", "resources", "resourceTemplates"];

/**
 * Keeps the lists of one upstream. Readings of one list never overlap: a refresh asked for during a reading runs once
 * after it. A failed reading keeps what was known.
 */
export interface UpstreamReader {
  lists(): UpstreamLists;
  /**
   * Reads these lists again in the background; `onChange` hears which really changed. Resolves to whether all of them were
   * read by a request that was made after this was called.
   */
  refresh(kinds: readonly ListKind[]): Promise<boolean>;
  /** Other rules hold from now on, without another reading. */
  rule(rules: CompiledToolRules): void;
}

export function createUpstreamReader(deps: {
  readonly upstream: Upstream;
  readonly log: Log;
  /** What the operator says of the tools. */
  readonly rules: CompiledToolRules;
  readonly onChange: (kind: ListKind) => void;
  /** Hears what tools there are: once they were read for the first time, and whenever they are others than before. */
  readonly onTools: (tools: readonly ToolEntry[]) => void;
}): UpstreamReader {
  const { upstream, log } = deps;
  let { rules } = deps;
  let toolItems: readonly Repaired[] = [];
  let toolDigests: readonly string[] = [];
  let lists: UpstreamLists = { tools: [], prompts: [], resources: [], resourceTemplates: [] };
  const texts = new Map<ListKind, string>();
  const running = new Map<ListKind, { again: boolean; done: Promise<boolean> }>();

  const readOnce = async (kind: ListKind): Promise<boolean> => {
    const answer = await upstream.list(kind);
    if (!answer.ok) {
      log.warn(
        { upstream: upstream.name, list: kind, code: answer.fault.code, detail: answer.fault.detail },
        "list not read",
      );
      return false;
    }
    const items = answer.items.map((item) => repairItem(kind, item));
    const digests = await digestsOf(items);
    const text = digests.join("\n");
    const before = texts.get(kind);
    if (before === text) return true;
    texts.set(kind, text);
    logRepairs(kind, items);
    lists = { ...lists, [kind]: readItems(kind, items, digests) };
    if (kind === "tools") deps.onTools(lists.tools);
    // A first reading that finds nothing changes nothing.
    if ((before ?? "") !== text) deps.onChange(kind);
    return true;
  };

  const readItems = (
    kind: ListKind,
    items: readonly Repaired[],
    digests: readonly string[],
  ): readonly (ToolEntry | ListedEntry)[] => {
    if (kind === "tools") {
      toolItems = items;
      toolDigests = digests;
      return readTools();
    }
    const field = kind === "prompts" ? "name" : kind === "resources" ? "uri" : "uriTemplate";
    return items.flatMap(({ item }) => readListed(upstream.name, item, field) ?? []);
  };

  const logRepairs = (kind: ListKind, items: readonly Repaired[]): void => {
    const repaired = items.filter(({ repairs }) => repairs.length > 0);
    if (repaired.length === 0) return;
    const shown = repaired.slice(0, MAX_LOGGED).map(({ item, repairs }) => ({ name: nameIn(item), members: repairs }));
    const what = { upstream: upstream.name, list: kind, items: repaired.length, repaired: shown };
    log.warn(what, "An upstream lists what clients cannot read; members were repaired or left out.");
  };

  const readTools = (): readonly ToolEntry[] => {
    const tools = new Map<string, ToolEntry>();
    let leftOut = 0;
    for (const [at, item] of toolItems.entries()) {
      const reading = readTool(upstream.name, item, rules, toolDigests[at]);
      if (reading.ok) {
        const { entry } = reading;
        if (rules.allows(entry.name) && !tools.has(entry.name)) tools.set(entry.name, entry);
      } else if (++leftOut <= MAX_LOGGED) {
        log.warn({ upstream: upstream.name, tool: nameIn(item.item), reason: reading.reason }, "tool left out");
      }
    }
    if (leftOut > MAX_LOGGED) log.warn({ upstream: upstream.name, tools: leftOut }, "more tools left out");
    return [...tools.values()];
  };

  const refreshOne = (kind: ListKind): Promise<boolean> => {
    const current = running.get(kind);
    if (current !== undefined) {
      current.again = true;
      return current.done;
    }
    const state = { again: false, done: Promise.resolve(false) };
    const run = async (): Promise<boolean> => {
      let read: boolean;
      do {
        state.again = false;
        read = await readOnce(kind).catch((err: unknown) => {
          // A fault of ours at what this upstream lists: what was known of it stays, and it concerns nobody else.
          log.error({ upstream: upstream.name, list: kind, err }, "Reading a list failed.");
          return false;
        });
      } while (state.again);
      running.delete(kind);
      return read;
    };
    running.set(kind, state);
    state.done = run();
    return state.done;
  };

  return {
    lists: () => lists,
    refresh: async (kinds) => {
      const read = await Promise.all(kinds.map(refreshOne));
      return read.every((each) => each);
    },
    rule(next) {
      rules = next;
      const tools = readTools();
      const same =
        tools.length === lists.tools.length && tools.every((tool, i) => tool.digest === lists.tools[i]?.digest);
      lists = { ...lists, tools };
      if (same) return;
      deps.onTools(tools);
      deps.onChange("tools");
    },
  };
}

function nameIn({ name }: JsonObject): string {
  return typeof name === "string" ? name.slice(0, 128) : "";
}

// A list may have megabytes: read in slices, so that nobody's call waits for the end of it.
async function digestsOf(items: readonly Repaired[]): Promise<readonly string[]> {
  const digests: string[] = [];
  let written = 0;
  for (const { item } of items) {
    const text = canonicalJson(item);
    digests.push(sha256(text));
    written += text.length;
    if (written < SLICE) continue;
    written = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return digests;
}
