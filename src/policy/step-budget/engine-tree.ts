import { type AstNode, isNode } from "../syntax/ast.ts";

/** Something that the engine runs, with at most so many values. */
export type EvaluatorRun = (first?: unknown, second?: unknown, third?: unknown, fourth?: unknown) => unknown;

/** The loop that a macro such as `exists` was made into. */
export interface Loop {
  readonly iterable: AstNode;
  readonly init: AstNode;
  readonly step: AstNode;
  /** Asked with what was found so far, before each round, whether to go on. */
  readonly condition: EvaluatorRun | undefined;
  /** Whether the first error ends the loop; else it goes on, and the error counts where nothing is found. */
  readonly errorsAreFatal: boolean;
  /** Where the engine keeps all this. */
  readonly args: object;
}

const FOREIGN = "The CEL engine's tree has an unknown form: is it the pinned version?";

/** What is evaluated in place of a node: macros and constants are replaced by another tree. */
export function expanded(node: AstNode): AstNode {
  const alternate = metaOf(node)["alternate"];
  return isNode(alternate) ? expanded(alternate) : node;
}

/** Whether a macro that has no tree of its own is run for a node: `has`, `bind`. */
export function isMacro(node: AstNode): boolean {
  return metaOf(node)["macro"] !== undefined;
}

/** Reads the loop of a comprehension. @throws TypeError for a tree of another form */
export function loopOf(node: AstNode): Loop {
  const { args } = node;
  if (!isRecord(args)) throw new TypeError(FOREIGN);
  const { iterable, init, step, condition, errorsAreFatal } = args;
  if (!isNode(iterable) || !isNode(init) || !isNode(step)) throw new TypeError(FOREIGN);
  if (condition !== undefined && !isRun(condition)) throw new TypeError(FOREIGN);
  return { iterable, init, step, condition, errorsAreFatal: errorsAreFatal === true, args };
}

/** Puts something around what computes a node's value from the values below it. After the type check, which chooses it. */
export function wrapHandle(node: AstNode, around: (run: EvaluatorRun) => EvaluatorRun): void {
  if (!("handle" in node) || !isRun(node.handle)) throw new TypeError(FOREIGN);
  Object.assign(node, { handle: around(node.handle) });
}

/** Puts something around the whole evaluation of an expanded node. After the type check, and before its first run. */
export function wrapEvaluation(node: AstNode, around: (run: EvaluatorRun) => EvaluatorRun): void {
  const meta = metaOf(node);
  const macro = meta["macro"];
  const holder = isRecord(macro) ? macro : meta;
  const { evaluate } = holder;
  if (!isRun(evaluate)) throw new TypeError(FOREIGN);
  holder["evaluate"] = around(evaluate);
}

function metaOf(node: AstNode): Record<string, unknown> {
  if (!("meta" in node) || !isRecord(node.meta)) throw new TypeError(FOREIGN);
  return node.meta;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isRun(value: unknown): value is EvaluatorRun {
  return typeof value === "function";
}
