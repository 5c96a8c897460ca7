// biome-ignore-all lint/style/noExcessiveLinesPerFile: what an upstream lists, who hears of it and when it is forgotten share one table of members; what needs none of it stands beside.
import { withDeadline } from "../core/deadline.ts";
import type { Log } from "../core/log.ts";
import type { Scope } from "../core/scope.ts";
import { LIST_KINDS, type ListKind } from "../mcp/messages.ts";
import type { DefinitionChange, DefinitionReader, DefinitionStore } from "../store/definitions/definitions.ts";
import type { UpstreamEvent, Upstreams } from "../upstream/upstream.ts";
import { type CatalogChange, createChangeEmitter } from "./change-emitter.ts";
import { createCoalescer } from "./coalescer.ts";
import { createDefinitionKeeper } from "./definition-keeper.ts";
import type { ToolEntry } from "./entries.ts";
import { createFirstStarts } from "./first-start.ts";
import type { ListFaults } from "./list-reading.ts";
import { type CatalogMember, listsWithItems } from "./member.ts";
import { createReadingPace } from "./reading-pace.ts";
import { createRememberedTools } from "./remembered-tools.ts";
import { type CatalogTiming, DEFAULT_CATALOG_TIMING } from "./timing.ts";
import { compileToolRules, sameToolRules, type ToolRules } from "./tool-rules.ts";
import { createUpstreamReader } from "./upstream-lists.ts";
import { mayConcernApps } from "./uris/app-links.ts";
import { type ClaimMemory, createClaimKeeper } from "./uris/claim-keeper.ts";
import { createSharedUriLog } from "./uris/shared-uris.ts";
import { buildView, type ShownLists, type View } from "./view.ts";

/**
 * The merged lists of all upstreams, read in the background (when an upstream comes up, says that a list changed, and
 * every `refreshMs`) and answered from memory.
 */
export interface Catalog {
  /** What `scope` shows now. The same object until something in it changes. */
  view(scope: Scope): View;
  /** Hears of changed lists, once for all that changed together; `resources` stands for their templates, too. */
  onChange(listener: (change: CatalogChange) => void): () => void;
  /** Has clients read what they see of this upstream again, because their endpoints show other parts of it now. */
  reshaped(upstream: string): void;
  /** Forgets upstreams that are no longer registered and learns the rules of new ones. */
  apply(rules: ReadonlyMap<string, ToolRules>): void;
  /** Resolves once every upstream of `names` was read for the first time or found down. */
  settled(names: readonly string[]): Promise<void>;
  /**
   * What whoever asks for lists of `names` waits for: upstreams that make their first start, each for a bounded time that
   * begins with the first who waits for it. `undefined` where there is nothing to wait for.
   */
  firstLists(names: readonly string[]): Promise<unknown> | undefined;
  /** What in the lists of an upstream clients could not have read, as they were read last. */
  faults(upstream: string): ReadonlyMap<ListKind, ListFaults>;
  /**
   * Asks an upstream once more which tools it has, so that the views show them as it describes them now. Resolves to whether
   * it answered within `withinMs`; an upstream that has not come up yet did not.
   */
  readAgain(upstream: string, withinMs: number): Promise<boolean>;
  /** Resolves when what was read is stored. */
  close(): Promise<void>;
}

