import { type AstNode, childrenOf } from "./ast.ts";
import { readStep } from "./check-guards.ts";
import type { CheckedPolicy } from "./check-policies.ts";
import type { TargetProblem } from "./check-targets.ts";
import { type KnownTool, pathOf } from "./known-tool.ts";
import { ANNOTATION_DEFAULTS, compileTarget } from "./target.ts";

const HINTS = Object.keys(ANNOTATION_DEFAULTS);

/**
 * Warns of a policy that rests on what servers say of themselves: by its target, or by its condition. A server that says
 * something else tomorrow leaves a policy that restricts, or comes under one that allows. Hints that the operator has set
 * for all tools in question rest on nobody's word.
 */
export function checkAnnotations(policy: CheckedPolicy, tools: readonly KnownTool[]): readonly TargetProblem[] {
  const { entry, path, texts } = policy;
  const { annotations, ...rest } = entry.target ?? {};
  const { matchesTool } = compileTarget(rest, false);
  const about = tools.filter((tool) => matchesTool(tool, pathOf(tool)));
  const isSet = (hint: string): boolean =>
    about.length > 0 && about.every(({ ownHints }) => ownHints?.includes(hint) === true);
  const named = Object.keys(annotations ?? {}).filter((hint) => !isSet(hint));
  const read = texts.when !== undefined && readsAnnotations(texts.when.root) && !HINTS.every(isSet);
  if (named.length === 0 && !read) return [];
  const what = named.length === 0 ? "annotations" : named.map((hint) => `\`${hint}\``).join(" and ");
  const happens =
    texts.effect === "allow"
      ? "comes to allow a tool as soon as its server says so"
      : "lets go of a tool as soon as its server says so";
  return [
    {
      severity: "warning",
      path: named.length === 0 ? [...path, "when"] : [...path, "target", "annotations"],
      message: `This policy goes by what servers say of their tools (${what}): it ${happens}.`,
      hint: "Name the tools in the target instead, or set tools.annotations at the upstream in the configuration.",
    },
  ];
}

/** Whether an expression reads `tool.annotations`, or `tool` as a whole. */
function readsAnnotations(node: AstNode): boolean {
  const step = readStep(node);
  if (step !== undefined && isTool(step.operand)) return step.name === undefined || step.name === "annotations";
  return isTool(node) || childrenOf(node).some(readsAnnotations);
}

function isTool(node: AstNode): boolean {
  return node.op === "id" && node.args === "tool";
}
