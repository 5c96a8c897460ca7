import type { AstNode } from "../syntax/ast.ts";
import { type GuardDeps, guardsOf, type Narrowing } from "../syntax/guards.ts";
import { Checker } from "./checker.ts";
import type { Checked, Finding } from "./findings.ts";
import { type ExpressionDeps, rootVariables } from "./scope.ts";

/** Checks one text for one tool. `facts` hold before it is evaluated. @throws never */
export function checkExpression(root: AstNode, text: string, facts: Narrowing, deps: ExpressionDeps): Checked {
  return new Checker(root, text, deps).check(root, facts, rootVariables(deps));
}

/** The same for the cost of a limit, which arguments may make nothing. @throws never */
export function checkCost(root: AstNode, text: string, facts: Narrowing, deps: ExpressionDeps): Checked {
  return new Checker(root, text, deps).cost(root, facts, rootVariables(deps));
}

/** Checks one text that must come out as true or false. @throws never */
export function checkCondition(root: AstNode, text: string, deps: ExpressionDeps): readonly Finding[] {
  return new Checker(root, text, deps).condition(root, rootVariables(deps));
}

/** What is known after it came out as true. */
export function guardsOfText(root: AstNode, deps: GuardDeps): Narrowing {
  return guardsOf(root, true, new Map([["args", "args"]]), deps);
}
