import { sha256 } from "../core/digest.ts";
import { canonicalJson, isObject, type Json } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { Slices } from "../core/slices.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type ListedEntry, readListed, readTool, type ToolEntry } from "./entries.ts";
import { createListReading, type ListFaults, NO_OBJECT } from "./list-reading.ts";
import { LIST_KEYS, type Repaired, repairItem } from "./repair.ts";
import type { CompiledToolRules } from "./tool-rules.ts";
import type { UriList } from "./uris/uri-claims.ts";

/** What one upstream lists, as last read. */
export interface UpstreamLists {
  readonly tools: readonly ToolEntry[];
  readonly prompts: readonly ListedEntry[];
  readonly resources: readonly ListedEntry[];
  readonly resourceTemplates: readonly ListedEntry[];
  /** How long each may be kept by what its server says, in ms, where it says so. */
  readonly ttlMs?: Partial<Readonly<Record<ListKind, number | undefined>>>;
  /** What in them clients could not have read. */
  readonly faults?: ReadonlyMap<ListKind, ListFaults>;
}

/** What the lists of an upstream are read with, and who hears of it. */
export interface UpstreamListsDeps {
  readonly upstream: Upstream;
  readonly log: Log;
  /** What the operator says of the tools. */
  readonly rules: CompiledToolRules;
  readonly onChange: (kind: ListKind) => void;
  /** A list may be kept for another time than before. */
  readonly onTtl: () => void;
  /** Hears what tools there are: once they were read for the first time, and whenever they are others than before. */
  readonly onTools: (tools: readonly ToolEntry[], whole: boolean) => void;
  /** Hears what resources or templates there are, likewise, before `onChange`. */
  readonly onUris: (list: UriList, keys: readonly string[]) => void;
}

/** The lists of one upstream, as far as they were read, by the rules that hold now. */
export interface KnownLists {
  lists(): UpstreamLists;
  /** The digests of a list's items as one text, equal for equal lists; `undefined`: it was never read. */
  digests(kind: ListKind): string | undefined;
  /** Whether a list was ever read, all of it. */
  isWhole(kind: ListKind): boolean;
  /** Takes a list as it was answered. Whether it is another one than before. */
  take(kind: ListKind, answered: readonly Json[], whole: boolean, slices: Slices): Promise<boolean>;
  /** Takes how long a list may be kept. */
  takeTtl(kind: ListKind, ttlMs: number | undefined): void;
  /** Other rules hold from now on, without another reading. */
  rule(rules: CompiledToolRules): void;
}

/** Makes them; nothing is known at first. */
export function createKnownLists(deps: UpstreamListsDeps): KnownLists {
  const { upstream, log } = deps;
  let { rules } = deps;
  let toolItems: readonly Repaired[] = [];
  let toolDigests: readonly string[] = [];
  let lists: UpstreamLists = { tools: [], prompts: [], resources: [], resourceTemplates: [] };
  const texts = new Map<ListKind, string>();
  const faultTexts = new Map<ListKind, string>();
  /** Lists of which only the first pages could ever be read. */
  const partial = new Set<ListKind>();

  const take = async (kind: ListKind, answered: readonly Json[], whole: boolean, slices: Slices): Promise<boolean> => {
    const items: Repaired[] = [];
    const digests: string[] = [];
    for (const item of answered) {
      const repaired = isObject(item) ? repairItem(kind, item) : NO_OBJECT;
      items.push(repaired);
      digests.push(sha256(canonicalJson(repaired.item)));
      if (slices.isOver) await slices.next();
    }
    const text = digests.join("\n");
    const before = texts.get(kind);
    // What comes now as it was repaired before is the same list, without the fault.
    const faultText = items.map(({ repairs }) => repairs.join()).join("\n");
    const sameFaults = faultTexts.get(kind) === faultText;
    if (before === text && sameFaults && partial.has(kind) !== whole) return false;
    if (whole) partial.delete(kind);
    else partial.add(kind);
    if (kind === "tools") await takeTools(items, digests, slices);
    else takeListed(kind, items);
    logFaults(kind);
    texts.set(kind, text);
    faultTexts.set(kind, faultText);
    if (kind === "tools") deps.onTools(lists.tools, whole);
    else if (kind !== "prompts") {
      deps.onUris(
        kind,
        lists[kind].map(({ key }) => key),
      );
    }
    // A first reading that finds nothing changes nothing.
    if ((before ?? "") === text) return false;
    deps.onChange(kind);
    return before !== undefined;
  };

  const takeTtl = (kind: ListKind, ttlMs: number | undefined): void => {
    if (lists.ttlMs?.[kind] === ttlMs) return;
    lists = { ...lists, ttlMs: { ...lists.ttlMs, [kind]: ttlMs } };
    deps.onTtl();
  };

  const takeTools = async (items: readonly Repaired[], digests: readonly string[], slices: Slices): Promise<void> => {
    let reading: ReturnType<typeof toolsOf>;
    let using: CompiledToolRules;
    do {
      using = rules;
      reading = toolsOf(items, digests);
      while (reading.step()) if (slices.isOver) await slices.next();
      // Other rules may have come in between.
    } while (using !== rules);
    toolItems = items;
    toolDigests = digests;
    lists = { ...lists, tools: reading.entries(), faults: faultsWith("tools", reading.faults()) };
  };

  /** The tools of a list by the rules that hold now. */
  const toolsOf = (items: readonly Repaired[], digests: readonly string[]) => {
    const using = rules;
    return createListReading<ToolEntry>({
      ...{ kind: "tools", items, keyOf: (tool) => tool.name, shows: (name) => using.allows(name) },
      read: (item, index) => readTool(upstream, item, using, digests[index]),
    });
  };

  const takeListed = (kind: Exclude<ListKind, "tools">, items: readonly Repaired[]): void => {
    const reading = createListReading<ListedEntry>({
      ...{ kind, items, keyOf: (entry) => entry.key, shows: () => true },
      read: ({ item }) => readListed(upstream.name, item, LIST_KEYS[kind]),
    });
    while (reading.step());
    lists = { ...lists, [kind]: reading.entries(), faults: faultsWith(kind, reading.faults()) };
  };

  const faultsWith = (kind: ListKind, found: ListFaults | undefined): ReadonlyMap<ListKind, ListFaults> => {
    const faults = new Map(lists.faults);
    if (found === undefined) faults.delete(kind);
    else faults.set(kind, found);
    return faults;
  };

  const logFaults = (kind: ListKind): void => {
    const found = lists.faults?.get(kind);
    if (found === undefined) return;
    const what = { upstream: upstream.name, list: kind, ...found };
    log.warn(what, "An upstream lists what clients cannot read: it was repaired or left out.");
  };

  return {
    lists: () => lists,
    digests: (kind) => texts.get(kind),
    isWhole: (kind) => texts.has(kind) && !partial.has(kind),
    take,
    takeTtl,
    rule(next) {
      rules = next;
      const reading = toolsOf(toolItems, toolDigests);
      while (reading.step());
      const tools = reading.entries();
      const same =
        tools.length === lists.tools.length && tools.every((tool, i) => tool.digest === lists.tools[i]?.digest);
      lists = { ...lists, tools, faults: faultsWith("tools", reading.faults()) };
      if (same) return;
      deps.onTools(tools, !partial.has("tools"));
      deps.onChange("tools");
    },
  };
}
