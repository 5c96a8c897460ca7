/**
 * The tree of a parsed condition, as far as the rules of this room look at it. Read through checks instead of the
 * engine's own types, so that a change of its inner form shows as a refusal at load and never as a rule that is skipped.
 */
export interface AstNode {
  readonly op: string;
  readonly args: unknown;
  /** Offsets into the condition's text. */
  readonly start: number;
  readonly end: number;
}

/** A call of a function (`size(x)`) or of a method (`x.size()`). */
export interface AstCall {
  readonly name: string;
  readonly receiver: AstNode | undefined;
  readonly args: readonly AstNode[];
}

/** Whether `value` is a node of the tree. */
export function isNode(value: unknown): value is AstNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value && "start" in value;
}

/** The nodes right below `node`, in the order of the text. */
export function childrenOf(node: AstNode): readonly AstNode[] {
  const found: AstNode[] = [];
  collect(node.args, found);
  return found;
}

function collect(value: unknown, found: AstNode[]): void {
  if (isNode(value)) found.push(value);
  else if (Array.isArray(value)) for (const item of value) collect(item, found);
}

/** What each part stands in, but the whole. */
export function parentsOf(root: AstNode, found = new Map<AstNode, AstNode>()): ReadonlyMap<AstNode, AstNode> {
  for (const child of childrenOf(root)) parentsOf(child, found.set(child, root));
  return found;
}

/** Reads a call node; `undefined` for every other node. */
export function readCall(node: AstNode): AstCall | undefined {
  if (node.op !== "call" && node.op !== "rcall") return undefined;
  const parts: readonly unknown[] = Array.isArray(node.args) ? node.args : [];
  const name = parts[0];
  const receiver = node.op === "rcall" ? parts[1] : undefined;
  const list: unknown = node.op === "rcall" ? parts[2] : parts[1];
  if (typeof name !== "string" || !Array.isArray(list)) {
    throw new TypeError("The CEL engine's tree has an unknown form: is it the pinned version?");
  }
  return { name, receiver: isNode(receiver) ? receiver : undefined, args: list.filter(isNode) };
}

/** Makes a call node call another function. Only before the type check, which binds the name. */
export function renameCall(node: AstNode, name: string): void {
  if (!Array.isArray(node.args)) throw new TypeError("The CEL engine's tree has an unknown form.");
  node.args[0] = name;
}

/** The text of a string literal, `undefined` for anything else. */
export function stringLiteral(node: AstNode | undefined): string | undefined {
  return node?.op === "value" && typeof node.args === "string" ? node.args : undefined;
}

/** A chain of field selections (`user.claims.team`) as names, root first; `undefined` if it is anything else. */
export function selectionPath(node: AstNode): readonly string[] | undefined {
  if (node.op === "id") return typeof node.args === "string" ? [node.args] : undefined;
  if (node.op !== "." || !Array.isArray(node.args)) return undefined;
  const [operand, field] = node.args;
  const path = isNode(operand) ? selectionPath(operand) : undefined;
  return path === undefined || typeof field !== "string" ? undefined : [...path, field];
}

/** A part of a text that can be evaluated by itself. */
export interface TextPart {
  readonly kind: "and" | "or" | "not" | "choice" | "literal" | "selection" | "other";
  readonly text: string;
  /** The parts that it is made of. None for what only has a meaning inside: the body of a comprehension. */
  readonly parts: readonly TextPart[];
}

const BODIES = new Set(["all", "exists", "exists_one", "filter", "map", "bind"]);

/** Takes a tree apart. `write` gives the text of a node. */
export function readParts(node: AstNode, write: (node: AstNode) => string): TextPart {
  const kind = kindOf(node);
  const parts = kind === "literal" || kind === "selection" ? [] : partsOf(node).map((part) => readParts(part, write));
  return { kind, text: write(node), parts };
}

function kindOf(node: AstNode): TextPart["kind"] {
  switch (node.op) {
    case "&&":
      return "and";
    case "||":
      return "or";
    case "!_":
      return "not";
    case "?:":
      return "choice";
    case "value":
      return "literal";
    case "id":
    case ".":
    case "[]":
      return "selection";
    default:
      return childrenOf(node).every((child) => kindOf(child) === "literal") && node.op === "list" ? "literal" : "other";
  }
}

function partsOf(node: AstNode): readonly AstNode[] {
  const call = readCall(node);
  if (call === undefined) return childrenOf(node);
  const { name, receiver, args } = call;
  // What has() asks is the whole answer; a body names a variable that exists only inside of it.
  if (receiver === undefined) return name === "has" ? [] : args;
  if (!BODIES.has(name)) return [receiver, ...args];
  return name === "bind" ? args.slice(1, 2) : [receiver];
}

/** The operators that compare. */
export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** Of each the one that says the same with its sides exchanged. */
export const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "==": "==",
  "!=": "!=",
};

/** Whether an operator compares. */
export function isComparison(operator: string): operator is Comparison {
  return Object.hasOwn(MIRRORED, operator);
}
