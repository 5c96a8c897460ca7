import { type AstNode, childrenOf } from "../syntax/ast.ts";
import { both, type Narrowing, withPlaces } from "../syntax/guards.ts";
import { checkContradictions } from "./contradictions.ts";
import { canFail, type Finding, type PartChecks, reportedPlaces } from "./findings.ts";

/**
 * Checks `&&` and `||`. Errors of one side do not count where the other decides, whichever comes first. So parts that cannot
 * fail go first, and what they guard is known to the others; what is left then is reported, each under what came before it.
 */
export function checkLogical(node: AstNode, facts: Narrowing, text: string, parts: PartChecks): readonly Finding[] {
  const { check, operand, guards, matches } = parts;
  let pending = flatten(node, node.op);
  let known = facts;
  const findings: Finding[] = [];
  for (const part of pending) {
    if (guards(part).never && !check(part, facts).findings.some(canFail)) return [];
  }
  for (;;) {
    const next = pending.find((part) => !operand(part, known).some(canFail)) ?? pending[0];
    if (next === undefined) break;
    const taken = operand(next, known);
    findings.push(...taken);
    known = both(withPlaces(known, reportedPlaces(taken)), guards(next));
    pending = pending.filter((part) => part !== next);
  }
  const told = new Set(findings.flatMap((it) => (it.kind === "mistake" ? it.start : [])));
  const contradictions = checkContradictions(node, { text, matches, read: (part) => check(part, known).value });
  return [...findings, ...contradictions.filter(({ start }) => !told.has(start))];
}

function flatten(node: AstNode, operator: string): readonly AstNode[] {
  return node.op === operator ? childrenOf(node).flatMap((it) => flatten(it, operator)) : [node];
}
