import type { Log } from "../core/log.ts";
import { LIST_KINDS, type ListKind } from "../mcp/messages.ts";
import type { UpstreamReader } from "./upstream-reader.ts";

/** A list that changed, and whose it is. */
export interface CatalogChange {
  readonly list: ListKind;
  readonly upstream: string;
}

/** Tells of changed lists, each once for all that changed together. */
export interface ChangeEmitter {
  /** Tells within `windowMs`, together with what else changes until then. */
  soon(change: CatalogChange): void;
  /** Tells at once what waits. */
  flush(): void;
  /** Tells at once. */
  now(changes: readonly CatalogChange[]): void;
  onChange(listener: (change: CatalogChange) => void): () => void;
  close(): void;
}

/** Makes one. A listener's fault is logged and harms no other listener. */
export function createChangeEmitter(deps: { readonly windowMs: number; readonly log: Log }): ChangeEmitter {
  const listeners = new Set<(change: CatalogChange) => void>();
  let waiting = new Map<string, CatalogChange>();
  let timer: NodeJS.Timeout | undefined;

  const collect = (into: Map<string, CatalogChange>, { list, upstream }: CatalogChange): void => {
    // Clients have one notification for resources and their templates.
    const told = list === "resourceTemplates" ? "resources" : list;
    into.set(`${told} ${upstream}`, { list: told, upstream });
  };

  const emit = (changes: Map<string, CatalogChange>): void => {
    for (const change of changes.values()) {
      for (const listener of [...listeners]) {
        try {
          listener(change);
        } catch (err) {
          deps.log.error({ upstream: change.upstream, err }, "A listener to changed lists failed.");
        }
      }
    }
  };

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const changes = waiting;
    waiting = new Map();
    emit(changes);
  };

  return {
    soon(change) {
      collect(waiting, change);
      timer ??= setTimeout(flush, deps.windowMs).unref();
    },
    flush,
    now(changes) {
      const collected = new Map<string, CatalogChange>();
      for (const change of changes) collect(collected, change);
      for (const key of collected.keys()) waiting.delete(key);
      emit(collected);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearTimeout(timer);
      waiting.clear();
    },
  };
}

/** Reads what an upstream lists now. */
type Shapes = Pick<UpstreamReader, "shape">;

/**
 * Upstreams that took the place of one of their name, since a setting changed. Who asks for lists waits for the first reading of theirs,
 * so that clients need not be told that those of the former are gone, but what is other than before.
 */
export interface Exchanges {
  /** Another takes the place of one that lists this. */
  began(name: string, before: Shapes): void;
  /** Whether what it lists is not told yet, because it is to be compared first. */
  isHeld(name: string): boolean;
  /** It was read for the first time: tells of what is other than before. */
  read(name: string, now: Shapes): void;
  /** That the former is gone can be seen: tells of all that it had. */
  seen(name: string): void;
  /** One with something in these lists leaves, and no other takes its place: tells of all that clients know, at once. */
  left(name: string, lists: readonly ListKind[]): void;
}

/** Makes it. After `waitMs` who asks for lists waits no longer. */
export function createExchanges(deps: {
  readonly emitter: Pick<ChangeEmitter, "soon" | "now">;
  readonly waitMs: number;
}): Exchanges {
  const held = new Map<string, { readonly shapes: ReadonlyMap<ListKind, string>; readonly timer: NodeJS.Timeout }>();

  function end(name: string, differs: (list: ListKind, before: string) => boolean): void {
    const exchange = held.get(name);
    if (exchange === undefined) return;
    clearTimeout(exchange.timer);
    held.delete(name);
    for (const [list, before] of exchange.shapes) {
      if (differs(list, before)) deps.emitter.soon({ list, upstream: name });
    }
  }

  const seen = (name: string): void => end(name, (_, before) => before !== "");
  return {
    began(name, before) {
      // Of one that was exchanged before it was read nothing was told.
      if (held.has(name)) return;
      const shapes = new Map(LIST_KINDS.map((list) => [list, before.shape(list)]));
      held.set(name, { shapes, timer: setTimeout(() => seen(name), deps.waitMs).unref() });
    },
    isHeld: (name) => held.has(name),
    read: (name, now) => end(name, (list, before) => now.shape(list) !== before),
    seen,
    left(name, lists) {
      const known = held.get(name)?.shapes ?? new Map<ListKind, string>();
      const before = LIST_KINDS.filter((list) => lists.includes(list) || (known.get(list) ?? "") !== "");
      end(name, () => false);
      deps.emitter.now(before.map((list) => ({ list, upstream: name })));
    },
  };
}
