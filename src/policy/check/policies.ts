import { fold } from "../../core/fold.ts";
import { compileGlob } from "../../core/glob.ts";
import { isObject } from "../../core/json.ts";
import type { PolicyLanguage } from "../cel/environment.ts";
import { methodsOf } from "../compile/transform-parts.ts";
import { atLevel } from "../decide/at-level.ts";
import { compileGlobSelection } from "../decide/glob-selection.ts";
import { scopeOf } from "../decide/scope.ts";
import { compileTarget, type TargetBucket, upstreamOfPath } from "../decide/target.ts";
import { type DocumentPath, type PolicyDocument, readDocument } from "../file/document.ts";
import { type PolicyEntry, type PolicyTarget, policyEntrySchema } from "../file/schema.ts";
import { type KnownTool, pathOf } from "../known-tool.ts";
import { inOrder } from "../levels.ts";
import type { PolicyError, PolicyFile, PolicyScope } from "../policy-set.ts";
import type { KnownFacts } from "../values/facts.ts";
import { mayHave } from "../values/facts-of-target.ts";
import { type PolicyTexts, scopeNamesOf, textsOf } from "./texts.ts";

/** The tools that targets are held against. */
export interface KnownPaths {
  /** `upstream/tool`, sorted. */
  readonly paths: readonly string[];
  /** Sorted. */
  readonly upstreams: readonly string[];
  /** Upstreams that exist and whose tools are not known. */
  readonly unlisted: readonly string[];
  /** Whether an entry, without its `!`, fits any tool, or may fit one that is not known; of other kinds its upstream counts. */
  fits(key: SubjectKey, glob: string): boolean;
}

/** The keys of a target that name subjects, or where they are. */
export type SubjectKey = "tools" | "upstreams" | "prompts" | "resources";

/** A policy that is on, with the tools that it is about. */
export interface CheckedPolicy {
  /** As it counts in the whole set: see `levels.ts`. */
  readonly entry: PolicyEntry;
  /** Its target as it stands in the file, without its level. */
  readonly written: PolicyTarget | undefined;
  readonly file: string;
  readonly document: PolicyDocument;
  /** In the document. */
  readonly path: DocumentPath;
  readonly line: number;
  /** Among all policies. */
  readonly order: number;
  readonly texts: PolicyTexts;
  /** What it is about. */
  readonly scope: PolicyScope;
  /** Indices of the known tools that the target fits, at an endpoint that shows them. */
  readonly tools: readonly number[];
  /** The same, a bit per tool. */
  readonly bits: Uint32Array;
}

/**
 * Reads the policies that are on and have none of these mistakes: what is found in the others says something. Files count
 * in the order of their levels and names.
 */
export function readPolicies(
  files: readonly PolicyFile[],
  tools: readonly KnownTool[],
  language: PolicyLanguage,
  { mistakes, shown }: { readonly mistakes: readonly PolicyError[]; readonly shown: KnownFacts["shown"] },
): readonly CheckedPolicy[] {
  const find = createFinder(tools, shown);
  const found: CheckedPolicy[] = [];
  for (const file of inOrder(files)) {
    const read = readDocument(file);
    if (!read.ok) continue;
    const { document } = read;
    const wrong = mistakes.filter((it) => it.file === file.name);
    const listed = isObject(document.value) ? document.value["policies"] : undefined;
    for (const [index, given] of Array.isArray(listed) ? listed.entries() : []) {
      const parsed = policyEntrySchema.safeParse(given);
      if (!parsed.success || parsed.data.enabled === false) continue;
      const { entry } = atLevel(parsed.data, file.level ?? "gateway");
      const written = parsed.data.target;
      const path = ["policies", index];
      const { line } = document.locate(path);
      const last = document.lastLine(path);
      if (wrong.some((it) => line <= it.line && it.line <= last)) continue;
      const texts = textsOf(entry, path, language);
      const scope = scopeOf(entry.target, scopeNamesOf(texts), methodsOf(entry.then));
      const fitting = find(entry, scope);
      const bits = new Uint32Array(Math.ceil(tools.length / 32));
      for (const tool of fitting) bits[tool >>> 5] = (bits[tool >>> 5] ?? 0) | (1 << (tool & 31));
      const { name } = file;
      found.push({
        entry,
        written,
        file: name,
        document,
        path,
        line,
        order: found.length,
        texts,
        scope,
        tools: fitting,
        bits,
      });
    }
  }
  return found;
}

