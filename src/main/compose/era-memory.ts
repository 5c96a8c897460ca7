import type { Log } from "../../core/log.ts";
import type { UpstreamEraStore } from "../../store/upstreams/upstream-eras.ts";
import type { EraMemory } from "../../upstream/era-memory.ts";

/** How long what was learned holds, ms: the same command may start another version of a server. */
const HOLDS_MS = 7 * 86_400_000;

/** Reads what earlier starts learned. What cannot be written is learned again at the next start. @throws StoreError */
export async function openEraMemory(deps: {
  readonly store: UpstreamEraStore;
  readonly log: Log;
  readonly now: () => number;
}): Promise<EraMemory> {
  const { store, log, now } = deps;
  const known = new Map((await store.all()).map((row) => [row.upstream, row]));
  const current = (upstream: string, place: string) => {
    const row = known.get(upstream);
    return row?.place === place && now() - row.learnedAt < HOLDS_MS ? row.era : undefined;
  };
  return {
    recall: current,
    learned(upstream, place, era) {
      if (current(upstream, place) === era) return;
      const row = { upstream, place, era, learnedAt: now() };
      known.set(upstream, row);
      store
        .put(row)
        .catch((err: unknown) => log.warn({ upstream, err }, "The era of an upstream could not be remembered."));
    },
  };
}
