import type { Log } from "../../core/log.ts";
import type { StoredClaim, UriClaimStore } from "../../store/uris/uri-claims.ts";
import { type ClaimChanges, createUriClaims, type UriClaims, type UriList } from "./uri-claims.ts";

/** Claims written in one transaction: more would keep everybody waiting. */
const BATCH = 500;

/** Where claims are kept, and what was kept there before this start. */
export interface ClaimMemory {
  readonly store: Pick<UriClaimStore, "change" | "forget">;
  readonly known: ReadonlyMap<string, readonly StoredClaim[]>;
}

/** Claims that outlive the process: what servers list, written into the store beside everything else. */
export interface ClaimKeeper extends Pick<UriClaims, "listed" | "forget"> {
  readonly claims: UriClaims;
  /** Resolves when nothing waits to be written. */
  settled(): Promise<void>;
}

/** What waits to be written of one server. `undefined`: to be deleted. */
interface Waiting {
  /** All that is stored goes first. */
  anew: boolean;
  readonly resources: Map<string, Omit<StoredClaim, "list"> | undefined>;
  readonly resourceTemplates: Map<string, Omit<StoredClaim, "list"> | undefined>;
}

/** Makes one; without `memory` it keeps nothing. A write that fails is logged, and what it was about is not made up for. */
export function createClaimKeeper(deps: {
  readonly memory: ClaimMemory | undefined;
  readonly log: Log;
  readonly now: () => number;
}): ClaimKeeper {
  const { memory, log } = deps;
  const claims = createUriClaims(deps.now);
  const waiting = new Map<string, Waiting>();
  const writing = new Map<string, Promise<void>>();
  for (const [upstream, known] of memory?.known ?? []) claims.restore(upstream, known);

  const write = async (store: ClaimMemory["store"], upstream: string, todo: Waiting): Promise<void> => {
    if (todo.anew) await store.forget(upstream);
    for (const list of ["resources", "resourceTemplates"] as const) {
      const all = [...todo[list]];
      for (let at = 0; at < all.length; at += BATCH) {
        const batch = all.slice(at, at + BATCH);
        const kept = batch.flatMap(([, claim]) => claim ?? []);
        const forgotten = batch.flatMap(([key, claim]) => (claim === undefined ? [key] : []));
        await store.change(upstream, list, kept, forgotten);
        await new Promise(setImmediate);
      }
    }
  };
  const writeAll = async (store: ClaimMemory["store"], upstream: string): Promise<void> => {
    for (let todo = waiting.get(upstream); todo !== undefined; todo = waiting.get(upstream)) {
      waiting.delete(upstream);
      try {
        await write(store, upstream, todo);
      } catch (err) {
        log.error({ upstream, err }, "Which URIs a server lists could not be stored.");
      }
    }
    writing.delete(upstream);
  };
  const keep = (upstream: string, add: (to: Waiting) => void): void => {
    if (memory === undefined) return;
    const todo = waiting.get(upstream) ?? { anew: false, resources: new Map(), resourceTemplates: new Map() };
    waiting.set(upstream, todo);
    add(todo);
    if (!writing.has(upstream)) writing.set(upstream, writeAll(memory.store, upstream));
  };

  return {
    claims,
    listed(upstream: string, list: UriList, keys: readonly string[]): ClaimChanges {
      const changes = claims.listed(upstream, list, keys);
      const { kept, forgotten } = changes;
      if (kept.length + forgotten.length === 0) return changes;
      keep(upstream, (to) => {
        for (const key of forgotten) to[list].set(key, undefined);
        for (const { key, unlistedAt } of kept) to[list].set(key, { key, unlistedAt });
      });
      return changes;
    },
    forget(upstream) {
      claims.forget(upstream);
      waiting.delete(upstream);
      keep(upstream, (to) => {
        to.anew = true;
      });
    },
    async settled() {
      await Promise.all(writing.values());
    },
  };
}
