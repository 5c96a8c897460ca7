import type { Log } from "../core/log.ts";
import { LIST_KINDS, type ListKind } from "../mcp/messages.ts";
import type { DefinitionChange, DefinitionReader, DefinitionStore } from "../store/definitions/definitions.ts";
import type { Upstream, UpstreamEvent, Upstreams } from "../upstream/upstream.ts";
import { type ChangeEmitter, createChangeEmitter, createExchanges, type Exchanges } from "./change-emitter.ts";
import { createCoalescer } from "./coalescer.ts";
import { createDefinitionKeeper, type DefinitionKeeper } from "./definitions/definition-keeper.ts";
import { createRememberedTools, type RememberedTools } from "./definitions/remembered-tools.ts";
import type { ToolEntry } from "./entries.ts";
import { createFirstStarts, type FirstStarts } from "./first-start.ts";
import { type CatalogMember, listsWithItems } from "./member.ts";
import { createReadingPace, type ReadingPace } from "./reading-pace.ts";
import type { CatalogTiming } from "./timing.ts";
import { compileToolRules, sameToolRules, type ToolRules } from "./tool-rules.ts";
import { createUpstreamReader, type UpstreamReader } from "./upstream-reader.ts";
import { mayConcernApps } from "./uris/app-links.ts";
import { type ClaimKeeper, type ClaimMemory, createClaimKeeper } from "./uris/claim-keeper.ts";
import type { ShownLists } from "./view.ts";
import { createViewCache, type ViewCache } from "./view-cache.ts";

export interface MembersDeps {
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
  readonly timing: CatalogTiming;
}

/** The upstreams of the catalog: what each lists, who hears of it, and when it is shown and forgotten. */
export class CatalogMembers {
  readonly firstStarts: FirstStarts;
  readonly emitter: ChangeEmitter;
  readonly views: ViewCache;
  readonly #deps: MembersDeps;
  readonly #members = new Map<string, CatalogMember>();
  readonly #exchanges: Exchanges;
  readonly #keeper: DefinitionKeeper;
  readonly #remembered: RememberedTools;
  readonly #claims: ClaimKeeper;

