import { compileTarget } from "../decide/target.ts";
import type { DocumentPath } from "../file/document.ts";
import { type KnownTool, pathOf } from "../known-tool.ts";
import { type AstNode, childrenOf } from "../syntax/ast.ts";
import { readStep } from "../syntax/guards.ts";
import type { CheckedPolicy } from "./policies.ts";
import type { TargetProblem } from "./targets.ts";

/** What `tool` has from its server and nobody else. */
const SAID = new Set(["title", "meta"]);

/**
 * Warns of a policy that rests on what servers say of themselves: by its target, or by a text that decides (a condition,
 * the key or the cost of a limit). A server that says something else tomorrow leaves a policy that restricts, or comes
 * under one that allows. Hints that the operator has set for all tools in question rest on nobody's word. So does a policy
 * that goes by whether its server says that a call failed.
 */
export function checkAnnotations(policy: CheckedPolicy, tools: readonly KnownTool[]): readonly TargetProblem[] {
  const { entry, path, texts, scope } = policy;
  const { annotations, ...rest } = entry.target ?? {};
  const { matchesSubject } = compileTarget(rest, scope, false);
  const about = tools.filter((tool) => matchesSubject({ kind: "tool", ...tool }, pathOf(tool)));
  const isSet = (hint: string): boolean =>
    about.length > 0 && about.every(({ ownHints }) => ownHints?.includes(hint) === true);
  const report = (at: DocumentPath, what: string, happens: string): TargetProblem => ({
    severity: "warning",
    path: at,
    message: `This policy goes by what servers say of their tools (${what}): it ${happens} as soon as its server says so.`,
    hint: "Name the tools in the target instead, or set tools.annotations at the upstream in the configuration.",
  });
  const happens = texts.effect === "allow" ? "comes to allow a tool" : "lets go of a tool";
  const named = Object.keys(annotations ?? {}).filter((hint) => !isSet(hint));
  if (named.length > 0) {
    const what = named.map((hint) => `\`${hint}\``).join(" and ");
    return [report([...path, "target", "annotations"], what, happens)];
  }
  const deciding = [texts.when, ...texts.others].filter((text) => text !== undefined && !text.shown);
  for (const text of deciding) {
    const what = text && saidBy(text.root, isSet);
    if (text === undefined || what === undefined) continue;
    return [report(text.path, what, text === texts.when ? happens : "counts the calls of a tool otherwise")];
  }
  const what = texts.when && saidOfAnswer(texts.when.root);
  return what === undefined ? [] : [reportAnswer([...path, "when"], what)];
}

function reportAnswer(path: DocumentPath, what: string): TargetProblem {
  return {
    severity: "warning",
    path,
    message: `This policy goes by what servers say of their answers (${what}): it takes out nothing as soon as its server says otherwise.`,
    hint: "Leave it out of the condition: agents read a result that failed like any other.",
  };
}

/**
 * What an expression reads of an answer that is its server's word about it, and none of what is in it; `undefined` if there
 * is nothing of the kind.
 */
function saidOfAnswer(node: AstNode): string | undefined {
  const step = readStep(node);
  if (step !== undefined && isNamed(step.operand, "result") && step.name !== undefined) {
    return step.name === "is_error" ? "`result.is_error`" : undefined;
  }
  if (isNamed(node, "result")) return "`result`";
  for (const child of childrenOf(node)) {
    const said = saidOfAnswer(child);
    if (said !== undefined) return said;
  }
  return undefined;
}

/** What an expression reads of a tool that its server alone says; `undefined` if there is nothing of the kind. */
function saidBy(node: AstNode, isSet: (hint: string) => boolean): string | undefined {
  const step = readStep(node);
  if (step !== undefined && isNamed(step.operand, "tool")) {
    if (step.name === undefined) return "`tool`";
    if (SAID.has(step.name)) return `\`tool.${step.name}\``;
    return step.name === "annotations" ? "annotations" : undefined;
  }
  const above = step && readStep(step.operand);
  if (step?.name !== undefined && above?.name === "annotations" && isNamed(above.operand, "tool") && isSet(step.name)) {
    return undefined;
  }
  if (isNamed(node, "tool")) return "`tool`";
  for (const child of childrenOf(node)) {
    const said = saidBy(child, isSet);
    if (said !== undefined) return said;
  }
  return undefined;
}

function isNamed(node: AstNode, name: string): boolean {
  return node.op === "id" && node.args === name;
}
