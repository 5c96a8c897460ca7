import { ExactNumber } from "../../core/exact-number.ts";
import { type AstNode, childrenOf, stringLiteral } from "../syntax/ast.ts";
import { ANYTHING, type Domain, domainOfSum } from "../tool-schemas/domain.ts";
import { exactly } from "../tool-schemas/number-range.ts";
import type { FactTable } from "../values/facts.ts";
import { ANY, arithmetic, canBe, domainOf, listItem, ofKind, type Value } from "../values/values.ts";
import { checkComparison, checkMembership } from "./comparisons.ts";
import type { Checked, Finding } from "./findings.ts";
import { checkNaming } from "./members.ts";
import { mixingHint, operandMistake, type Sides } from "./words.ts";

/** The operands of an operator, left to right, and what each comes to. */
export interface Operands {
  readonly nodes: readonly AstNode[];
  readonly values: readonly Value[];
  /** The text that they stand in. */
  readonly text: string;
  /** What fields of the variables can be. */
  readonly facts: FactTable;
  /** What another part comes to where the operator stands. */
  read(part: AstNode): Value;
}

const COMPARISONS = new Set(["==", "!=", "<", "<=", ">", ">="]);
const ZERO: Domain = { ...ANYTHING, values: [0] };

/** Checks an operator all operands of which are evaluated, for what it does with them. */
export function checkOperator(node: AstNode, operands: Operands): Checked {
  const { nodes, values, text } = operands;
  const [left = ANY, right = ANY] = values;
  const [first = node, second = node] = nodes;
  if (node.op === "list") return { value: listValue(values), findings: [] };
  if (node.op === "map") return { value: mapValue(nodes, values), findings: [] };
  if (node.op === "-_") return checkNegation(first, left, text);
  const sides = { left, right, first, second, text };
  if (COMPARISONS.has(node.op)) {
    const between = differenceOf(left, right, operands.facts);
    return { value: ofKind("bool"), findings: checkComparison(node, { ...sides, between }) };
  }
  if (node.op === "in") return { value: ofKind("bool"), findings: membershipFindings(node, sides, operands) };
  return checkArithmetic(node, sides, operands.facts);
}

function checkNegation(operand: AstNode, value: Value, text: string): Checked {
  const literal = negated(value.literal);
  const domain = domainOfSum("-", ZERO, domainOf(value));
  return {
    value: { ...ANY, kinds: value.kinds, domain, literal },
    findings: canBe(value, "int", "double") ? [] : [operandMistake(operand, value, "-", text)],
  };
}

function membershipFindings(node: AstNode, sides: Sides, { read }: Operands): readonly Finding[] {
  const { left, right, first, second, text } = sides;
  const items = second.op === "list" ? childrenOf(second) : [];
  const known = items.map((item) => ({ node: item, value: read(item) }));
  const findings = checkMembership(node, sides, known);
  if (typeof left.literal !== "string") return findings;
  return [...findings, ...checkNaming(first, left.literal, right, text.slice(second.start, second.end))];
}

function checkArithmetic(node: AstNode, sides: Sides, facts: FactTable): Checked {
  const { left, right } = sides;
  const value = arithmetic(node.op, left, right);
  const item =
    node.op === "+" && left.item !== undefined && right.item !== undefined
      ? listItem([left.item, right.item])
      : undefined;
  const between = node.op === "-" ? differenceOf(left, right, facts) : undefined;
  const domain = between ?? domainOfSum(node.op, domainOf(left), domainOf(right));
  return {
    value: { ...(value ?? ANY), item, domain },
    findings: value === undefined ? [mixingHint(node, sides)] : [],
  };
}

/** What lies between two facts of a call, the first less the second, where one never comes before the other. */
function differenceOf(left: Value, right: Value, facts: FactTable): Domain | undefined {
  if (left.fact === undefined || right.fact === undefined) return undefined;
  const known = facts.get(`${left.fact} - ${right.fact}`);
  if (known !== undefined) return known;
  const opposite = facts.get(`${right.fact} - ${left.fact}`);
  return opposite && { ...domainOfSum("-", ZERO, opposite), says: opposite.says };
}

function negated(literal: Value["literal"]): Value["literal"] {
  if (literal instanceof ExactNumber) return new ExactNumber(`-${literal.text}`);
  return typeof literal === "number" ? -literal : undefined;
}

function listValue(values: readonly Value[]): Value {
  const domain = { ...ANYTHING, size: exactly(values.length) };
  return { ...ofKind("list"), item: listItem(values), elements: values, domain };
}

// Keys are texts that are written out, each once: anything else does not compile.
function mapValue(nodes: readonly AstNode[], values: readonly Value[]): Value {
  const members = new Map<string, Value>();
  for (let at = 0; at + 1 < nodes.length; at += 2) members.set(stringLiteral(nodes[at]) ?? "", values[at + 1] ?? ANY);
  const keys = [...members.keys()];
  return {
    ...ofKind("map"),
    members,
    domain: { ...ANYTHING, keys, size: exactly(keys.length), says: `Its keys are ${keys.join(", ")}.` },
  };
}
