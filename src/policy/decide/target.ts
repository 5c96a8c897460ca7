import { fold } from "../../core/fold.ts";
import { compileGlobs, compileLooseGlobs } from "../../core/glob.ts";
import { isObject, type Json } from "../../core/json.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { PolicyInput, Viewer } from "../policy-set.ts";
import { compileCaller } from "./caller-target.ts";
import { compileAny, compileGlobSelection, isExclusion, isGlob } from "./glob-selection.ts";

/** A target, ready to be matched. All of its keys must match, and within a key one entry is enough. */
export interface CompiledTarget {
  /** Where to look the policy up by the folded path `upstream/tool`. */
  readonly places: readonly TargetBucket[];
  /** The part that depends on the tool alone. */
  matchesTool(tool: PolicyInput["tool"], path: string): boolean;
  /** The part that depends on the caller, `undefined` where every caller will do. */
  readonly matchesCaller: ((caller: Viewer) => boolean) | undefined;
  /** Names of which the caller has one wherever the target fits; `undefined` if that cannot be told. */
  readonly anchor: { readonly fact: "roles" | "groups"; readonly names: readonly string[] } | undefined;
}

/** A policy can be about one tool, about tools of one upstream, or about any. */
export type TargetBucket =
  | { readonly kind: "tool"; readonly path: string }
  | { readonly kind: "upstream"; readonly upstream: string }
  | { readonly kind: "any" };

/** Compiles a target; none is about every call. `widens`: its policy allows what would be refused without it. */
export function compileTarget(target: PolicyTarget | undefined, widens: boolean): CompiledTarget {
  const { tools, upstreams, annotations } = target ?? {};
  const fitsTools = tools && compileTools(tools, widens);
  const upstreamChoice = upstreams && compileGlobSelection(upstreams);
  return {
    places: placesOf(tools, placeOfTools) ?? placesOf(upstreams, placeOfUpstream) ?? [{ kind: "any" }],
    matchesTool: (tool, path) =>
      (fitsTools === undefined || fitsTools(path)) &&
      (upstreamChoice === undefined || upstreamChoice.one(tool.upstream)) &&
      (annotations === undefined || hasAnnotations(tool.definition["annotations"], annotations)),
    matchesCaller: compileCaller(target ?? {}, widens),
    anchor: anchorOf(target ?? {}),
  };
}

/**
 * Tools by path. Servers choose their tools' names: a policy that restricts is also about names that read like those of its
 * target, and excepts none but the very ones; one that widens the other way round.
 */
function compileTools(tools: readonly string[], widens: boolean): (path: string) => boolean {
  const unwanted = tools.filter(isExclusion).map((pattern) => pattern.slice(1));
  const wanted = tools.filter((pattern) => !isExclusion(pattern));
  const includes = wanted.length === 0 ? () => true : (widens ? compileAny : compileLooseGlobs)(wanted);
  const excludes = (widens ? compileLooseGlobs : compileGlobs)(unwanted);
  return (path) => includes(path) && !excludes(path);
}

function anchorOf({ roles, groups }: PolicyTarget): CompiledTarget["anchor"] {
  for (const [fact, patterns] of [["roles", roles] as const, ["groups", groups] as const]) {
    const names = patterns?.filter((pattern) => !isExclusion(pattern)) ?? [];
    if (names.length > 0 && !names.some(isGlob)) return { fact, names };
  }
  return undefined;
}

/** What a tool is taken for where it does not say. MCP 2025-11-25, schema, ToolAnnotations */
export const ANNOTATION_DEFAULTS: Readonly<Record<string, boolean>> = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};

function hasAnnotations(given: Json | undefined, wanted: NonNullable<PolicyTarget["annotations"]>): boolean {
  const hints = isObject(given) ? given : {};
  return Object.entries(wanted).every(([name, value]) => {
    const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
    return (typeof hint === typeof value ? hint : ANNOTATION_DEFAULTS[name]) === value;
  });
}

/** The part of a path that names the upstream. */
export function upstreamOfPath(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash);
}

// A list that only excludes is about everything else.
function placesOf(
  patterns: readonly string[] | undefined,
  placeOf: (glob: string) => TargetBucket,
): TargetBucket[] | undefined {
  const wanted = patterns?.filter((pattern) => !isExclusion(pattern)) ?? [];
  return wanted.length === 0 ? undefined : wanted.map(placeOf);
}

function placeOfTools(given: string): TargetBucket {
  const glob = fold(given);
  if (!isGlob(glob)) return { kind: "tool", path: glob };
  const upstream = upstreamOfPath(glob);
  return isGlob(upstream) || upstream === glob ? { kind: "any" } : { kind: "upstream", upstream };
}

function placeOfUpstream(glob: string): TargetBucket {
  return isGlob(glob) || glob.includes("/") ? { kind: "any" } : { kind: "upstream", upstream: glob };
}
