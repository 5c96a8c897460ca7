import { type AstNode, childrenOf, readCall } from "../syntax/ast.ts";
import { type EvaluatorRun, expanded, isMacro, loopOf, wrapEvaluation, wrapHandle } from "./engine-tree.ts";
import { weigherOf, weighOperator, weighWalk } from "./weigh.ts";
import type { Work } from "./work.ts";

/** Which work is counted while a condition runs. They run one at a time, each to its end. */
export interface Meter {
  work: Work;
}

/** What a tree costs besides what it counts itself. */
export interface OwnSteps {
  /** Of one evaluation, loops apart. */
  readonly once: number;
  /** Of an error: making one takes the engine as long as hundreds of nodes, and longer in a long text, which it quotes. */
  readonly error: number;
}

const ERROR = 400;
const ERROR_PER_CHARACTER = 1 / 8;

const OPERATORS = new Set(["==", "!=", "<", "<=", ">", ">=", "+"]);

// Whether the work of an operator depends on the call: comparing with a literal takes no longer than the literal is.
function grows(node: AstNode): boolean {
  const [left, right] = childrenOf(node);
  if (node.op === "in") return right?.op !== "list" && right?.op !== "map";
  return OPERATORS.has(node.op) && left?.op !== "value" && right?.op !== "value";
}

/**
 * Makes a checked tree count its own steps: each round of a loop, what grows with a value by the value, and each error
 * that the engine swallows. What does none of these runs as it did. @throws TypeError for a tree of an unknown form
 */
export function countSteps(
  root: AstNode,
  meter: Meter,
  textLength: number,
  weightOf: (pattern: string) => number,
): OwnSteps {
  const error = ERROR + textLength * ERROR_PER_CHARACTER;

  // The steps of evaluating a node once, loops apart.
  function visit(given: AstNode, inLoop: boolean): number {
    const node = expanded(given);
    if (node.op === "comprehension") return 1 + visitLoop(node, inLoop);
    const children = childrenOf(node);
    let steps = 1;
    for (const child of children) steps += visit(child, inLoop);
    const [first] = children;
    if (inLoop && (node.op === "||" || node.op === "&&") && first !== undefined) chargeErrors(first);
    const call = readCall(node);
    if (call !== undefined) {
      if (!isMacro(node)) countCall(node, call.name);
    } else if (grows(node)) countOperator(node);
    return steps;
  }

  function visitLoop(node: AstNode, inLoop: boolean): number {
    const { iterable, init, step, condition, errorsAreFatal, args } = loopOf(node);
    const once = visit(iterable, inLoop) + visit(init, inLoop);
    const round = 1 + visit(step, true);
    if (!errorsAreFatal) chargeErrors(step);
    // Of all parts of a loop only what this throws is not swallowed by the loop itself.
    const goesOn: EvaluatorRun = (found) => {
      meter.work.spend(round);
      return condition === undefined || condition(found);
    };
    Object.assign(args, { condition: goesOn });
    wrapHandle(node, (run) => (items, loop, evaluator, context) => {
      meter.work.spend(weighWalk(items));
      return run(items, loop, evaluator, context);
    });
    return once;
  }

  function countCall(node: AstNode, name: string): void {
    const weigh = weigherOf(name, weightOf);
    if (weigh === undefined) return;
    wrapHandle(node, (run) => (values, second, third) => {
      if (Array.isArray(values)) meter.work.spend(weigh(values));
      return run(values, second, third);
    });
  }

  function countOperator(node: AstNode): void {
    const { op } = node;
    wrapHandle(node, (run) => (left, right, third, fourth) => {
      const { work } = meter;
      work.spend(weighOperator(op, left, right, work.left));
      return run(left, right, third, fourth);
    });
  }

  function chargeErrors(node: AstNode): void {
    wrapEvaluation(expanded(node), (run) => (evaluator, tree, context) => {
      try {
        return run(evaluator, tree, context);
      } catch (thrown) {
        meter.work.spend(error);
        throw thrown;
      }
    });
  }

  return { once: visit(root, false), error };
}
