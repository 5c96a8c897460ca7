import { type AstNode, childrenOf, readCall, stringLiteral } from "./ast.ts";

/** What is known to be there when an expression is evaluated. */
export interface Narrowing {
  /** It is not evaluated at all, or its value does not count. */
  readonly never: boolean;
  /** Places that are there: `args`, a step per member (`."note"`), `[]` for every item of a list. */
  readonly places: ReadonlySet<string>;
  /** Equal for equal facts. */
  readonly key: string;
}

function factsOf(places: ReadonlySet<string>): Narrowing {
  return { never: false, places, key: [...places].sort().join("\n") };
}

/** Nothing is known. */
export const NO_FACTS: Narrowing = factsOf(new Set());
const NEVER: Narrowing = { never: true, places: new Set(), key: "never" };

/** Facts with these places too. */
export function withPlaces(facts: Narrowing, places: Iterable<string>): Narrowing {
  if (facts.never) return facts;
  const added = [...places].filter((place) => !facts.places.has(place));
  return added.length === 0 ? facts : factsOf(new Set([...facts.places, ...added]));
}

/** What holds where both hold. */
export function both(a: Narrowing, b: Narrowing): Narrowing {
  return a.never || b.never ? NEVER : withPlaces(a, b.places);
}

function either(a: Narrowing, b: Narrowing): Narrowing {
  if (a.never) return b;
  if (b.never) return a;
  return factsOf(new Set([...a.places].filter((place) => b.places.has(place))));
}

/** The place of a member. */
export function memberPlace(base: string, name: string): string {
  return `${base}.${JSON.stringify(name)}`;
}

/** The place of every item of the list at `base`. */
export function itemsPlace(base: string): string {
  return `${base}[]`;
}

/** The place of the variable of a comprehension; no other has it. */
export function variablePlace(node: AstNode): string {
  return `#${node.start}-${node.end}`;
}

/** How names of variables translate to places. */
export type Places = ReadonlyMap<string, string | undefined>;

/** Where the value of a node is read from, `undefined` if it is computed. */
export function comparedPlace(node: AstNode | undefined, names: Places): string | undefined {
  if (node?.op === "id") return typeof node.args === "string" ? names.get(node.args) : undefined;
  const step = node && readStep(node);
  if (step === undefined) return undefined;
  const base = comparedPlace(step.operand, names);
  return base === undefined || step.name === undefined ? undefined : memberPlace(base, step.name);
}

/** `a.b` and `a["b"]`: the operand and the name, which is `undefined` where it is computed or a number. */
export function readStep(
  node: AstNode,
): { readonly operand: AstNode; readonly name: string | undefined; readonly index: AstNode | undefined } | undefined {
  if ((node.op !== "." && node.op !== "[]") || !Array.isArray(node.args)) return undefined;
  const children = childrenOf(node);
  const [operand, index] = children;
  if (operand === undefined) return undefined;
  const field: unknown = node.args[1];
  if (node.op === ".") return { operand, name: typeof field === "string" ? field : undefined, index: undefined };
  return { operand, name: stringLiteral(index), index };
}

/** What the guards of one expression need to know of it. */
export interface GuardDeps {
  /** The value of a part that depends on nothing but the tool; `undefined` for every other part. */
  constant(node: AstNode): boolean | undefined;
  /** What was found before for the same trees, with the same constants. */
  readonly guards: GuardCache;
}

/** What holds where a node is true, and where it is false. */
export type GuardCache = Map<AstNode, { readonly true?: Narrowing; readonly false?: Narrowing }>;

/**
 * What is known where `node` was evaluated without an error and came out as `outcome`: `has(args.a)`, `"a" in args`, and
 * these below `!`, `&&`, `||`, `?:`, `all` and `exists`. `never` if it cannot come out so.
 */
export function guardsOf(node: AstNode | undefined, outcome: boolean, names: Places, deps: GuardDeps): Narrowing {
  if (node === undefined) return NO_FACTS;
  const known = deps.guards.get(node);
  const before = known?.[`${outcome}`];
  if (before !== undefined) return before;
  const found = findGuards(node, outcome, names, deps);
  deps.guards.set(node, { ...known, ...deps.guards.get(node), [`${outcome}`]: found });
  return found;
}

function findGuards(node: AstNode, outcome: boolean, names: Places, deps: GuardDeps): Narrowing {
  const constant = deps.constant(node);
  if (constant !== undefined) return constant === outcome ? NO_FACTS : NEVER;
  const guards = (part: AstNode | undefined, out: boolean): Narrowing => guardsOf(part, out, names, deps);
  const [first, second, third] = childrenOf(node);
  switch (node.op) {
    case "value":
      return typeof node.args === "boolean" && node.args !== outcome ? NEVER : NO_FACTS;
    case "!_":
      return guards(first, !outcome);
    case "&&":
    case "||": {
      const combine = (node.op === "&&") === outcome ? both : either;
      return combine(guards(first, outcome), guards(second, outcome));
    }
    case "?:":
      return either(
        both(guards(first, true), guards(second, outcome)),
        both(guards(first, false), guards(third, outcome)),
      );
    case "==":
    case "!=":
      for (const [literal, other] of [
        [first, second],
        [second, first],
      ]) {
        if (literal?.op !== "value" || typeof literal.args !== "boolean") continue;
        return guards(other, ((node.op === "==") === literal.args) === outcome);
      }
      return NO_FACTS;
    case "in": {
      const [name, place] = [stringLiteral(first), comparedPlace(second, names)];
      if (!outcome || name === undefined || place === undefined) return NO_FACTS;
      return factsOf(new Set([...prefixes(second, names), memberPlace(place, name)]));
    }
    case "call":
    case "rcall":
      return guardsOfCall(node, outcome, names, deps);
    default:
      return NO_FACTS;
  }
}

function guardsOfCall(node: AstNode, outcome: boolean, names: Places, deps: GuardDeps): Narrowing {
  const call = readCall(node);
  const [variable, body, last] = call?.args ?? [];
  if (call?.receiver === undefined) {
    return call?.name === "has" && outcome ? factsOf(new Set(prefixes(variable, names))) : NO_FACTS;
  }
  const name = variable?.op === "id" && typeof variable.args === "string" ? variable.args : undefined;
  if (name === undefined) return NO_FACTS;
  if (call.name === "bind") return guardsOf(last, outcome, new Map(names).set(name, comparedPlace(body, names)), deps);
  // What holds for every item holds of the list: all() that is true, exists() that is false.
  if (!(call.name === "all" && outcome) && !(call.name === "exists" && !outcome)) return NO_FACTS;
  const list = comparedPlace(call.receiver, names);
  if (list === undefined) return NO_FACTS;
  const own = variablePlace(node);
  const inside = guardsOf(body, outcome, new Map(names).set(name, own), deps);
  return factsOf(new Set(movePlaces(inside.places, own, itemsPlace(list))));
}

/** The places below `from`, as places below `to`. */
export function movePlaces(places: Iterable<string>, from: string, to: string): readonly string[] {
  return [...places].flatMap((place) => (below(place, from) ? [to + place.slice(from.length)] : []));
}

function below(place: string, base: string): boolean {
  const next = place.startsWith(base) ? place[base.length] : undefined;
  return next === "." || next === "[";
}

function prefixes(node: AstNode | undefined, names: Places): readonly string[] {
  const place = comparedPlace(node, names);
  const step = node && readStep(node);
  return place === undefined || step === undefined ? [] : [...prefixes(step.operand, names), place];
}
