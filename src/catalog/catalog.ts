import { compileGlobs } from "../core/glob.ts";
import type { Log } from "../core/log.ts";
import type { Scope } from "../core/scope.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { Upstream, UpstreamEvent, Upstreams } from "../upstream/upstream.ts";
import { createUpstreamReader, LIST_KINDS, type UpstreamReader } from "./upstream-lists.ts";
import { buildView, type View } from "./view.ts";

/** Which tools of an upstream exist for the gateway at all: globs over original names. Deny wins. */
export interface ToolRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** A list that changed, and whose it is. */
export interface ListChange {
  readonly list: ListKind;
  readonly upstream: string;
}

/**
 * The merged lists of all upstreams, read in the background (when an upstream comes up, says that a list changed, and
 * every `refreshMs`) and answered from memory.
 */
export interface Catalog {
  /** What `scope` shows now. The same object until something in it changes. */
  view(scope: Scope): View;
  onChange(listener: (change: ListChange) => void): () => void;
  /** Forgets upstreams that are no longer registered and learns the rules of new ones. */
  apply(rules: ReadonlyMap<string, ToolRules>): void;
  /** Resolves once every upstream of `names` was read for the first time or found down. */
  settled(names: readonly string[]): Promise<void>;
  close(): void;
}

interface Member {
  readonly upstream: Upstream;
  readonly rules: ToolRules;
  readonly reader: UpstreamReader;
  readonly settled: Promise<void>;
  settle(): void;
  /** Down for longer than the grace period: its lists are not shown. */
  hidden: boolean;
  graceTimer: NodeJS.Timeout | undefined;
}

export function createCatalog(deps: {
  readonly upstreams: Upstreams;
  readonly log: Log;
  /** How often a list is read again although nobody said that it changed, in ms. */
  readonly refreshMs: number;
  /** How long the tools of an upstream that went down stay listed, in ms. */
  readonly graceMs: number;
}): Catalog {
  const { upstreams, log } = deps;
  const members = new Map<string, Member>();
  const views = new Map<string, { readonly scope: Scope; readonly view: View }>();
  const listeners = new Set<(change: ListChange) => void>();

  const changed = (upstream: string, list: ListKind): void => {
    for (const [endpoint, { scope }] of views) {
      if (scope.upstreams.includes(upstream)) views.delete(endpoint);
    }
    for (const listener of listeners) listener({ list, upstream });
  };

  const allChanged = (name: string): void => {
    for (const list of LIST_KINDS) changed(name, list);
  };

  const join = (name: string, rules: ToolRules): void => {
    const upstream = upstreams.get(name);
    if (upstream === undefined) return;
    const allowed = compileGlobs(rules.allow);
    const denied = compileGlobs(rules.deny);
    let settle = (): void => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const reader = createUpstreamReader({
      upstream,
      log,
      allows: (tool) => allowed(tool) && !denied(tool),
      onChange: (kind) => changed(name, kind),
    });
    members.set(name, { upstream, rules, reader, settled, settle, hidden: false, graceTimer: undefined });
    const state = upstream.status().state;
    if (state !== "connecting") heard({ kind: "state", upstream: name, status: upstream.status() });
  };

  const leave = (name: string): void => {
    const member = members.get(name);
    if (member === undefined) return;
    clearTimeout(member.graceTimer);
    member.settle();
    members.delete(name);
    allChanged(name);
  };

  const heard = (event: UpstreamEvent): void => {
    const member = members.get(event.upstream);
    if (member === undefined) return;
    if (event.kind === "list_changed") {
      void member.reader.refresh([event.list]);
      return;
    }
    if (event.status.state === "ready") {
      clearTimeout(member.graceTimer);
      member.graceTimer = undefined;
      if (member.hidden) {
        member.hidden = false;
        allChanged(event.upstream);
      }
      void member.reader.refresh(LIST_KINDS).then(member.settle);
    } else if (event.status.state === "down") {
      member.settle();
      member.graceTimer ??= setTimeout(() => {
        member.hidden = true;
        allChanged(event.upstream);
      }, deps.graceMs).unref();
    }
  };

  const stopListening = upstreams.onEvent(heard);
  const refreshTimer = setInterval(() => {
    for (const [name, member] of members) {
      if (upstreams.get(name)?.status().state === "ready") void member.reader.refresh(LIST_KINDS);
    }
  }, deps.refreshMs).unref();

  return {
    view(scope) {
      const known = views.get(scope.endpoint);
      // A reload may give an endpoint a new scope under its old name.
      if (known !== undefined && known.scope === scope) return known.view;
      const view = buildView(scope, (name) => {
        const member = members.get(name);
        return member === undefined || member.hidden ? undefined : member.reader.lists();
      });
      views.set(scope.endpoint, { scope, view });
      return view;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    apply(rules) {
      for (const [name, member] of [...members]) {
        // An upstream that stays as it was keeps its lists, so that a reload shows no gap to anybody.
        const same = upstreams.get(name) === member.upstream && sameRules(rules.get(name), member.rules);
        if (!same) leave(name);
      }
      for (const [name, toolRules] of rules) if (!members.has(name)) join(name, toolRules);
    },
    async settled(names) {
      await Promise.all(names.map((name) => members.get(name)?.settled));
    },
    close() {
      stopListening();
      clearInterval(refreshTimer);
      for (const member of members.values()) {
        clearTimeout(member.graceTimer);
        member.settle();
      }
      members.clear();
    },
  };
}

function sameRules(a: ToolRules | undefined, b: ToolRules): boolean {
  return a !== undefined && a.allow.join("\n") === b.allow.join("\n") && a.deny.join("\n") === b.deny.join("\n");
}
