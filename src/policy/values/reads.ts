import { type AstNode, childrenOf, readCall, stringLiteral } from "../syntax/ast.ts";
import { readStep } from "../syntax/guards.ts";
import { isRecordName } from "../syntax/vocabulary.ts";
import type { NamedText } from "../tool-schemas/look-alikes.ts";
import type { Value } from "./values.ts";

/** Something that a part of a condition reads: a fact, an argument, a variable; and all places where it does. */
export interface Read {
  /** Equal for what is the same, however it is written. */
  readonly key: string;
  readonly name: string;
  readonly written: string;
  readonly value: Value;
  readonly nodes: AstNode[];
  /** Only its type counts. */
  byType: boolean;
}

/** What is known around a part. */
export interface ReadDeps {
  readonly text: string;
  /** Names of variables of comprehensions around the part. */
  isVariable(name: string): boolean;
  /** What is known of something that is read. */
  read(node: AstNode): Value;
}

const TYPE_NAMES = new Set(["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"]);
const VARIABLE_MACROS = new Set(["all", "exists", "exists_one", "filter", "map", "bind"]);

/** What a part reads; `undefined` where it depends on more than values: on what is there, or on something that has no name. */
export function readsOf(root: AstNode, deps: ReadDeps): readonly Read[] | undefined {
  const reads = new Map<string, Read>();
  const add = (node: AstNode, byType: boolean): void => {
    const value = deps.read(node);
    const written = deps.text.slice(node.start, node.end);
    const key = value.place ?? value.fact ?? written;
    const known = reads.get(key);
    if (known === undefined) reads.set(key, { key, name: `v${reads.size}`, written, value, nodes: [node], byType });
    else {
      known.nodes.push(node);
      known.byType &&= byType;
    }
  };
  const visit = (node: AstNode, inside: ReadonlySet<string>): boolean => {
    const base = rootOf(node);
    if (base !== undefined) {
      if (inside.has(base)) return stepsOf(node).every((it) => visit(it, inside));
      if (deps.isVariable(base) || isRecordName(base) || base === "args") {
        if (base === "tool" || (node.op === "id" && !deps.isVariable(base))) return false;
        // What is read anew with each item is not one value.
        if (stepsOf(node).some((it) => namesAny(it, inside))) return false;
        add(node, false);
        return true;
      }
      return node.op === "id" && TYPE_NAMES.has(base);
    }
    const call = readCall(node);
    if (call === undefined) return childrenOf(node).every((child) => visit(child, inside));
    const { name, receiver, args } = call;
    const [first] = args;
    if (name === "has" && receiver === undefined) return false;
    const typed = name === "type" && receiver === undefined && first !== undefined ? rootOf(first) : undefined;
    if (first !== undefined && typed !== undefined && typed !== "tool" && !namesAny(first, inside)) {
      add(first, true);
      return true;
    }
    const variable = first?.op === "id" && typeof first.args === "string" ? first.args : undefined;
    if (receiver === undefined || variable === undefined || !VARIABLE_MACROS.has(name) || args.length < 2) {
      return [...(receiver === undefined ? [] : [receiver]), ...args].every((part) => visit(part, inside));
    }
    const below = new Set([...inside, variable]);
    const bodies = args.slice(1);
    if (name !== "bind") return visit(receiver, inside) && bodies.every((part) => visit(part, below));
    return bodies.every((part, at) => visit(part, at === 0 ? inside : below));
  };
  return visit(root, new Set()) ? [...reads.values()] : undefined;
}

/** The variable that a chain of members begins with. */
export function rootOf(node: AstNode): string | undefined {
  if (node.op === "id") return typeof node.args === "string" ? node.args : undefined;
  const step = readStep(node);
  return step === undefined ? undefined : rootOf(step.operand);
}

/** What is computed within a chain of members. */
function stepsOf(node: AstNode): readonly AstNode[] {
  const step = readStep(node);
  if (step === undefined) return [];
  return [...stepsOf(step.operand), ...(step.index === undefined ? [] : [step.index])];
}

function namesAny(node: AstNode, names: ReadonlySet<string>): boolean {
  if (node.op === "id") return typeof node.args === "string" && names.has(node.args);
  return childrenOf(node).some((child) => namesAny(child, names));
}

/** The texts that are written out in a part. */
export function constantsOf(node: AstNode): readonly NamedText[] {
  const call = readCall(node);
  const own = stringLiteral(node);
  const [pattern] = call?.name === "matches" ? call.args : [];
  const below = childrenOf(node).filter((child) => child !== pattern);
  const found = stringLiteral(pattern);
  return [
    ...(own === undefined ? [] : [{ text: own, isPattern: false }]),
    ...(found === undefined ? [] : [{ text: found, isPattern: true }]),
    ...below.flatMap(constantsOf),
  ];
}

/** What it is called where it is read from. */
export function lastName({ nodes }: Read): string {
  for (let node = nodes[0]; node !== undefined; ) {
    const step = readStep(node);
    if (step === undefined) return typeof node.args === "string" ? node.args : "";
    if (step.name !== undefined) return step.name;
    node = step.operand;
  }
  return "";
}
