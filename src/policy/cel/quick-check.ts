import type { JsonObject } from "../../core/json.ts";
import { VALUE_LIMITS } from "../inputs/json-values.ts";
import { type AstNode, type Comparison, childrenOf, isComparison, MIRRORED, selectionPath } from "../syntax/ast.ts";

/** A comparison of an argument with a literal, on which a condition depends as a whole: `args.amount > 1000 && …`. */
export interface QuickCheck {
  readonly key: string;
  readonly op: Comparison;
  readonly literal: number | string;
}

/**
 * Finds such a comparison in a condition. False and anything is false in CEL, errors included: where the comparison is
 * false nothing else of the condition matters, and thousands of conditions need not be walked for a call.
 */
export function quickCheckOf(node: AstNode): QuickCheck | undefined {
  const [left, right] = childrenOf(node);
  if (left === undefined || right === undefined) return undefined;
  if (node.op === "&&") return quickCheckOf(left) ?? quickCheckOf(right);
  const { op } = node;
  if (!isComparison(op)) return undefined;
  return comparison(left, op, right) ?? comparison(right, MIRRORED[op], left);
}

function comparison(selection: AstNode, op: Comparison, value: AstNode): QuickCheck | undefined {
  const [root, key, ...more] = selectionPath(selection) ?? [];
  if (root !== "args" || key === undefined || more.length > 0 || value.op !== "value") return undefined;
  const literal = typeof value.args === "bigint" ? Number(value.args) : value.args;
  if (typeof literal === "string") return { key, op, literal };
  return typeof literal === "number" && Math.abs(literal) <= Number.MAX_SAFE_INTEGER ? { key, op, literal } : undefined;
}

/** Whether the comparison is false for these arguments. What the engine would not compare is for the engine to say. */
export function isSurelyFalse({ key, op, literal }: QuickCheck, args: JsonObject): boolean {
  if (!Object.hasOwn(args, key)) return false;
  const value = args[key];
  if (typeof value === "number" && typeof literal === "number") {
    return Math.abs(value) <= Number.MAX_SAFE_INTEGER && !compare(value, op, literal);
  }
  if (typeof value !== "string" || typeof literal !== "string" || value.length > VALUE_LIMITS.maxTextLength)
    return false;
  // Only equality: the order of texts is the engine's.
  return op === "==" ? value !== literal : op === "!=" && value === literal;
}

function compare(value: number, op: Comparison, literal: number): boolean {
  switch (op) {
    case "<":
      return value < literal;
    case "<=":
      return value <= literal;
    case ">":
      return value > literal;
    case ">=":
      return value >= literal;
    case "==":
      return value === literal;
    case "!=":
      return value !== literal;
    default:
      return op satisfies never;
  }
}

/** The quick checks of a list of conditions side by side, so that thousands of them are gone through without a detour. */
export interface Screen {
  /** Whether the condition at `index` is false for these arguments. */
  isSurelyFalse(index: number, args: JsonObject): boolean;
}

/** Lines up quick checks; `undefined` stands for a condition that has none. */
export function createScreen(checks: readonly (QuickCheck | undefined)[]): Screen {
  const keys = checks.map((check) => check?.key);
  const operators = checks.map((check) => check?.op);
  const numbers = Float64Array.from(checks, (check) =>
    typeof check?.literal === "number" ? check.literal : Number.NaN,
  );
  return {
    isSurelyFalse(index, args) {
      const key = keys[index];
      const op = operators[index];
      if (key === undefined || op === undefined) return false;
      const value = args[key];
      if (typeof value === "number" && Object.hasOwn(args, key)) {
        const literal = numbers[index] ?? Number.NaN;
        return !Number.isNaN(literal) && Math.abs(value) <= Number.MAX_SAFE_INTEGER && !compare(value, op, literal);
      }
      const check = checks[index];
      return check !== undefined && isSurelyFalse(check, args);
    },
  };
}
