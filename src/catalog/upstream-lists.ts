import { sha256 } from "../core/digest.ts";
import { canonicalJson, isObject, type Json } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import { Slices } from "../core/slices.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type ListedEntry, readListed, readTool, type ToolEntry } from "./entries.ts";
import { createListReading, LIST_KEYS, type ListFaults, NO_OBJECT } from "./list-reading.ts";
import type { ReadingPace } from "./reading-pace.ts";
import { type Repaired, repairItem } from "./repair.ts";
import { createSessionChanges } from "./session-changes.ts";
import type { CompiledToolRules } from "./tool-rules.ts";
import type { UriList } from "./uris/uri-claims.ts";

/** Parsing a list costs about what it takes to work through it. */
const WITH_PARSING = 2;

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

/**
 * Keeps the lists of one upstream. Readings of one list never overlap: a refresh asked for during a reading runs once
 * after it. A failed reading keeps what was known; one that failed after the first pages, and nothing was known, has these.
 */
export interface UpstreamReader {
  lists(): UpstreamLists;
  /** Whether its tools were ever read, all of them. */
  knowsTools(): boolean;
  /**
   * Reads these lists again in the background; `onChange` hears which really changed. Resolves to whether all of them were
   * read by a request that was made after this was called.
   */
  refresh(kinds: readonly ListKind[]): Promise<boolean>;
  /** A client's session with it was told that this list changed. */
  toldInSession(kind: ListKind): void;
  /** Other rules hold from now on, without another reading. */
  rule(rules: CompiledToolRules): void;
}

export function createUpstreamReader(deps: {
  readonly upstream: Upstream;
  readonly log: Log;
  /** What the operator says of the tools. */
  readonly rules: CompiledToolRules;
  /** When its lists may be read. Every reading goes by it, whoever asked. */
  readonly pace: ReadingPace;
  readonly onChange: (kind: ListKind) => void;
  /** A list may be kept for another time than before. */
  readonly onTtl: () => void;
  /** Hears what tools there are: once they were read for the first time, and whenever they are others than before. */
  readonly onTools: (tools: readonly ToolEntry[], whole: boolean) => void;
  /** Hears what resources or templates there are, likewise, before `onChange`. */
  readonly onUris: (list: UriList, keys: readonly string[]) => void;
}): UpstreamReader {
  const { upstream, log, pace } = deps;
  let { rules } = deps;
  let toolItems: readonly Repaired[] = [];
  let toolDigests: readonly string[] = [];
  let lists: UpstreamLists = { tools: [], prompts: [], resources: [], resourceTemplates: [] };
  const texts = new Map<ListKind, string>();
  const faultTexts = new Map<ListKind, string>();
  /** Lists of which only the first pages could ever be read. */
  const partial = new Set<ListKind>();
  const sessionChanges = createSessionChanges(upstream.name, log);
  const running = new Map<ListKind, { again: boolean; done: Promise<boolean> }>();

  const readOnce = async (kind: ListKind): Promise<boolean> => {
    const reading = sessionChanges.begin(kind);
    const before = texts.get(kind);
    const answer = await upstream.list(kind);
    if (!answer.ok) {
      const { code, detail } = answer.fault;
      log.warn({ upstream: upstream.name, list: kind, code, detail }, "list not read");
      // A server that does not answer is no trouble to read.
      pace.ended(kind, code === "UPSTREAM_INVALID" || code === "UPSTREAM_TOO_LARGE");
      return false;
    }
    const { missing } = answer;
    if (missing !== undefined) {
      log.warn({ upstream: upstream.name, list: kind, detail: missing }, "rest of a list not read");
      // Of what was read whole before, more is known than was read now.
      if (texts.has(kind) && !partial.has(kind)) {
        pace.ended(kind, true);
        return false;
      }
    }
    const slices = new Slices();
    try {
      const changed = await take(kind, answer.items, missing === undefined, slices);
      takeTtl(kind, answer.ttlMs);
      reading.read(texts.get(kind) !== before);
      pace.ended(kind, changed || missing !== undefined);
    } finally {
      pace.spent(slices.spent * WITH_PARSING);
    }
    return missing === undefined;
  };

  /** Takes a list as it was answered. Whether it is another one than before. */
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
        for (let ms = pace.waitMs(kind); ms > 0; ms = pace.waitMs(kind)) await rest(ms);
        state.again = false;
        read = await readOnce(kind).catch((err: unknown) => {
          // A fault of ours at what this upstream lists: what was known of it stays, and it concerns nobody else.
          log.error({ upstream: upstream.name, list: kind, err }, "Reading a list failed.");
          pace.ended(kind, true);
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
    knowsTools: () => texts.has("tools") && !partial.has("tools"),
    refresh: async (kinds) => {
      const read = await Promise.all(kinds.map(refreshOne));
      return read.every((each) => each);
    },
    toldInSession: (kind) => sessionChanges.told(kind),
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

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
