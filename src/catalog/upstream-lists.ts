import { canonicalJson, type JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type ListedEntry, readListed, readTool, type ToolEntry } from "./entries.ts";
import type { CompiledToolRules } from "./tool-rules.ts";

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
  let toolItems: readonly JsonObject[] = [];
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
    const text = canonicalJson(answer.items);
    const before = texts.get(kind);
    if (before === text) return true;
    texts.set(kind, text);
    lists = { ...lists, [kind]: readItems(kind, answer.items) };
    if (kind === "tools") deps.onTools(lists.tools);
    // A first reading that finds nothing changes nothing.
    if ((before ?? "[]") !== text) deps.onChange(kind);
    return true;
  };

  const readItems = (kind: ListKind, items: readonly JsonObject[]): readonly (ToolEntry | ListedEntry)[] => {
    if (kind === "tools") {
      toolItems = items;
      return readTools(items);
    }
    const field = kind === "prompts" ? "name" : kind === "resources" ? "uri" : "uriTemplate";
    return items.flatMap((item) => readListed(upstream.name, item, field) ?? []);
  };

  const readTools = (items: readonly JsonObject[]): readonly ToolEntry[] => {
    const tools = new Map<string, ToolEntry>();
    for (const item of items) {
      const reading = readTool(upstream.name, item, rules);
      if (!reading.ok) {
        log.warn(
          { upstream: upstream.name, tool: String(item["name"] ?? ""), reason: reading.reason },
          "tool left out",
        );
      } else if (rules.allows(reading.entry.name) && !tools.has(reading.entry.name)) {
        tools.set(reading.entry.name, reading.entry);
      }
    }
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
        read = await readOnce(kind);
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
      const tools = readTools(toolItems);
      const same =
        tools.length === lists.tools.length && tools.every((tool, i) => tool.digest === lists.tools[i]?.digest);
      lists = { ...lists, tools };
      if (same) return;
      deps.onTools(tools);
      deps.onChange("tools");
    },
  };
}
