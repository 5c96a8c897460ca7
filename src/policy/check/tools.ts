import { VERDICTS } from "../../core/decision.ts";
import { byPlace } from "../../core/diagnostic.ts";
import { createPolicyLanguage } from "../cel/environment.ts";
import { type KnownTool, pathOf } from "../known-tool.ts";
import type { PolicyError, PolicyFile } from "../policy-set.ts";
import { factsOfCalls, type KnownFacts, NO_KNOWN_FACTS } from "../values/facts.ts";
import { factsOfTarget } from "../values/facts-of-target.ts";
import { checkAnnotations } from "./annotations.ts";
import { createArgumentTypeCheck } from "./arguments.ts";
import { checkBudgets } from "./budgets.ts";
import { checkCallers } from "./callers.ts";
import { createKnownSchemas } from "./known-schemas.ts";
import { checkNamesakes } from "./namesakes.ts";
import { type CheckedPolicy, knownPaths, readPolicies } from "./policies.ts";
import { findUnreachable } from "./reach.ts";
import { createRedactPathsCheck } from "./redact-paths.ts";
import { checkTarget, mayFitOthers, type TargetProblem } from "./targets.ts";

/** What there is to say of policies once the tools are known. Lists are sorted by file, line and column. */
export interface ToolCheck {
  readonly errors: readonly PolicyError[];
  readonly warnings: readonly PolicyError[];
  readonly coverage: Coverage;
}

/** Which tools policies are about. A policy that is off counts nowhere. Paths are `upstream/tool`, sorted. */
export interface Coverage {
  readonly tools: number;
  /** Tools with a policy in force that decides about calls. */
  readonly covered: number;
  readonly uncovered: readonly string[];
  /** Those of `uncovered` that policies in shadow are about. */
  readonly only_shadow: readonly string[];
  /** Those of `uncovered` whose results are redacted, or whose calls are counted. */
  readonly only_redact_or_limit: readonly string[];
  /** How many tools each policy is about, by its id. */
  readonly by_policy: Readonly<Record<string, number>>;
}

/** What else is known where policies are checked. */
export interface CheckScope {
  /** Upstreams that exist and whose tools are not known. */
  readonly unlisted?: readonly string[];
  readonly facts?: KnownFacts;
  /** `false`: no tool is known at all, and targets are not held against any. */
  readonly listed?: boolean;
  /** For which policies do not compile: those are left out. */
  readonly mistakes?: readonly PolicyError[];
}

/**
 * Holds policies that compile against the tools that are known: arguments that do not exist or may be missing, types that
 * do not fit, values that cannot occur, targets without a tool, policies that others make idle or that rest on the word of a server. Of `unlisted`
 * upstreams the tools are not known: a target may name them. @throws never
 */
export function checkAgainstTools(
  files: readonly PolicyFile[],
  tools: readonly KnownTool[],
  { unlisted = [], facts = NO_KNOWN_FACTS, listed = true, mistakes = [] }: CheckScope = {},
): ToolCheck {
  const language = createPolicyLanguage();
  const policies = readPolicies(files, tools, language, { mistakes, shown: facts.shown });
  const known = knownPaths(tools, unlisted);
  const schemas = createKnownSchemas(tools);
  const checkArguments = createArgumentTypeCheck(tools, schemas, language, factsOfCalls(facts));
  const checkRedactPaths = createRedactPathsCheck(tools, schemas);
  const errors: PolicyError[] = [];
  const warnings: PolicyError[] = [];
  const report = (
    severity: "error" | "warning",
    { file }: CheckedPolicy,
    { line, column }: { readonly line: number; readonly column: number },
    { message, hint, fix }: Pick<PolicyError, "message" | "hint" | "fix">,
  ): void => {
    (severity === "error" ? errors : warnings).push({ file, line, column, message, hint, ...(fix && { fix }) });
  };
  const reportAt = (policy: CheckedPolicy, problem: TargetProblem): void =>
    report(problem.severity, policy, policy.document.locate(problem.path), problem);

  for (const policy of policies) {
    if (listed) for (const problem of checkTarget(policy, known, facts)) reportAt(policy, problem);
    for (const problem of checkAnnotations(policy, tools)) reportAt(policy, problem);
    for (const problem of checkBudgets(policy, language)) reportAt(policy, problem);
    for (const problem of checkCallers(policy, facts)) reportAt(policy, problem);
    for (const problem of checkNamesakes(policy, facts.further)) reportAt(policy, problem);
    const narrower = factsOfTarget(policy.entry.target, policy.scope, facts);
    const others = !listed || mayFitOthers(policy, unlisted);
    for (const problem of checkRedactPaths(policy, others)) reportAt(policy, problem);
    for (const { text, problems } of checkArguments(policy.texts, policy.tools, others, narrower)) {
      for (const problem of problems) {
        const place = policy.document.locateInText(text.path, text.offset + problem.start);
        report(problem.severity, policy, place, problem);
      }
    }
  }
  for (const { policy, problem } of findUnreachable(policies)) reportAt(policy, problem);
  return { errors: errors.sort(byPlace), warnings: warnings.sort(byPlace), coverage: coverageOf(policies, tools) };
}

function coverageOf(policies: readonly CheckedPolicy[], tools: readonly KnownTool[]): Coverage {
  const deciding = new Set<number>();
  const shadow = new Set<number>();
  const other = new Set<number>();
  for (const { entry, tools: about } of policies) {
    const decides = VERDICTS.some((effect) => entry.then[effect] !== undefined);
    const into = entry.mode === "shadow" ? shadow : decides ? deciding : other;
    for (const tool of about) into.add(tool);
  }
  const uncovered = tools.flatMap((tool, index) => (deciding.has(index) ? [] : [{ path: pathOf(tool), index }]));
  const pathsOf = (among: ReadonlySet<number>) =>
    uncovered.flatMap(({ path, index }) => (among.has(index) ? [path] : [])).sort();
  return {
    tools: tools.length,
    covered: deciding.size,
    uncovered: uncovered.map(({ path }) => path).sort(),
    only_shadow: pathsOf(shadow),
    only_redact_or_limit: pathsOf(other),
    by_policy: Object.fromEntries(policies.map(({ entry, tools: about }) => [entry.id, about.length])),
  };
}
