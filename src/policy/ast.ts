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