export function createCatalog(deps: {
  readonly upstreams: Upstreams;
  /** Where the definitions of the tools are kept for whoever looks at policies without the upstreams. */
  readonly definitions: DefinitionStore & Pick<DefinitionReader, "currentOf">;
  /** Where it is kept whose URIs are whose; nowhere without it. */
  readonly claims?: ClaimMemory;
  /** Hears what has changed in the definitions of an upstream's tools since it was listed last, before a restart too. */
  readonly onDefinitionChanges?: (upstream: string, changes: readonly DefinitionChange[]) => void;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly timing?: Partial<CatalogTiming>;
}): Catalog {
  const { upstreams, log } = deps;
  const timing: CatalogTiming = { ...DEFAULT_CATALOG_TIMING, ...deps.timing };
  const members = new Map<string, CatalogMember>();
  const firstStarts = createFirstStarts(timing.firstListsMs);
  const views = new Map<string, { readonly scope: Scope; readonly view: View }>();
  const keeper = createDefinitionKeeper({
    ...deps,
    onChanges: deps.onDefinitionChanges ?? (() => {}),
    onSpent: (name, ms) => members.get(name)?.pace.spent(ms),
  });
  const remembered = createRememberedTools(deps);
  const emitter = createChangeEmitter({ windowMs: timing.announceMs, log });
  const claimKeeper = createClaimKeeper({ memory: deps.claims, log, now: deps.now });
  const logSharedUris = createSharedUriLog(log);

  const forgetViews = (upstream: string): void => {
    for (const [endpoint, { scope }] of views) {
      if (scope.upstreams.includes(upstream)) views.delete(endpoint);
    }
  };

  /** What it listed before this process knew it, unless it has listed its tools since. */
  const recall = async (name: string, member: CatalogMember): Promise<void> => {
    if (member.reader.knowsTools()) return;
    await remembered.recall(name);
    if (members.get(name) === member) forgetViews(name);
  };
  /** Has some of its tools stored: nobody knows whether the others are gone. */
  const keepPartOf = async (name: string, tools: readonly ToolEntry[]): Promise<void> => {
    await remembered.recall(name);
    const member = members.get(name);
    if (member === undefined || member.reader.lists().tools !== tools) return;
    const read = new Set(tools.map((tool) => tool.name));
    keeper.keep(name, [...tools, ...remembered.of(name, member.rules).filter((tool) => !read.has(tool.name))]);
    forgetViews(name);
  };
  // Clients are told of the lists in which this upstream has anything at all.
  const shownOrHidden = (name: string, member: CatalogMember): void => {
    forgetViews(name);
    for (const list of listsWithItems(member)) emitter.soon({ list, upstream: name });
  };

  const join = (name: string, rules: ToolRules): void => {
    const upstream = upstreams.get(name);
    if (upstream === undefined) return;
    let resolveSettled = (): void => {};
    const settled = new Promise<void>((resolve) => {
      resolveSettled = resolve;
    });
    const settle = (): void => {
      firstStarts.ended(name, member);
      resolveSettled();
    };
    const pace = createReadingPace({ calmMs: timing.calmMs, now: () => performance.now() });
    const reader = createUpstreamReader({
      upstream,
      log,
      pace,
      rules: compileToolRules(rules),
      onChange(list) {
        // A reading may end after its upstream has left.
        if (members.get(name)?.reader !== reader) return;
        forgetViews(name);
        emitter.soon({ list, upstream: name });
      },
      onTtl() {
        if (members.get(name)?.reader === reader) forgetViews(name);
      },
      onTools(tools, whole) {
        if (members.get(name)?.reader !== reader) return;
        // Also where there are none: what was remembered until now counts no longer.
        forgetViews(name);
        if (whole) keeper.keep(name, tools);
        else void keepPartOf(name, tools);
      },
      onUris(list, keys) {
        if (members.get(name)?.reader !== reader) return;
        const { kept } = claimKeeper.listed(name, list, keys);
        // Tools of apps say where their pages are, which may be shown in another form now.
        if (mayConcernApps(kept, members.values())) emitter.soon({ list: "tools", upstream: name });
      },
    });
    const stale = createCoalescer<ListKind>({
      firstMs: timing.coalesceMs,
      calmMs: timing.calmMs,
      run: (kinds) => void reader.refresh(kinds),
    });
    const unread = { reading: undefined, hidden: false, graceTimer: undefined };
    const member: CatalogMember = { upstream, rules, reader, pace, stale, settled, settle, ...unread };
    members.set(name, member);
    firstStarts.began(name, member);
    const { state } = upstream.status();
    if (state === "ready") heard({ kind: "reached", upstream: name });
    else if (state === "down") heard({ kind: "state", upstream: name, status: upstream.status() });
  };

  const leave = (name: string): void => {
    const member = members.get(name);
    if (member === undefined) return;
    clearTimeout(member.graceTimer);
    member.stale.close();
    member.settle();
    members.delete(name);
    remembered.forget(name);
    forgetViews(name);
    // At once: who sees this upstream is known only as long as it is in their scopes.
    if (!member.hidden) emitter.now(listsWithItems(member).map((list) => ({ list, upstream: name })));
  };

  const heard = (event: UpstreamEvent): void => {
    const member = members.get(event.upstream);
    if (member === undefined) return;
    if (event.kind === "list_changed") {
      member.stale.request(event.list);
      return;
    }
    if (event.kind === "reached") {
      clearTimeout(member.graceTimer);
      member.graceTimer = undefined;
      if (member.hidden) {
        member.hidden = false;
        shownOrHidden(event.upstream, member);
      }
      member.reading = member.reader.refresh(LIST_KINDS).then(async () => {
        await recall(event.upstream, member);
        // Before anybody who waited for these lists can see them, so that nobody is told of what was read already.
        emitter.flush();
        member.upstream.listsRead();
        member.settle();
      });
    } else if (event.status.state === "down") {
      void recall(event.upstream, member).finally(member.settle);
      member.graceTimer ??= setTimeout(() => {
        member.hidden = true;
        shownOrHidden(event.upstream, member);
      }, timing.graceMs).unref();
    }
  };

  const stopListening = upstreams.onEvent(heard);
  const refreshTimer = setInterval(() => {
    for (const [name, member] of members) {
      if (upstreams.get(name)?.status().state === "ready") void member.reader.refresh(LIST_KINDS);
    }
  }, timing.refreshMs).unref();

  return {
    view(scope) {
      const known = views.get(scope.endpoint);
      // A reload may give an endpoint a new scope under its old name.
      if (known !== undefined && known.scope === scope) return known.view;
      const listsOf = (name: string): ShownLists | undefined => {
        const member = members.get(name);
        if (member === undefined) return undefined;
        const { reader, rules, hidden } = member;
        const before = reader.knowsTools() ? undefined : remembered.of(name, rules);
        return { lists: reader.lists(), hidden, remembered: before };
      };
      const view = buildView(scope, listsOf, claimKeeper.claims);
      views.set(scope.endpoint, { scope, view });
      logSharedUris(scope, view);
      return view;
    },
    onChange: (listener) => emitter.onChange(listener),
    reshaped(upstream) {
      const member = members.get(upstream);
      if (member !== undefined && !member.hidden) shownOrHidden(upstream, member);
    },
    apply(rules) {
      // Endpoints come and go with the configuration, and their views with them.
      views.clear();
      for (const [name, member] of [...members]) {
        const next = rules.get(name);
        // An upstream that stays as it was keeps its lists, so that a reload shows no gap to anybody.
        if (next === undefined || upstreams.get(name) !== member.upstream) {
          leave(name);
          if (next === undefined) claimKeeper.forget(name);
        } else if (!sameToolRules(next, member.rules)) {
          member.rules = next;
          member.reader.rule(compileToolRules(next));
        }
      }
      for (const [name, toolRules] of rules) if (!members.has(name)) join(name, toolRules);
    },
    async settled(names) {
      await Promise.all(names.map((name) => members.get(name)?.settled));
    },
    faults: (name) => members.get(name)?.reader.lists().faults ?? new Map(),
    firstLists: (names) => firstStarts.waitFor(names),
    async readAgain(name, withinMs) {
      const member = members.get(name);
      if (member?.reading === undefined) return false;
      // What it listed when it came up may still be on its way: this reading comes after that one.
      return withDeadline(withinMs, member.reader.refresh(["tools"]), () => false);
    },
    close() {
      stopListening();
      clearInterval(refreshTimer);
      for (const member of members.values()) {
        clearTimeout(member.graceTimer);
        member.stale.close();
        member.settle();
      }
      emitter.close();
      members.clear();
      return Promise.all([keeper.settled(), claimKeeper.close()]).then(() => {});
    },
  };
}
