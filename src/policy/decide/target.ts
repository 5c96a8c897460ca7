import { compileGlobs, compileLooseGlobs, foldedOnly, type Spellings } from "../../core/glob.ts";
import { isObject, type Json } from "../../core/json.ts";
import { DECIDED_METHODS, type DecidedMethod, type SubjectKind } from "../../core/subject.ts";
import { spellingsOf } from "../../core/uri-forms.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { PolicyScope, PolicySubject, Viewer } from "../policy-set.ts";
import { compileCaller } from "./caller-target.ts";
import { compileAny, compileGlobSelection, isExclusion, isGlob } from "./glob-selection.ts";

/** A target, ready to be matched. All of its keys must match, and within a key one entry is enough. */
export interface CompiledTarget {
  /** What the policy is about: the others never meet it. */
  readonly kinds: ReadonlySet<SubjectKind>;
  /** Its requests, where not all of those kinds are. */
  readonly methods: ReadonlySet<string> | undefined;
  /** Where to look the policy up by the folded path of a subject of this kind: see `pathOfSubject`. */
  places(kind: SubjectKind): readonly TargetBucket[];
  /** The part that depends on the subject alone. */
  matchesSubject(subject: PolicySubject, path: string): boolean;
  /** The part that depends on the caller, `undefined` where every caller will do. */
  readonly matchesCaller: ((caller: Viewer) => boolean) | undefined;
  /** Names of which the caller has one wherever the target fits; `undefined` if that cannot be told. */
  readonly anchor: { readonly fact: "roles" | "groups"; readonly names: readonly string[] } | undefined;
}

/** A policy can be about one thing, about those of one upstream, or about any. */
export type TargetBucket =
  | { readonly kind: "subject"; readonly path: string }
  | { readonly kind: "upstream"; readonly upstream: string }
  | { readonly kind: "any" };

/** The path of a subject as targets name it: `upstream/name`, or `upstream/uri`. */
export function pathOfSubject({ upstream, name }: Pick<PolicySubject, "upstream" | "name">): string {
  return `${upstream}/${name}`;
}

/** How paths of a kind are compared where another spelling must not make another thing of it. */
export const SPELLINGS: Readonly<Record<SubjectKind, Spellings>> = {
  tool: foldedOnly,
  prompt: foldedOnly,
  resource: spellingsOf,
};

/** The key of a target that names subjects of a kind by their paths. */
const PATHS = { tool: "tools", prompt: "prompts", resource: "resources" } as const;

/** Compiles a target; none is about all in `scope`. `widens`: its policy allows what would be refused without it. */
export function compileTarget(
  target: PolicyTarget | undefined,
  { kinds, methods }: PolicyScope,
  widens: boolean,
): CompiledTarget {
  const { upstreams, annotations } = target ?? {};
  const fits = new Map<SubjectKind, (path: string) => boolean>();
  for (const kind of kinds) {
    const globs = target?.[PATHS[kind]];
    if (globs !== undefined) fits.set(kind, compilePaths(globs, widens, SPELLINGS[kind]));
  }
  const upstreamChoice = upstreams && compileGlobSelection(upstreams);
  return {
    kinds,
    methods: isWhole(kinds, methods) ? undefined : new Set(methods),
    places: (kind) =>
      placesOf(target?.[PATHS[kind]], (glob) => placeOfPath(SPELLINGS[kind](glob)[0])) ??
      placesOf(upstreams, placeOfUpstream) ?? [{ kind: "any" }],
    matchesSubject: ({ kind, upstream, definition }, path) =>
      kinds.has(kind) &&
      fits.get(kind)?.(path) !== false &&
      (upstreamChoice === undefined || upstreamChoice.one(upstream)) &&
      (annotations === undefined || kind !== "tool" || hasAnnotations(definition["annotations"], annotations)),
    matchesCaller: compileCaller(target ?? {}, widens),
    anchor: anchorOf(target ?? {}),
  };
}

/** Whether these are all requests that are about subjects of these kinds. */
function isWhole(kinds: ReadonlySet<SubjectKind>, methods: readonly DecidedMethod[]): boolean {
  const all = Object.entries(DECIDED_METHODS).filter(([, about]) => about.some((kind) => kinds.has(kind)));
  return all.length === methods.length;
}

/**
 * Subjects by path. Servers choose their names: a policy that restricts is also about names that read like those of its
 * target, and excepts none but the very ones; one that widens the other way round.
 */
function compilePaths(paths: readonly string[], widens: boolean, spellings: Spellings): (path: string) => boolean {
  const unwanted = paths.filter(isExclusion).map((pattern) => pattern.slice(1));
  const wanted = paths.filter((pattern) => !isExclusion(pattern));
  const loosely = (globs: readonly string[]) => compileLooseGlobs(globs, spellings);
  const includes = wanted.length === 0 ? () => true : (widens ? compileAny : loosely)(wanted);
  const excludes = (widens ? loosely : compileGlobs)(unwanted);
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

function placeOfPath(glob: string): TargetBucket {
  if (!isGlob(glob)) return { kind: "subject", path: glob };
  const upstream = upstreamOfPath(glob);
  return isGlob(upstream) || upstream === glob ? { kind: "any" } : { kind: "upstream", upstream };
}

function placeOfUpstream(glob: string): TargetBucket {
  return isGlob(glob) || glob.includes("/") ? { kind: "any" } : { kind: "upstream", upstream: glob };
}
