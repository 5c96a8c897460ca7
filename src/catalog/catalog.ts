import { withDeadline } from "../core/deadline.ts";
import type { Scope } from "../core/scope.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { CatalogChange } from "./change-emitter.ts";
import type { ListFaults } from "./list-reading.ts";
import { CatalogMembers, type MembersDeps } from "./members.ts";
import { type CatalogTiming, DEFAULT_CATALOG_TIMING } from "./timing.ts";
import type { ToolRules } from "./tool-rules.ts";
import type { View } from "./view.ts";

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
  /** The lists of an upstream that have changed in a client's session alone: what it added there is offered to nobody. */
  unseen(upstream: string): readonly ListKind[];
  /**
   * Asks an upstream once more what it has, so that the views show it as it describes it now: with the resources their
   * templates, too. Resolves to whether it answered within `withinMs`; an upstream that has not come up yet did not.
   */
  readAgain(upstream: string, withinMs: number, list: ListKind): Promise<boolean>;
  /** Resolves when what was read is stored. */
  close(): Promise<void>;
}

/** Makes it, and begins to listen to the upstreams. */
export function createCatalog(
  deps: Omit<MembersDeps, "timing"> & { readonly timing?: Partial<CatalogTiming> },
): Catalog {
  const timing: CatalogTiming = { ...DEFAULT_CATALOG_TIMING, ...deps.timing };
  const members = new CatalogMembers({ ...deps, timing });
  const stopListening = deps.upstreams.onEvent((event) => members.heard(event));
  const refreshTimer = setInterval(() => members.refresh(), timing.refreshMs).unref();
  return {
    view: (scope) => members.views.of(scope),
    onChange: (listener) => members.emitter.onChange(listener),
    reshaped(upstream) {
      const member = members.get(upstream);
      if (member !== undefined && !member.hidden) members.shownOrHidden(upstream, member);
    },
    apply: (rules) => members.apply(rules),
    async settled(names) {
      await Promise.all(names.map((name) => members.get(name)?.settled));
    },
    faults: (name) => members.get(name)?.reader.lists().faults ?? new Map(),
    unseen: (name) => members.get(name)?.reader.unseen() ?? [],
    firstLists: (names) => members.firstStarts.waitFor(names),
    async readAgain(name, withinMs, list) {
      const member = members.get(name);
      if (member?.reading === undefined) return false;
      // What it listed when it came up may still be on its way: this reading comes after that one.
      return withDeadline(
        withinMs,
        member.reader.refresh(list === "resources" ? ["resources", "resourceTemplates"] : [list]),
        () => false,
      );
    },
    close() {
      stopListening();
      clearInterval(refreshTimer);
      return members.close();
    },
  };
}
