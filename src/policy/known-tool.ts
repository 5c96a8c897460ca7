import type { JsonObject } from "../core/json.ts";

/** A tool that policies are held against, as its upstream listed it. */
export interface KnownTool {
  readonly upstream: string;
  /** Original name. */
  readonly name: string;
  readonly definition: JsonObject;
  /** Hints among its annotations that the operator has set, whatever the upstream says. */
  readonly ownHints?: readonly string[];
}

/** The path of a tool as targets name it: `upstream/tool`. */
export function pathOf({ upstream, name }: KnownTool): string {
  return `${upstream}/${name}`;
}
