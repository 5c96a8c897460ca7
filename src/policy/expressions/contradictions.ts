import type { Json } from "../../core/json.ts";
import { type AstNode, childrenOf, isComparison, MIRRORED } from "../syntax/ast.ts";
import { readStep } from "../syntax/guards.ts";
import { compareRange, EVERYWHERE, exactly, type Range } from "../tool-schemas/number-range.ts";
import { isOnly, type Value } from "../values/values.ts";
import type { Finding } from "./findings.ts";

/** What is asked of one expression by the comparisons so far, all of which hold. */
interface Constraint {
  readonly node: AstNode;
  readonly range: Range;
  /** One of these; `undefined`: anything. */
  readonly values: readonly Json[] | undefined;
  readonly excluded: readonly Json[];
}

type Test = { readonly of: AstNode; readonly operator: string; readonly values: readonly Json[] };

const NEGATED: Readonly<Record<string, string>> = {
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
  "==": "!=",
  "!=": "==",
};

/**
 * Comparisons of one expression with constants that exclude each other: parts of an `&&` that is never true, or of an
 * `||` that always is. `read` gives what is known of a part.
 */
export function checkContradictions(node: AstNode, text: string, read: (node: AstNode) => Value): readonly Finding[] {
  const isAnd = node.op === "&&";
  const asked = new Map<string, Constraint>();
  for (const { part, positive } of partsOf(node, isAnd)) {
    const test = readTest(part, positive, read);
    if (test === undefined) continue;
    const value = read(test.of);
    const { place, fact } = value;
    const key = place ?? fact ?? text.slice(test.of.start, test.of.end).replaceAll(/\s+/g, " ");
    const before = asked.get(key);
    const now = narrowed(before ?? { node: part, range: EVERYWHERE, values: knownValues(value), excluded: [] }, test);
    if (before !== undefined && isEmpty(now)) return contradiction(text, isAnd, before.node, part);
    asked.set(key, now);
  }
  return [];
}

function contradiction(text: string, isAnd: boolean, before: AstNode, part: AstNode): readonly Finding[] {
  const [a, b] = [before, part].map(({ start, end }) => text.slice(start, end));
  const message = isAnd
    ? `This is never true beside \`${a}\`: \`${b}\`.`
    : `This is always true: \`${b}\` wherever \`${a}\` is not.`;
  const { start } = part;
  return [
    { kind: "compared", start },
    { kind: "mistake", what: "decided", start, message, hint: undefined },
  ];
}

interface Part {
  readonly part: AstNode;
  readonly positive: boolean;
}

/** The parts that must all come out so where `node` comes out as `positive`. */
function partsOf(node: AstNode, positive: boolean): readonly Part[] {
  const children = childrenOf(node);
  if (node.op === "!_") return children.flatMap((child) => partsOf(child, !positive));
  if (node.op === (positive ? "&&" : "||")) return children.flatMap((child) => partsOf(child, positive));
  return [{ part: node, positive }];
}

function knownValues(value: Value): readonly Json[] | undefined {
  const { values } = value.domain;
  return values === undefined && isOnly(value, "bool") ? [true, false] : values;
}

function readTest(node: AstNode, positive: boolean, read: (node: AstNode) => Value): Test | undefined {
  // True or false by itself.
  if ((node.op === "id" || readStep(node) !== undefined) && isOnly(read(node), "bool")) {
    return { of: node, operator: "==", values: [positive] };
  }
  const [left, right] = childrenOf(node);
  if (left === undefined || right === undefined) return undefined;
  if (node.op === "in" && right.op === "list") {
    const values = childrenOf(right).flatMap((item) => constantOf(item, read));
    if (values.length < childrenOf(right).length || constantOf(left, read).length > 0) return undefined;
    return { of: left, operator: positive ? "==" : "!=", values };
  }
  const operator = isComparison(node.op) ? node.op : undefined;
  if (operator === undefined) return undefined;
  const [a, b] = [constantOf(left, read), constantOf(right, read)];
  if (a.length === b.length) return undefined;
  const by = a.length > 0 ? MIRRORED[operator] : operator;
  return { of: a.length > 0 ? right : left, operator: positive ? by : (NEGATED[by] ?? by), values: [...a, ...b] };
}

function constantOf(node: AstNode, read: (node: AstNode) => Value): readonly Json[] {
  const { literal } = read(node);
  return literal === undefined ? [] : [literal];
}

function narrowed(asked: Constraint, { operator, values }: Test): Constraint {
  if (operator === "==") {
    const both = asked.values?.filter((value) => values.includes(value)) ?? values;
    return { ...asked, values: both };
  }
  if (operator === "!=") return { ...asked, excluded: [...asked.excluded, ...values] };
  const [limit] = values;
  if (typeof limit !== "number") return asked;
  const { low, lowOpen, high, highOpen } = asked.range;
  const isOpen = operator === "<" || operator === ">";
  if (operator.startsWith("<")) {
    const tighter = limit < high || (limit === high && isOpen);
    return tighter ? { ...asked, range: { low, lowOpen, high: limit, highOpen: isOpen } } : asked;
  }
  const tighter = limit > low || (limit === low && isOpen);
  return tighter ? { ...asked, range: { low: limit, lowOpen: isOpen, high, highOpen } } : asked;
}

function isEmpty({ range, values, excluded }: Constraint): boolean {
  const { low, lowOpen, high, highOpen } = range;
  if (low > high || (low === high && (lowOpen || highOpen))) return true;
  return values?.every((value) => excluded.includes(value) || isBeyond(value, range)) === true;
}

// What is no number cannot be compared with one: that is another mistake.
function isBeyond(value: Json, { low, lowOpen, high, highOpen }: Range): boolean {
  if (typeof value !== "number") return false;
  const it = exactly(value);
  const isAbove = compareRange(it, lowOpen ? ">" : ">=", low) !== false;
  return !isAbove || compareRange(it, highOpen ? "<" : "<=", high) === false;
}
