import type { Decision, Effect } from "../core/decision.ts";
import { type CompileOptions, compilePolicies } from "./compile.ts";
import { CallContext, readToolFacts } from "./context.ts";
import { readDocument } from "./document.ts";
import { createPolicyLanguage } from "./environment.ts";
import { explainTarget, type TargetMiss } from "./explain-target.ts";
import type { PolicyError, PolicyFile, PolicyInput, PolicySummary } from "./policy-set.ts";
import { policyFileSchema } from "./schema.ts";
import { type Trace, traceCondition } from "./trace.ts";

/** What one policy had to do with a call. */
export interface PolicyExplanation {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly effect: Effect;
  /**
   * `applied` counts in the decision; `unapplied` matched without counting; `result` is decided once the tool has
   * answered; the others did not match.
   */
  readonly verdict: "applied" | "unapplied" | "result" | "target" | "condition" | "disabled";
  readonly shadow: boolean;
  /** The parts of the target that do not fit the call. */
  readonly misses: readonly TargetMiss[];
  /** The condition, evaluated; absent where there is none or where nobody asked it. */
  readonly trace?: Trace;
  /** Why the condition could not be evaluated, and the policy counts for that. */
  readonly error?: string;
}

export type Explained =
  | { readonly ok: true; readonly decision: Decision; readonly policies: readonly PolicyExplanation[] }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/**
 * Decides one call and tells of every policy why it counted or did not. The verdicts are the decision's own; only the
 * reasons are found by looking again. Pure. @throws never for what stands in the files
 */
export function explainCall(files: readonly PolicyFile[], options: CompileOptions, input: PolicyInput): Explained {
  const compiled = compilePolicies(files, options);
  if (!compiled.ok) return compiled;
  const { set } = compiled;
  const decision = set.decide(input);
  const entries = entriesById(files);
  const language = createPolicyLanguage();
  const context = new CallContext(input, readToolFacts(input.tool));

  const policies = set.policies.map((summary): PolicyExplanation => {
    const entry = entries.get(summary.id);
    const applied = decision.matched.find(({ policy }) => policy === summary.id);
    const match = applied ?? decision.unapplied?.find(({ policy }) => policy === summary.id);
    const about = aboutOf(summary);
    if (!summary.enabled) return { ...about, verdict: "disabled", misses: [] };
    const misses = match === undefined ? explainTarget(entry?.target, input) : [];
    if (misses.length > 0) return { ...about, verdict: "target", misses };
    if (summary.effect === "redact") return { ...about, verdict: "result", misses };
    const trace = entry?.when === undefined ? undefined : traceCondition(entry.when, language, context);
    const verdict = match === undefined ? "condition" : applied === undefined ? "unapplied" : "applied";
    const error = match?.error;
    return { ...about, verdict, misses, ...(trace && { trace }), ...(error !== undefined && { error }) };
  });
  return { ok: true, decision, policies };
}

function aboutOf({ id, file, line, effect, shadow }: PolicySummary) {
  return { id, file, line, effect, shadow };
}

type Entry = ReturnType<typeof policyFileSchema.parse>["policies"][number];

// Only after the set compiled: what does not parse here has been reported.
function entriesById(files: readonly PolicyFile[]): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const file of files) {
    const read = readDocument(file);
    if (!read.ok) continue;
    const parsed = policyFileSchema.safeParse(read.document.value);
    for (const entry of parsed.data?.policies ?? []) entries.set(entry.id, entry);
  }
  return entries;
}
