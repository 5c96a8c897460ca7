import { type AstNode, childrenOf, readCall, stringLiteral } from "./ast.ts";
import { readStep } from "./guards.ts";

/** Where something stands in the arguments: names of keys, positions in lists from 0, `null` for every member. */
export type ArgumentPath = readonly (string | number | null)[];

/** What the variables of comprehensions stand for; `undefined` for what is no part of the arguments as it came. */
type Scope = ReadonlyMap<string, ArgumentPath | undefined>;

const OVER_MEMBERS = new Set(["all", "exists", "exists_one", "filter", "map"]);

/**
 * Which places of the arguments an expression reads. `args.items.exists(i, i.amount > 5)` reads `items`, each, `amount`;
 * a computed key reads every member. An empty path: it looks at the arguments as a whole. With `values` only places whose
 * value matters, and not those of which is merely asked whether they are there.
 */
export function argumentPathsOf(root: AstNode, wanted: "all" | "values" = "all"): readonly ArgumentPath[] {
  const found = new Map<string, ArgumentPath>();
  let looks = 0;
  const add = (path: ArgumentPath): void => {
    looks += 1;
    found.set(JSON.stringify(path), path);
  };

  // `read`: the value itself is looked at, and not only something in it.
  function walk(node: AstNode, scope: Scope, read: boolean): void {
    const place = placeOf(node, scope);
    if (place !== undefined && read) add(place);
    const step = readStep(node);
    if (step !== undefined) {
      walk(step.operand, scope, read && place === undefined);
      if (step.index !== undefined) walk(step.index, scope, true);
      return;
    }
    const call = readCall(node);
    if (wanted === "values" && call?.name === "has" && call.receiver === undefined) return;
    const [first, second, last] = call?.args ?? [];
    if (call?.receiver !== undefined && OVER_MEMBERS.has(call.name) && second !== undefined) {
      const list = placeOf(call.receiver, scope);
      walk(call.receiver, scope, list === undefined);
      const inside = within(scope, first, list && [...list, null]);
      const before = looks;
      for (const body of call.args.slice(1)) walk(body, inside, true);
      // A body that does not look at the members still depends on how many there are.
      if (list !== undefined && looks === before && read) add(list);
      return;
    }
    if (call?.receiver !== undefined && call.name === "bind" && second !== undefined && last !== undefined) {
      const place = placeOf(second, scope);
      walk(second, scope, place === undefined);
      walk(last, within(scope, first, place), true);
      return;
    }
    const [member, whole] = childrenOf(node);
    const key = node.op === "in" ? stringLiteral(member) : undefined;
    const asked = key !== undefined && whole !== undefined ? placeOf(whole, scope) : undefined;
    if (key !== undefined && asked?.length === 0) {
      if (wanted === "all") add([key]);
    } else if (asked !== undefined && wanted === "values") {
      // Items of a list matter by their value. Of an object it is merely asked whether the key is there.
      add([...asked, 0]);
    } else for (const child of childrenOf(node)) walk(child, scope, true);
  }

  walk(root, new Map(), true);
  return [...found.values()];
}

function within(scope: Scope, variable: AstNode | undefined, path: ArgumentPath | undefined): Scope {
  return typeof variable?.args === "string" ? new Map(scope).set(variable.args, path) : scope;
}

function placeOf(node: AstNode, scope: Scope): ArgumentPath | undefined {
  if (node.op === "id" && typeof node.args === "string") {
    return node.args === "args" ? [] : scope.get(node.args);
  }
  const step = readStep(node);
  if (step !== undefined) {
    const base = placeOf(step.operand, scope);
    return base && [...base, step.name ?? positionIn(step.index)];
  }
  // What is left of a list are members of it.
  const call = readCall(node);
  return call?.name === "filter" && call.receiver !== undefined ? placeOf(call.receiver, scope) : undefined;
}

function positionIn(index: AstNode | undefined): number | null {
  const literal = index?.op === "value" ? index.args : undefined;
  return typeof literal === "bigint" || typeof literal === "number" ? Number(literal) : null;
}
