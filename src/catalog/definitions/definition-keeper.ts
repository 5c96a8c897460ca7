import type { Log } from "../../core/log.ts";
import { Slices } from "../../core/slices.ts";
import type { DefinitionChange, DefinitionStore, ListedDefinition } from "../../store/definitions/definitions.ts";
import type { ToolEntry } from "../entries.ts";

/** Writes what upstreams list into the store, beside everything else. */
export interface DefinitionKeeper {
  /** Has these stored as all the tools of an upstream. A write that fails is logged, and the next change makes up for it. */
  keep(upstream: string, tools: readonly ToolEntry[]): void;
  /** Resolves when nothing waits to be written. */
  settled(): Promise<void>;
}

/** Makes one. Writes of one upstream follow each other, and of those that wait only the latest is made. */
export function createDefinitionKeeper(deps: {
  readonly definitions: DefinitionStore;
  /** Hears what has changed since the upstream was listed last, by whichever process. */
  readonly onChanges: (upstream: string, changes: readonly DefinitionChange[]) => void;
  /** Hears what keeping the tools of an upstream took, in ms. */
  readonly onSpent: (upstream: string, ms: number) => void;
  readonly log: Log;
  readonly now: () => number;
}): DefinitionKeeper {
  const waiting = new Map<string, readonly ToolEntry[]>();
  const writing = new Map<string, Promise<void>>();

  const writeAll = async (upstream: string): Promise<void> => {
    for (let tools = waiting.get(upstream); tools !== undefined; tools = waiting.get(upstream)) {
      waiting.delete(upstream);
      const slices = new Slices();
      try {
        const changes = await deps.definitions.replace(upstream, tools.map(asListed), deps.now(), slices);
        if (changes.length > 0) deps.onChanges(upstream, changes);
      } catch (err) {
        deps.log.error({ upstream, err }, "The definitions of an upstream's tools could not be stored.");
      } finally {
        deps.onSpent(upstream, slices.spent);
      }
    }
    writing.delete(upstream);
  };

  return {
    keep(upstream, tools) {
      waiting.set(upstream, tools);
      if (!writing.has(upstream)) writing.set(upstream, writeAll(upstream));
    },
    async settled() {
      await Promise.all(writing.values());
    },
  };
}

// With every digit: what is kept must be what was listed.
function asListed({ name, digest, listed }: ToolEntry): ListedDefinition {
  return { name, digest, definition: listed };
}
