import { compileGlob, compileGlobs, compileLooseGlobs } from "../core/glob.ts";
import { isObject, type JsonObject } from "../core/json.ts";

/** What the operator says of an upstream's tools: globs over original names. */
export interface ToolRules {
  /** Which tools exist for the gateway at all. Deny wins, and holds for other spellings of a name, too. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /**
   * Annotations that hold whatever the server says, by glob; of several that fit a tool, the later one wins. Of a tool whose
   * name only reads like one of these, nothing is known, whatever the server says.
   */
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
  const denied = compileLooseGlobs(deny);
  const entries = Object.entries(annotations).map(([glob, values]) => ({
    fits: compileGlob(glob),
    mayFit: compileLooseGlobs([glob]),
    values,
  }));
  return {
    allows: (tool) => allowed(tool) && !denied(tool),
    annotated(tool, definition) {
      const about = entries.filter(({ mayFit }) => mayFit(tool));
      if (about.length === 0) return definition;
      const own = isObject(definition["annotations"]) ? definition["annotations"] : {};
      const named = new Set(about.flatMap(({ values }) => Object.keys(values)));
      const left = Object.fromEntries(Object.entries(own).filter(([hint]) => !named.has(hint)));
      const said = about.filter(({ fits }) => fits(tool)).map(({ values }) => values);
      return { ...definition, annotations: Object.assign(left, ...said) };
    },
    ownHints: (tool) => entries.flatMap(({ mayFit, values }) => (mayFit(tool) ? Object.keys(values) : [])),
  };
}

/** Whether two say the same. */
export function sameToolRules(one: ToolRules, other: ToolRules): boolean {
  const textOf = ({ allow, deny, annotations }: ToolRules) => JSON.stringify([allow, deny, annotations]);
  return textOf(one) === textOf(other);
}
