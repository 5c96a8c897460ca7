import { suggest } from "../../core/suggest.ts";
import { compileTarget, upstreamOfPath } from "../decide/target.ts";
import type { DocumentPath } from "../file/document.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import type { KnownFacts } from "../values/facts.ts";
import { placesOfTarget } from "../values/facts-of-target.ts";
import type { CheckedPolicy, KnownPaths, SubjectKey } from "./policies.ts";
import { toolList } from "./report.ts";

/** A mistake in a target, at a path of its file. */
export interface TargetProblem {
  readonly severity: "error" | "warning";
  readonly path: DocumentPath;
  readonly message: string;
  readonly hint: string | undefined;
}

const MAX_NAMES = 12;

const KEYS = ["tools", "prompts", "resources", "upstreams"] as const;

/** Entries of a target that fit nothing that there is, and targets that altogether fit none. */
export function checkTarget(
  policy: CheckedPolicy,
  known: KnownPaths,
  facts: Pick<KnownFacts, "shown">,
): readonly TargetProblem[] {
  const { entry, written, path, tools, texts, scope } = policy;
  const { target } = entry;
  const restricts = texts.effect !== "allow";
  if (target === undefined) return [];
  const problems: TargetProblem[] = [];
  for (const key of KEYS) {
    for (const [index, glob] of (written?.[key] ?? []).entries()) {
      const excludes = glob.startsWith("!");
      if (known.fits(key, excludes ? glob.slice(1) : glob)) continue;
      const at = [...path, "target", key, index];
      if (excludes) {
        const what = key === "tools" || key === "upstreams" ? "no known tool fits it" : "there is no such upstream";
        const message = `\`${glob}\` excludes nothing: ${what}.`;
        problems.push({
          severity: "warning",
          path: at,
          message,
          hint: nameHint(key, glob.slice(1), known, !restricts),
        });
      } else problems.push({ severity: "error", path: at, ...unknownEntry(key, glob, known, restricts) });
    }
  }
  if (problems.some(({ severity }) => severity === "error")) return problems;
  const where = (["endpoints", ...KEYS] as const).find((it) => target[it] !== undefined);
  // Endpoints that there are not, or all of which are excluded, are told of by themselves.
  if (placesOfTarget({ endpoints: target.endpoints }, scope, facts)?.length === 0) return problems;
  if (where !== undefined && placesOfTarget(target, scope, facts)?.length === 0) {
    const message = "Nothing fits this target: each of its keys fits something, and together they fit nothing.";
    return [...problems, { severity: "error", path: [...path, "target", where], message, hint: undefined }];
  }
  // Of other kinds it is not known what there is.
  const isAboutOthers = scope.kinds.size > 1 || !scope.kinds.has("tool");
  if (isAboutOthers || tools.length > 0 || mayFitOthers(policy, known.unlisted)) return problems;
  const key = (["annotations", "tools", "upstreams"] as const).find((it) => target[it] !== undefined);
  if (key === undefined) return problems;
  const message = "No known tool fits this target: each of its keys fits some, and together they fit none.";
  return [...problems, { severity: "error", path: [...path, "target", key], message, hint: undefined }];
}

/** Whether a policy may be about tools of upstreams whose tools are not known. */
export function mayFitOthers({ entry, scope }: CheckedPolicy, unlisted: readonly string[]): boolean {
  if (unlisted.length === 0) return false;
  return compileTarget(entry.target, scope, false)
    .places("tool")
    .some((place) => {
      if (place.kind === "any") return true;
      return unlisted.includes(place.kind === "subject" ? upstreamOfPath(place.path) : place.upstream);
    });
}

function unknownEntry(
  key: SubjectKey,
  glob: string,
  known: KnownPaths,
  tightens: boolean,
): { readonly message: string; readonly hint: string | undefined } {
  const hint = nameHint(key, glob, known, tightens);
  const upstream = upstreamOfPath(glob);
  const named = !/[*?]/.test(upstream) && (key === "upstreams" || glob.includes("/"));
  if (key === "prompts" || key === "resources") {
    const there = named ? `There is no upstream \`${upstream}\`.` : `No upstream fits \`${glob}\`.`;
    return { message: there, hint };
  }
  if (named && !known.upstreams.includes(upstream))
    return { message: `There is no upstream \`${upstream}\` with tools.`, hint };
  return { message: `No known ${key === "tools" ? "tool" : "upstream"} fits \`${glob}\`.`, hint };
}

/**
 * What there is instead. A name is proposed only where calls get no further by it: what restricts may be about more tools
 * and except fewer, an `allow` the other way round. Elsewhere the author is told which names there are.
 */
function nameHint(key: SubjectKey, glob: string, known: KnownPaths, tightens: boolean): string | undefined {
  const others = key === "prompts" || key === "resources";
  const { paths } = known;
  const upstreams = others ? [...new Set([...known.upstreams, ...known.unlisted])].sort() : known.upstreams;
  // One name in place of a pattern would drop what else the pattern was meant for.
  if (/[[\](){}|^$+\\]/.test(glob))
    return "Globs know `*` and `?` and nothing else: a list has an entry for each name.";
  const upstream = upstreamOfPath(glob);
  const below = glob.slice(upstream.length);
  if (key === "tools" && !glob.includes("/")) {
    const exact = paths.filter((path) => path.endsWith(`/${glob}`));
    return exact.length > 0 && tightens ? `Did you mean ${toolList(exact)}?` : "Tools are named as upstream/tool.";
  }
  if (others && !glob.includes("/")) {
    return key === "prompts" ? "Prompts are named as upstream/prompt." : "Resources are named as upstream/uri.";
  }
  if (upstreams.includes(upstream) || /[*?]/.test(upstream)) {
    if (key !== "tools") return `Known are ${listed(upstreams)}.`;
    const there = paths.filter((path) => path.startsWith(`${upstream}/`));
    const close = tightens ? suggest(glob, there) : undefined;
    return didYouMean(close) ?? (there.length === 0 ? undefined : `\`${upstream}\` has ${listed(there)}.`);
  }
  const close = tightens ? suggest(upstream, upstreams) : undefined;
  return close === undefined ? `Known are ${listed(upstreams)}.` : didYouMean(`${close}${below}`);
}

function listed(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return `${names.slice(0, MAX_NAMES).join(", ")}${more}`;
}
