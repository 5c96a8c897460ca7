import type { Log } from "../../core/log.ts";
import type { StoredClaim, UriClaimStore } from "../../store/uris/uri-claims.ts";
import { type ClaimChanges, createUriClaims, LISTS, type UriClaims, type UriList } from "./uri-claims.ts";

/** Claims written in one transaction: more would keep everybody waiting. */
const BATCH = 500;

/** Where claims are kept, and what was kept there before this start. */
export interface ClaimMemory {
  readonly store: Pick<UriClaimStore, "change" | "forget">;
  readonly known: ReadonlyMap<string, readonly StoredClaim[]>;
}

/** How soon a write that failed is made up for, and at most how late after many, ms. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/** Claims that outlive the process: what servers list, written into the store beside everything else. */
export interface ClaimKeeper extends Pick<UriClaims, "listed" | "forget"> {
  readonly claims: UriClaims;
  /** Tries once more to write what waits, and then writes no more. */
  close(): Promise<void>;
}

/** What waits to be written of one server. `undefined`: to be deleted. */
interface Waiting {
  /** All that is stored goes first. */
  anew: boolean;
  readonly resources: Map<string, Omit<StoredClaim, "list"> | undefined>;
  readonly resourceTemplates: Map<string, Omit<StoredClaim, "list"> | undefined>;
}

/** All that a server claims when it is written: what a failed write was about is not remembered, which could be any number. */
const WHOLE = "whole";

/** Makes one; without `memory` it keeps nothing. A write that fails is logged, and made up for. */
export function createClaimKeeper(deps: {
  readonly memory: ClaimMemory | undefined;
  readonly log: Log;
  readonly now: () => number;
  readonly retryMs?: number;
}): ClaimKeeper {
  const { memory, log, retryMs = RETRY_MS } = deps;
  const claims = createUriClaims(deps.now);
  const waiting = new Map<string, Waiting | typeof WHOLE>();
  const writing = new Map<string, Promise<void>>();
  const pauses = new Set<() => void>();
  let closed = false;
  for (const [upstream, known] of memory?.known ?? []) claims.restore(upstream, known);

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      timer.unref();
      pauses.add(end);
    });
  const whole = (upstream: string): Waiting => {
    const todo: Waiting = { anew: true, resources: new Map(), resourceTemplates: new Map() };
    for (const { list, key, unlistedAt } of claims.of(upstream)) todo[list].set(key, { key, unlistedAt });
    return todo;
  };
  const write = async (store: ClaimMemory["store"], upstream: string, todo: Waiting): Promise<void> => {
    if (todo.anew) await store.forget(upstream);
    for (const list of LISTS) {
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
    let failed = 0;
    for (let todo = waiting.get(upstream); todo !== undefined; todo = waiting.get(upstream)) {
      waiting.delete(upstream);
      try {
        await write(store, upstream, todo === WHOLE ? whole(upstream) : todo);
        failed = 0;
      } catch (err) {
        if (failed === 0)
          log.error({ upstream, err }, "Which URIs a server lists could not be stored; it is tried again.");
        if (closed) break;
        waiting.set(upstream, WHOLE);
        await pause(Math.min(retryMs * 2 ** failed, MAX_RETRY_MS));
        failed += 1;
      }
    }
    writing.delete(upstream);
  };
  const keep = (upstream: string, add: (to: Waiting) => void): void => {
    if (memory === undefined) return;
    const todo = waiting.get(upstream) ?? { anew: false, resources: new Map(), resourceTemplates: new Map() };
    if (todo === WHOLE) return;
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
    async close() {
      closed = true;
      for (const end of [...pauses]) end();
      await Promise.all(writing.values());
    },
  };
}
