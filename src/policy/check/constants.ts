import type { Condition, PolicyLanguage } from "../cel/environment.ts";
import { type AstNode, childrenOf } from "../syntax/ast.ts";
import type { CheckedText } from "./texts.ts";

/** Evaluates the parts of texts that look at the tool alone. */
export function createConstants(
  texts: readonly CheckedText[],
  language: PolicyLanguage,
): (node: AstNode, context: object) => boolean | undefined {
  const compiled = new Map<AstNode, Condition | undefined>();
  const visit = (node: AstNode, text: string): void => {
    const roots = new Set<unknown>();
    collectNames(node, roots);
    if (roots.size === 1 && roots.has("tool") && node.op !== "id") {
      const condition = language.condition(text.slice(node.start, node.end));
      if (condition.ok) compiled.set(node, condition.run);
    }
    if (roots.has("tool")) for (const child of childrenOf(node)) visit(child, text);
  };
  for (const { root, text } of texts) visit(root, text);
  return (node, context) => {
    const value = compiled.get(node)?.(context);
    return typeof value === "boolean" ? value : undefined;
  };
}

function collectNames(node: AstNode, names: Set<unknown>): void {
  if (node.op === "id") names.add(node.args);
  else for (const child of childrenOf(node)) collectNames(child, names);
}