/** The names of the known tools, for targets that fit none. `unlisted` are upstreams whose tools are not known. */
export function knownPaths(tools: readonly KnownTool[], unlisted: readonly string[]): KnownPaths {
  const names = {
    tools: [...new Set(tools.map(pathOf))].sort(),
    upstreams: [...new Set(tools.map(({ upstream }) => upstream))].sort(),
  };
  const fitting = new Map<string, boolean>();
  const mayFit = (key: SubjectKey, glob: string): boolean => {
    if (key === "prompts" || key === "resources") {
      const kind = key === "prompts" ? "prompt" : "resource";
      return [...names.upstreams, ...unlisted].some((upstream) => mayHave(kind, [glob], upstream));
    }
    const upstream = key === "tools" ? upstreamOfPath(glob) : glob;
    const slashes = key === "upstreams" || glob.includes("/") || !glob.includes("*");
    return unlisted.some((name) => !slashes || compileGlob(upstream)(name));
  };
  return {
    paths: names.tools,
    upstreams: names.upstreams,
    unlisted,
    fits(key, glob) {
      const at = `${key} ${glob}`;
      const listed = key === "tools" || key === "upstreams" ? names[key] : [];
      const fits = fitting.get(at) ?? (listed.some(compileGlob(glob)) || mayFit(key, glob));
      fitting.set(at, fits);
      return fits;
    },
  };
}

function createFinder(
  tools: readonly KnownTool[],
  shown: KnownFacts["shown"],
): (entry: PolicyEntry, scope: PolicyScope) => readonly number[] {
  const paths = tools.map(pathOf);
  const all = tools.map((_, index) => index);
  const byPath = new Map<string, number[]>();
  const byUpstream = new Map<string, number[]>();
  for (const index of all) {
    const [path = "", upstream = ""] = [paths[index], tools[index]?.upstream];
    const folded = fold(path);
    byPath.set(folded, [...(byPath.get(folded) ?? []), index]);
    const own = byUpstream.get(upstream) ?? [];
    own.push(index);
    byUpstream.set(upstream, own);
  }
  const candidates = (place: TargetBucket): readonly number[] => {
    if (place.kind === "any") return all;
    return (place.kind === "subject" ? byPath.get(place.path) : byUpstream.get(place.upstream)) ?? [];
  };
  return ({ target, then }, scope) => {
    const { places: placesOf, matchesSubject } = compileTarget(target, scope, then.allow !== undefined);
    const places = placesOf("tool");
    const possible = places.some(({ kind }) => kind === "any") ? all : [...new Set(places.flatMap(candidates))];
    const there = target?.endpoints && shown && shownAt(target.endpoints, shown);
    return possible.filter((index) => {
      const [tool, path = ""] = [tools[index], paths[index]];
      return (
        tool !== undefined && matchesSubject({ kind: "tool", ...tool }, path) && there?.(tool.upstream, path) !== false
      );
    });
  };
}

/** Whether one of these endpoints shows a tool. */
function shownAt(
  endpoints: readonly string[],
  shown: NonNullable<KnownFacts["shown"]>,
): (upstream: string, path: string) => boolean {
  const { one } = compileGlobSelection(endpoints);
  const there = [...shown].flatMap(([name, shows]) => (one(name) ? [shows] : []));
  return (upstream, path) => there.some((it) => it.upstreams.includes(upstream) && it.tool(path));
}
