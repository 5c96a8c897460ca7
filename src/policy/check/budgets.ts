import type { PolicyLanguage } from "../cel/environment.ts";
import { type AstNode, childrenOf, readCall } from "../syntax/ast.ts";
import { readStep } from "../syntax/guards.ts";
import type { CheckedPolicy } from "./policies.ts";
import type { TargetProblem } from "./targets.ts";
import type { CheckedText } from "./texts.ts";

/** What callers say of themselves, or have anew with each call, session or token. */
const CHOSEN: ReadonlySet<string> = new Set([
  "client.name",
  "client.version",
  "client.user_agent",
  "request.id",
  "request.session",
  "request.headers",
  "user.claims.jti",
  "user.claims.iat",
  "user.claims.exp",
]);

/** Methods and functions that give another text for nearly every other one. */
const KEEPING: ReadonlySet<string> = new Set(["lowerAscii", "upperAscii", "trim", "string"]);

/**
 * Warns of limits that limit nobody: by a key that the caller has anew as often as they like, by a cost that they choose, or by one
 * that is nothing for every call.
 */
export function checkBudgets({ entry, texts }: CheckedPolicy, language: PolicyLanguage): readonly TargetProblem[] {
  if (entry.then.rate_limit === undefined) return [];
  return texts.others.flatMap((text): readonly TargetProblem[] => {
    if (text.shown) return [];
    return text.isCost ? problemsOfCost(text, language) : problemsOfKey(text);
  });
}

function problemsOfKey({ root, path, text }: CheckedText): readonly TargetProblem[] {
  const chosen = carriedBy(root);
  if (chosen === undefined) return [];
  const what = text === chosen ? `\`${chosen}\`` : `\`${chosen}\` and so the key`;
  const message = `As often as a caller likes ${what} is another one: this limits nobody.`;
  const hint = "Count by `by: [user]`, or by a key that callers cannot choose, such as `user.id`.";
  return [{ severity: "warning", path, message, hint }];
}

function problemsOfCost({ root, path, text }: CheckedText, language: PolicyLanguage): readonly TargetProblem[] {
  const chosen = readIn(root);
  if (chosen !== undefined) {
    const message = `A caller chooses \`${chosen}\`, and by that what a call costs.`;
    return [
      { severity: "warning", path, message, hint: "Count by what callers cannot choose, or leave the cost out." },
    ];
  }
  const cost = constantOf(root, text, language);
  if (cost === undefined || cost > 0) return [];
  if (cost === 0) {
    const message = "A call costs nothing: this limits nobody.";
    return [{ severity: "error", path, message, hint: "Leave the cost out, and each call counts as one." }];
  }
  const message = "A cost below 0 cannot be counted: every call is refused.";
  return [{ severity: "error", path, message, hint: undefined }];
}

/** Something chosen that is another value of the expression for nearly every other value of its own. */
function carriedBy(node: AstNode): string | undefined {
  const chosen = chosenAt(node);
  if (chosen !== undefined) return chosen;
  const call = readCall(node);
  if (call !== undefined && !KEEPING.has(call.name)) return undefined;
  if (call === undefined && node.op !== "+" && node.op !== "?:") return undefined;
  const parts = call === undefined ? childrenOf(node) : [...(call.receiver ? [call.receiver] : []), ...call.args];
  return firstOf(node.op === "?:" ? parts.slice(1) : parts, carriedBy);
}

/** Something chosen that an expression reads at all. */
function readIn(node: AstNode): string | undefined {
  return chosenAt(node) ?? firstOf(childrenOf(node), readIn);
}

function firstOf(nodes: readonly AstNode[], find: (node: AstNode) => string | undefined): string | undefined {
  for (const node of nodes) {
    const found = find(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

function chosenAt(node: AstNode): string | undefined {
  const path = pathOf(node);
  if (path === undefined) return undefined;
  if (CHOSEN.has(path)) return path === "request.headers" ? undefined : path;
  return path.startsWith("request.headers.")
    ? `request.headers["${path.slice("request.headers.".length)}"]`
    : undefined;
}

function pathOf(node: AstNode): string | undefined {
  if (node.op === "id") return typeof node.args === "string" ? node.args : undefined;
  const step = readStep(node);
  const base = step?.name === undefined ? undefined : pathOf(step.operand);
  return base === undefined ? undefined : `${base}.${step?.name}`;
}

// An expression without any name is the same for every call.
function constantOf(root: AstNode, text: string, language: PolicyLanguage): number | undefined {
  if (hasName(root)) return undefined;
  const compiled = language.expression(text);
  const result = compiled.ok ? compiled.run({}) : undefined;
  if (result === undefined || "error" in result) return undefined;
  return typeof result.value === "number" || typeof result.value === "bigint" ? Number(result.value) : undefined;
}

function hasName(node: AstNode): boolean {
  return node.op === "id" || childrenOf(node).some(hasName);
}