  constructor(deps: MembersDeps) {
    const { timing, log, now } = deps;
    this.#deps = deps;
    this.firstStarts = createFirstStarts(timing.firstListsMs);
    this.emitter = createChangeEmitter({ windowMs: timing.announceMs, log });
    this.#exchanges = createExchanges({ emitter: this.emitter, waitMs: timing.firstListsMs });
    this.#keeper = createDefinitionKeeper({
      ...deps,
      onChanges: deps.onDefinitionChanges ?? (() => {}),
      onSpent: (name, ms) => this.#members.get(name)?.pace.spent(ms),
    });
    this.#remembered = createRememberedTools(deps);
    this.#claims = createClaimKeeper({ memory: deps.claims, log, now });
    this.views = createViewCache({ listsOf: (name) => this.#shownOf(name), claims: this.#claims.claims, log });
  }

  get(name: string): CatalogMember | undefined {
    return this.#members.get(name);
  }

  /** As `Catalog.apply`. */
  apply(rules: ReadonlyMap<string, ToolRules>): void {
    // Endpoints come and go with the configuration, and their views with them.
    this.views.clear();
    for (const [name, member] of [...this.#members]) {
      const next = rules.get(name);
      // An upstream that stays as it was keeps its lists, so that a reload shows no gap to anybody.
      if (next === undefined || this.#deps.upstreams.get(name) !== member.upstream) {
        this.#leave(name, next !== undefined);
        if (next === undefined) this.#claims.forget(name);
      } else if (!sameToolRules(next, member.rules)) {
        member.rules = next;
        member.reader.rule(compileToolRules(next));
      }
    }
    for (const [name, toolRules] of rules) if (!this.#members.has(name)) this.#join(name, toolRules);
  }

  /** Takes in what an upstream has come to. */
  heard(event: UpstreamEvent): void {
    const member = this.#members.get(event.upstream);
    if (member === undefined) return;
    if (event.kind === "list_changed") {
      if (event.inSession === true) member.reader.toldInSession(event.list);
      member.stale.request(event.list);
    } else if (event.kind === "reached") this.#reached(event.upstream, member);
    else if (event.status.state === "down") this.#down(event.upstream, member);
  }

  /** Reads the lists of all that are reached again. */
  refresh(): void {
    for (const [name, member] of this.#members) {
      if (this.#deps.upstreams.get(name)?.status().state === "ready") void member.reader.refresh(LIST_KINDS);
    }
  }

  /** Has clients told of the lists in which this upstream has anything at all. */
  shownOrHidden(name: string, member: CatalogMember): void {
    this.views.forget(name);
    for (const list of listsWithItems(member)) this.emitter.soon({ list, upstream: name });
  }

  /** Resolves when what was read is stored. */
  close(): Promise<void> {
    for (const member of this.#members.values()) endWork(member);
    this.emitter.close();
    this.#members.clear();
    return Promise.all([this.#keeper.settled(), this.#claims.close()]).then(() => {});
  }

  #shownOf(name: string): ShownLists | undefined {
    const member = this.#members.get(name);
    if (member === undefined) return undefined;
    const { reader, rules, hidden } = member;
    const remembered = reader.knowsTools() ? undefined : this.#remembered.of(name, rules);
    return { lists: reader.lists(), hidden, remembered };
  }

  #join(name: string, rules: ToolRules): void {
    const { upstreams, timing } = this.#deps;
    const upstream = upstreams.get(name);
    if (upstream === undefined) return;
    let resolveSettled = (): void => {};
    const settled = new Promise<void>((resolve) => {
      resolveSettled = resolve;
    });
    const settle = (): void => {
      this.firstStarts.ended(name, member);
      resolveSettled();
    };
    const pace = createReadingPace({ calmMs: timing.calmMs, now: () => performance.now() });
    const reader = this.#readerOf(upstream, rules, pace);
    const stale = createCoalescer<ListKind>({
      firstMs: timing.coalesceMs,
      calmMs: timing.calmMs,
      run: (kinds) => void reader.refresh(kinds),
    });
    const unread = { reading: undefined, hidden: false, graceTimer: undefined };
    const member: CatalogMember = { upstream, rules, reader, pace, stale, settled, settle, ...unread };
    this.#members.set(name, member);
    this.firstStarts.began(name, member);
    const status = upstream.status();
    if (status.state === "ready") this.heard({ kind: "reached", upstream: name });
    else if (status.state === "down") this.heard({ kind: "state", upstream: name, status });
  }

  #readerOf(upstream: Upstream, rules: ToolRules, pace: ReadingPace): UpstreamReader {
    const { name } = upstream;
    // A reading may end after its upstream has left.
    const isMember = (): boolean => this.#members.get(name)?.reader === reader;
    const reader = createUpstreamReader({
      upstream,
      log: this.#deps.log,
      pace,
      rules: compileToolRules(rules),
      onChange: (list) => {
        if (!isMember()) return;
        this.views.forget(name);
        if (!this.#exchanges.isHeld(name)) this.emitter.soon({ list, upstream: name });
      },
      onTtl: () => {
        if (isMember()) this.views.forget(name);
      },
      onTools: (tools, whole) => {
        if (!isMember()) return;
        // Also where there are none: what was remembered until now counts no longer.
        this.views.forget(name);
        if (whole) this.#keeper.keep(name, tools);
        else void this.#keepPartOf(name, tools);
      },
      onUris: (list, keys) => {
        if (!isMember()) return;
        const { kept } = this.#claims.listed(name, list, keys);
        // Tools of apps say where their pages are, which may be shown in another form now.
        if (mayConcernApps(kept, this.#members.values())) this.emitter.soon({ list: "tools", upstream: name });
      },
    });
    return reader;
  }

  #leave(name: string, exchanged: boolean): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    endWork(member);
    this.#members.delete(name);
    this.#remembered.forget(name);
    this.views.forget(name);
    if (exchanged && !member.hidden) this.#exchanges.began(name, member.reader);
    // At once: who sees this upstream is known only as long as it is in their scopes.
    else this.#exchanges.left(name, member.hidden ? [] : listsWithItems(member));
  }

  #reached(name: string, member: CatalogMember): void {
    clearTimeout(member.graceTimer);
    member.graceTimer = undefined;
    if (member.hidden) {
      member.hidden = false;
      this.shownOrHidden(name, member);
    }
    member.reading = member.reader.refresh(LIST_KINDS).then(async () => {
      await this.#recall(name, member);
      this.#exchanges.read(name, member.reader);
      // Before anybody who waited for these lists can see them, so that nobody is told of what was read already.
      this.emitter.flush();
      member.upstream.listsRead();
      member.settle();
    });
  }

  #down(name: string, member: CatalogMember): void {
    this.#exchanges.seen(name);
    void this.#recall(name, member).finally(member.settle);
    member.graceTimer ??= setTimeout(() => {
      member.hidden = true;
      this.shownOrHidden(name, member);
    }, this.#deps.timing.graceMs).unref();
  }

  /** What it listed before this process knew it, unless it has listed its tools since. */
  async #recall(name: string, member: CatalogMember): Promise<void> {
    if (member.reader.knowsTools()) return;
    await this.#remembered.recall(name);
    if (this.#members.get(name) === member) this.views.forget(name);
  }

  /** Has some of its tools stored: nobody knows whether the others are gone. */
  async #keepPartOf(name: string, tools: readonly ToolEntry[]): Promise<void> {
    if (!(await this.#remembered.recall(name))) return;
    const member = this.#members.get(name);
    if (member === undefined || member.reader.lists().tools !== tools) return;
    const read = new Set(tools.map((tool) => tool.name));
    const others = this.#remembered.of(name, member.rules).filter((tool) => !read.has(tool.name));
    this.#keeper.keep(name, [...tools, ...others]);
    this.views.forget(name);
  }
}

function endWork(member: CatalogMember): void {
  clearTimeout(member.graceTimer);
  member.stale.close();
  member.settle();
}
