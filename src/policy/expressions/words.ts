import type { AstNode } from "../syntax/ast.ts";
import type { Domain } from "../tool-schemas/domain.ts";
import { canBe, kindText, type Value } from "../values/values.ts";
import type { Finding } from "./findings.ts";

/** The two sides of an operator. */
export interface Sides {
  readonly left: Value;
  readonly right: Value;
  readonly first: AstNode;
  readonly second: AstNode;
  /** What the first less the second can be, where they are facts that stand in an order. */
  readonly between?: Domain | undefined;
  /** The text that they stand in. */
  readonly text: string;
}

/** An operand that is not what its operator takes. */
export function operandMistake(node: AstNode, value: Value, operator: string, text: string): Finding {
  const wants = operator === "-" ? "a number" : "true or false";
  const message = `\`${text.slice(node.start, node.end)}\` is ${kindText(value)}; \`${operator}\` takes ${wants}.`;
  return { kind: "mistake", what: "type", start: node.start, message, hint: undefined };
}

/** What a comprehension cannot walk. */
export function rangeMistake(node: AstNode, value: Value, name: string, text: string): Finding {
  const message = `\`${text.slice(node.start, node.end)}\` is ${kindText(value)}; ${name}() takes a list or an object.`;
  return { kind: "mistake", what: "type", start: node.start, message, hint: undefined };
}

/** Operands that do not go together, with what to write where only the kinds of number differ. */
export function mixingHint(node: AstNode, sides: Sides): Finding {
  const { left, right, first, second, text } = sides;
  const [a, b] = [text.slice(first.start, first.end), text.slice(second.start, second.end)];
  const message = `\`${a}\` is ${kindText(left)} and \`${b}\` is ${kindText(right)}: \`${node.op}\` does not take the two.`;
  const hint = numberHint(node.op, sides, a, b);
  return { kind: "mistake", what: "type", start: node.start, message, hint, proposes: true };
}

function numberHint(operator: string, { left, right }: Sides, a: string, b: string): string | undefined {
  const numbers = canBe(left, "int", "double") && canBe(right, "int", "double");
  if (!numbers) return undefined;
  if (operator === "%") return "The remainder is of integers only: write int() around a number.";
  // Integers and doubles compare with each other, and do not mix in arithmetic.
  const side = left.literal !== undefined ? left : right.literal !== undefined ? right : undefined;
  if (side === undefined) return `Write \`double(${canBe(left, "int") ? a : b})\`.`;
  const [literal, other] = side === left ? [a, b] : [b, a];
  if (canBe(side, "int")) return `Write \`${literal}.0\`.`;
  if (Number.isInteger(side.literal)) return `Write \`${String(side.literal)}\`.`;
  return `Write \`double(${other})\`.`;
}
