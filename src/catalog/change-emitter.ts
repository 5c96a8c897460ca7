import type { Log } from "../core/log.ts";
import type { ListKind } from "../mcp/messages.ts";

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
