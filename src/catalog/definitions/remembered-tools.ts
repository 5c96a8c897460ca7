import type { Log } from "../../core/log.ts";
import type { DefinitionReader } from "../../store/definitions/definitions.ts";
import type { ToolEntry } from "../entries.ts";
import { compileToolRules, type ToolRules } from "../tool-rules.ts";

/**
 * The tools that upstreams listed before this process began. Who knows them from then and calls one while its server is
 * down, or does not list its tools, is decided about and told of that; nothing of them is listed.
 */
export interface RememberedTools {
  /**
   * Reads those of an upstream, once. Whether they are known now: when some cannot be read that is logged, none is remembered,
   * and the next to ask has them read again. @throws never
   */
  recall(upstream: string): Promise<boolean>;
  /** Those that these rules let in; none before `recall`. */
  of(upstream: string, rules: ToolRules): readonly ToolEntry[];
  /** The upstream is no longer there. */
  forget(upstream: string): void;
}

/** Makes them. */
export function createRememberedTools(deps: {
  readonly definitions: Pick<DefinitionReader, "currentOf">;
  readonly log: Log;
}): RememberedTools {
  const known = new Map<string, { readonly done: Promise<boolean>; tools: readonly ToolEntry[] }>();

  const read = async (upstream: string): Promise<readonly ToolEntry[] | undefined> => {
    const tools: ToolEntry[] = [];
    try {
      for await (const page of deps.definitions.currentOf(upstream)) {
        for (const { tool: name, digest, definition } of page) {
          // Nothing that is not listed is called, wherever its server is.
          const unlisted = { place: "", repairs: [], paramHeaders: [] };
          tools.push({ upstream, name, definition, listed: definition, digest, ...unlisted });
        }
      }
    } catch (err) {
      deps.log.error({ upstream, err }, "The tools that an upstream listed last could not be read.");
      return undefined;
    }
    return tools;
  };

  return {
    recall(upstream) {
      const before = known.get(upstream);
      if (before !== undefined) return before.done;
      const done = read(upstream).then((tools) => {
        if (tools !== undefined) entry.tools = tools;
        else if (known.get(upstream) === entry) known.delete(upstream);
        return tools !== undefined;
      });
      const entry = { done, tools: [] as readonly ToolEntry[] };
      known.set(upstream, entry);
      return done;
    },
    of(upstream, rules) {
      const { allows } = compileToolRules(rules);
      return (known.get(upstream)?.tools ?? []).filter(({ name }) => allows(name));
    },
    forget: (upstream) => void known.delete(upstream),
  };
}
