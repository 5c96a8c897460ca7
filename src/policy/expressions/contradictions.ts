import { ExactNumber } from "../../core/exact-number.ts";
import type { Json } from "../../core/json.ts";
import {
  type AstNode,
  type Comparison,
  childrenOf,
  isComparison,
  MIRRORED,
  readCall,
  stringLiteral,
} from "../syntax/ast.ts";
import { EVERYWHERE, exactly } from "../tool-schemas/number-range.ts";
import { changed, literalShape, shapeOfPart, shapeOfPattern } from "../tool-schemas/text-shape.ts";
import { EVERY_VALUE, intersection, isEmpty, type ValueSet } from "../tool-schemas/value-set.ts";
import { numberOf } from "../values/constants.ts";
import { isOnly, type Value } from "../values/values.ts";
import type { Finding } from "./findings.ts";
import { changeOf, partOfTest } from "./methods.ts";

/** What is asked of one expression by the tests so far, all of which hold. */
interface Constraint {
  readonly node: AstNode;
  readonly set: ValueSet;
}

/** An expression that is tested, and what it is where the test holds. */
interface Test {
  readonly of: AstNode;
  readonly set: ValueSet;
}

/** What the reading of tests needs to know. */
export interface TestDeps {
  readonly text: string;
  /** What is known of a part. */
  read(node: AstNode): Value;
  /** Whether a text fits a pattern; `undefined` for a pattern that cannot be used. */
  matches(pattern: string, text: string): boolean | undefined;
}

/**
 * Tests of one expression that exclude each other: parts of an `&&` that is never true, or of an `||` that always is.
 */
export function checkContradictions(node: AstNode, deps: TestDeps): readonly Finding[] {
  const isAnd = node.op === "&&";
  const asked = new Map<string, Constraint>();
  for (const { part, positive } of partsOf(node, isAnd)) {
    for (const { of, set } of readTest(part, positive, deps)) {
      const value = deps.read(of);
      const key = keyOf(of, value, deps.text);
      const before = asked.get(key);
      const now = intersection(before?.set ?? { ...EVERY_VALUE, values: knownValues(value) }, set);
      if (before !== undefined && isEmpty(now)) return contradiction(deps.text, isAnd, before.node, part);
      asked.set(key, { node: before?.node ?? part, set: now });
    }
  }
  return [];
}

/** Equal for what is the same, however it is written. */
function keyOf({ start, end }: AstNode, { place, fact }: Value, text: string): string {
  return place ?? fact ?? text.slice(start, end);
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

/** A part of a condition, and what it comes out as. */
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

/**
 * Reads a part that comes out as `positive`: what is tested, and what that says of what it is made of. What is not
 * understood is a test of itself.
 */
function readTest(node: AstNode, positive: boolean, deps: TestDeps): readonly Test[] {
  const found = readTextTest(node, positive, deps) ?? readComparison(node, positive, deps);
  if (found === undefined) return [{ of: node, set: { ...EVERY_VALUE, values: [positive] } }];
  const inner = insideOf(found);
  return inner === undefined ? [found] : [found, inner];
}

function readComparison(node: AstNode, positive: boolean, { read }: TestDeps): Test | undefined {
  const [left, right] = childrenOf(node);
  if (left === undefined || right === undefined) return undefined;
  if (node.op === "in" && right.op === "list") {
    const values = childrenOf(right).flatMap((item) => constantOf(item, read));
    if (values.length < childrenOf(right).length || constantOf(left, read).length > 0) return undefined;
    return { of: left, set: positive ? { ...EVERY_VALUE, values } : { ...EVERY_VALUE, excluded: values } };
  }
  if (!isComparison(node.op)) return undefined;
  const [a, b] = [constantOf(left, read), constantOf(right, read)];
  if (a.length === b.length) return undefined;
  const by = a.length > 0 ? MIRRORED[node.op] : node.op;
  return { of: a.length > 0 ? right : left, set: setOf(positive ? by : NEGATED[by], [...a, ...b]) };
}

const NEGATED: Readonly<Record<Comparison, Comparison>> = {
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
  "==": "!=",
  "!=": "==",
};

function setOf(operator: Comparison, values: readonly Json[]): ValueSet {
  if (operator === "==") return { ...EVERY_VALUE, values };
  if (operator === "!=") return { ...EVERY_VALUE, excluded: values };
  const [limit] = values;
  if (typeof limit !== "number") return EVERY_VALUE;
  const open = operator === "<" || operator === ">";
  const range = operator.startsWith("<")
    ? { ...EVERYWHERE, high: limit, highOpen: open }
    : { ...EVERYWHERE, low: limit, lowOpen: open };
  return { ...EVERY_VALUE, range };
}

function readTextTest(of: AstNode, positive: boolean, { matches }: TestDeps): Test | undefined {
  const call = readCall(of);
  const literal = stringLiteral(call?.args[0]);
  if (call?.receiver === undefined || literal === undefined) return undefined;
  const { name, receiver } = call;
  if (name === "matches") {
    const shape = positive ? shapeOfPattern(literal, matches) : undefined;
    const tests = [(text: string) => matches(literal, text) !== !positive];
    return { of: receiver, set: { ...EVERY_VALUE, shapes: shape === undefined ? [] : [[shape]], tests } };
  }
  const tested = partOfTest(name, literal);
  if (tested === undefined) return undefined;
  if (!positive) return { of: receiver, set: { ...EVERY_VALUE, without: [tested] } };
  const shape = shapeOfPart(tested.part, tested.where);
  return { of: receiver, set: { ...EVERY_VALUE, shapes: shape === undefined ? [] : [[shape]] } };
}

/** What a test of the size of something, or of it in other letters, says of that itself. */
function insideOf({ of, set }: Test): Test | undefined {
  const call = readCall(of);
  if (call?.name === "size") {
    const inner = call.receiver ?? call.args[0];
    const [only, ...more] = set.values ?? [];
    const size = typeof only === "number" && more.length === 0 ? exactly(only) : set.range;
    return inner === undefined ? undefined : { of: inner, set: { ...EVERY_VALUE, size } };
  }
  const change = call?.args.length === 0 ? changeOf(call.name) : undefined;
  if (change === undefined || call?.receiver === undefined) return undefined;
  const texts = set.values?.map((it) => (typeof it === "string" ? literalShape(it) : undefined));
  const choices = [...set.shapes, ...(texts === undefined ? [] : [texts])];
  const shapes = choices.flatMap((choice) => {
    const known = choice.filter((it) => it !== undefined);
    return known.length < choice.length ? [] : [known.map((shape) => changed(shape, (it) => [change(it)]))];
  });
  return { of: call.receiver, set: { ...EVERY_VALUE, shapes } };
}

// Numbers that are no doubles are equal without being the same.
function constantOf(node: AstNode, read: (node: AstNode) => Value): readonly Json[] {
  const value = read(node);
  const constant = value.literal ?? numberOf(value);
  if (value.literal === null) return [null];
  return constant === undefined || constant === null || constant instanceof ExactNumber ? [] : [constant];
}
