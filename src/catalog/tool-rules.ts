import { compileGlob, compileGlobs } from "../core/glob.ts";
import { isObject, type JsonObject } from "../core/json.ts";

/** What the operator says of an upstream's tools: globs over original names. */
export interface ToolRules {
  /** Which tools exist for the gateway at all. Deny wins. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Annotations that hold whatever the server says, by glob; of several that fit a tool, the later one wins. */
  readonly annotations: Readonly<Record<string, JsonObject>>;
}

/** The same, ready to be asked. */
export interface CompiledToolRules {
  allows(tool: string): boolean;
  /** The definition with the operator's annotations in it: the very same one where there are none for this tool. */
  annotated(tool: string, definition: JsonObject): JsonObject;
  /** Names of the annotations that the operator has set for this tool. */
  ownHints(tool: string): readonly string[];
}

/** Compiles them. */
export function compileToolRules({ allow, deny, annotations }: ToolRules): CompiledToolRules {
  const allowed = compileGlobs(allow);
  const denied = compileGlobs(deny);
  const entries = Object.entries(annotations).map(([glob, values]) => ({ fits: compileGlob(glob), values }));
  return {
    allows: (tool) => allowed(tool) && !denied(tool),
    annotated(tool, definition) {
      const said = entries.filter(({ fits }) => fits(tool));
      if (said.length === 0) return definition;
      const own = isObject(definition["annotations"]) ? definition["annotations"] : {};
      return { ...definition, annotations: Object.assign({}, own, ...said.map(({ values }) => values)) };
    },
    ownHints: (tool) => entries.flatMap(({ fits, values }) => (fits(tool) ? Object.keys(values) : [])),
  };
}

/** Whether two say the same. */
export function sameToolRules(one: ToolRules, other: ToolRules): boolean {
  const textOf = ({ allow, deny, annotations }: ToolRules) => JSON.stringify([allow, deny, annotations]);
  return textOf(one) === textOf(other);
}
