import { JSONPathEnvironment, JSONPathError, type JSONPathQuery, jsonpath } from "json-p3";
import { fold } from "../core/fold.ts";
import { isObject, type Json } from "../core/json.ts";
import { LIMITS } from "./limits.ts";
import type { FoldedNames } from "./member-names.ts";
import { type PathStep, queriesIn, stepsOf } from "./path-steps.ts";

/*
 * JSONPath (RFC 9535) as far as its cost stays linear in a value that a hostile server has written. Refused: a second
 * `..` (the value may be nested so that each level is searched from each above it), `$` inside a filter unless it names
 * one value, and `match` and `search`, which would run on the engine's backtracking regular expressions.
 *
 * Names are compared folded, other than in the RFC: a server that comes to write `Secret` for `secret` would hand it out.
 */

/** Where a value is: member names and list indices from the root. */
export type Location = readonly (string | number)[];

/** A JSONPath, ready to be applied. */
export interface CompiledPath {
  /** As it was written. */
  readonly text: string;
  /** What it is made of, read anew each time. */
  steps(): readonly PathStep[];
  /**
   * Where it finds something, at most `max` places; `undefined` if there are more. `names` says whether all names could
   * be compared. @throws never
   */
  locate(value: Json, max: number, names: FoldedNames): readonly Location[] | undefined;
}

export type PathResult =
  | { readonly ok: true; readonly path: CompiledPath }
  | { readonly ok: false; readonly problem: { readonly message: string; readonly offset: number } };

const environment = new JSONPathEnvironment({ maxRecursionDepth: LIMITS.maxDepth + 2 });
environment.functionRegister.delete("match");
environment.functionRegister.delete("search");

const MAX_PATH = 1000;

/** Compiles one JSONPath. @throws never */
export function compilePath(path: string): PathResult {
  if (path.length > MAX_PATH) return refused(`A path has at most ${MAX_PATH} characters.`, MAX_PATH);
  let query: JSONPathQuery;
  try {
    query = environment.compile(path);
  } catch (error) {
    if (error instanceof JSONPathError) return refused(`Not a usable JSONPath: ${error.message}.`, error.token.index);
    throw error;
  }
  if (query.segments.length === 0) {
    return refused("`$` names the whole result. To withhold all of it, deny the call.", 0);
  }
  const fault = findFault(query);
  if (fault !== undefined) return fault;
  const lookup: Lookup = { names: undefined };
  foldNames(query, lookup, 0);
  const steps = (): readonly PathStep[] => stepsOf(query);
  return {
    ok: true,
    path: { text: path, steps, locate: (value, max, names) => locate(query, lookup, value, max, names) },
  };
}

function refused(message: string, offset: number): PathResult {
  return { ok: false, problem: { message, offset: Math.max(0, offset) } };
}

/** What the selectors of a path look names up in, while it is applied. */
interface Lookup {
  names: FoldedNames | undefined;
}

function locate(query: JSONPathQuery, lookup: Lookup, value: Json, max: number, names: FoldedNames) {
  const found: Location[] = [];
  lookup.names = names;
  for (const node of query.lazyQuery(toMutable(value))) {
    if (found.length === max) return undefined;
    found.push(node.location);
  }
  return found;
}

/** A filter names a member that an object has twice: which of the two counts, nobody knows. */
class NamedTwice extends Error {}

// The library has its selectors compare names exactly, and no setting for it.
function foldNames(query: JSONPathQuery, lookup: Lookup, filters: number): void {
  for (const { selectors } of query.segments) {
    for (const selector of selectors) {
      if (selector instanceof jsonpath.selectors.NameSelector) foldName(selector, lookup, filters > 0);
      if (!(selector instanceof jsonpath.selectors.FilterSelector)) continue;
      for (const inner of queriesIn(selector.expression)) foldNames(inner.path, lookup, filters + 1);
      // Only in the outermost: what an inner one finds may speak against the value.
      if (filters === 0) takeOutInDoubt(selector.expression);
    }
  }
}

function foldName(selector: InstanceType<typeof jsonpath.selectors.NameSelector>, lookup: Lookup, inFilter: boolean) {
  const form = fold(selector.name);
  const resolve: typeof selector.resolve = ({ value, location, root }) => {
    if (value === undefined || !isObject(value)) return [];
    const keys = lookup.names?.alike(value, form) ?? [];
    if (inFilter && keys.length > 1) throw new NamedTwice();
    return keys.map((key) => new jsonpath.JSONPathNode(toMutable(value[key] ?? null), location.concat(key), root));
  };
  selector.resolve = resolve;
  selector.lazyResolve = function* (node) {
    yield* resolve(node);
  };
}

function takeOutInDoubt(expression: FilterExpression): void {
  const evaluate = expression.evaluate.bind(expression);
  expression.evaluate = (context) => {
    try {
      return evaluate(context);
    } catch (error) {
      if (error instanceof NamedTwice) return true;
      throw error;
    }
  };
}

type PathInput = Parameters<JSONPathQuery["lazyQuery"]>[0];

// The library declares its input as mutable and never writes to it.
function toMutable(value: Json): PathInput {
  return value as PathInput;
}

function findFault(path: JSONPathQuery): PathResult | undefined {
  let descents = 0;
  const visit = (query: JSONPathQuery): PathResult | undefined => {
    for (const segment of query.segments) {
      // The class of descending segments is not exported; its text is fixed by the RFC.
      if (segment.toString().startsWith("..") && ++descents > 1) {
        return refused("`..` may stand in a path only once: write one path per place.", segment.token.index);
      }
      for (const selector of segment.selectors) {
        if (!(selector instanceof jsonpath.selectors.FilterSelector)) continue;
        for (const inner of queriesIn(selector.expression)) {
          if (inner instanceof jsonpath.expressions.RootQuery && !inner.path.singularQuery()) {
            return refused("`$` in a filter may only name one value.", inner.token.index);
          }
          const fault = visit(inner.path);
          if (fault !== undefined) return fault;
        }
      }
    }
    return undefined;
  };
  return visit(path);
}

type FilterExpression = InstanceType<typeof jsonpath.expressions.FilterExpression>;
