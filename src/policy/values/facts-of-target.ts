import { fold } from "../../core/fold.ts";
import { DECIDED_METHODS, type SubjectKind } from "../../core/subject.ts";
import { compileGlobSelection, isExclusion, isGlob } from "../decide/glob-selection.ts";
import { scopeText } from "../decide/scope.ts";
import { SPELLINGS, upstreamOfPath } from "../decide/target.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { PolicyScope } from "../policy-set.ts";
import { oneOf } from "../tool-schemas/domain.ts";
import { ANY_TEXT, haveTextInCommon, joined, literalShape, shapeOfGlob } from "../tool-schemas/text-shape.ts";
import { type FactTable, type KnownFacts, listed } from "./facts.ts";

/** An endpoint, and an upstream that it shows. */
export interface Place {
  readonly endpoint: string;
  readonly upstream: string;
}

const PATHS = { tool: "tools", prompt: "prompts", resource: "resources" } as const;

/**
 * Where requests can meet a policy with this target, by its endpoints and upstreams and by what its paths name; `undefined`
 * where nobody knows what there is.
 */
export function placesOfTarget(
  target: PolicyTarget | undefined,
  { kinds }: Pick<PolicyScope, "kinds">,
  { shown }: Pick<KnownFacts, "shown">,
): readonly Place[] | undefined {
  if (shown === undefined) return undefined;
  const endpoints = compileGlobSelection(target?.endpoints ?? []);
  const upstreams = compileGlobSelection(target?.upstreams ?? []);
  const known = new Map<string, boolean>();
  const fits = (upstream: string): boolean => {
    const before = known.get(upstream);
    if (before !== undefined) return before;
    const does = upstreams.one(upstream) && [...kinds].some((kind) => mayHave(kind, target?.[PATHS[kind]], upstream));
    known.set(upstream, does);
    return does;
  };
  return [...shown].flatMap(([endpoint, shows]) =>
    endpoints.one(endpoint) ? shows.upstreams.filter(fits).map((upstream): Place => ({ endpoint, upstream })) : [],
  );
}

/** Whether paths below an upstream may fit one of these globs, however a reader could take them. */
export function mayHave(kind: SubjectKind, globs: readonly string[] | undefined, upstream: string): boolean {
  const wanted = globs?.filter((glob) => !isExclusion(glob)) ?? [];
  if (wanted.length === 0) return true;
  const name = fold(upstream);
  const forms = wanted.flatMap((glob) => [fold(glob), SPELLINGS[kind](glob)[0]]);
  return forms.some((wide) => {
    const named = upstreamOfPath(wide);
    if (!isGlob(named)) return named === name && wide !== named;
    const paths = joined(literalShape(`${name}/`), ANY_TEXT);
    const shape = shapeOfGlob(wide);
    return shape === undefined || paths === undefined || haveTextInCommon(shape, paths);
  });
}

/** What facts of a request can be where a policy with this target meets it: less than they are elsewhere. */
export function factsOfTarget(target: PolicyTarget | undefined, scope: PolicyScope, known: KnownFacts): FactTable {
  const facts = new Map(factsOfScope(scope));
  const places = placesOfTarget(target, scope, known);
  const endpoints =
    places === undefined
      ? known.endpoints && ["", ...known.endpoints].filter(compileGlobSelection(target?.endpoints ?? []).one)
      : distinct(places.map(({ endpoint }) => endpoint));
  const all = known.endpoints === undefined ? 0 : known.endpoints.length + 1;
  // A target that fits none is told of by itself.
  if (endpoints !== undefined && endpoints.length > 0 && endpoints.length < all) {
    facts.set("request.endpoint", oneOf(endpoints, `Where the target fits it is ${listed(endpoints)}.`));
  }
  const upstreams = distinct((places ?? []).map(({ upstream }) => upstream));
  if (upstreams.length === 0) return facts;
  for (const kind of scope.kinds) {
    facts.set(`${kind}.upstream`, oneOf(upstreams, `Where the target fits it is ${listed(upstreams)}.`));
  }
  return facts;
}

function factsOfScope(scope: PolicyScope): FactTable {
  const { methods } = scope;
  if (methods.length === Object.keys(DECIDED_METHODS).length) return new Map();
  const says = `The policy is about ${scopeText(scope)}: it is ${listed(methods)}.`;
  return new Map([["request.method", oneOf(methods, says)]]);
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
