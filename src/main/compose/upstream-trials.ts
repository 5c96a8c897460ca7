import { type ConnectionTest, testConnection } from "../../upstream/upkeep/test-connection.ts";
import type { UpstreamsDeps } from "../../upstream/upkeep/upstreams.ts";
import type { UpstreamOptions } from "../../upstream/upstream.ts";

/** How long trying an upstream out may take. */
const TRIAL_MS = 15_000;

/** Upstreams that operators try out, each with connections of its own. */
export interface UpstreamTrials {
  attempt(options: UpstreamOptions): Promise<ConnectionTest>;
  /** Ends those that run, and resolves when their connections are closed. */
  close(): Promise<void>;
}

/** Makes them. `deps`: as the upstreams that are kept have them. */
export function createUpstreamTrials(deps: UpstreamsDeps): UpstreamTrials {
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    attempt(options) {
      const trial = testConnection(options, deps, { maxMs: TRIAL_MS, signal: stopping.signal });
      running.add(trial);
      return trial.finally(() => running.delete(trial));
    },
    async close() {
      stopping.abort();
      await Promise.allSettled(running);
    },
  };
}
