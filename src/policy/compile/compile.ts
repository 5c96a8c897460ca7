import { GUARD_PHASES, type GuardPhase } from "../../core/decision.ts";
import { compileRedaction } from "../../redaction/redaction.ts";
import type { CompiledEffect, CompiledPolicy } from "../decide/compiled-policy.ts";
import { createDecider } from "../decide/decide.ts";
import { levelDefaults } from "../decide/level-defaults.ts";
import { scopeOf } from "../decide/scope.ts";
import { compileTarget } from "../decide/target.ts";
import { isAboutViewer, viewerFactsOf } from "../decide/visibility.ts";
import { ARGUMENTS_GUARD, durationMs, type PolicyEntry } from "../file/schema.ts";
import { levelOfId } from "../levels.ts";
import type { PolicyError, PolicyFile, PolicySet, PolicySummary } from "../policy-set.ts";
import type { EntryParts } from "./compiled-parts.ts";
import { type CheckedEntry, type CompileOptions, checkFiles } from "./entries.ts";
import { methodsOf } from "./transform-parts.ts";

export type CompiledSet =
  | { readonly ok: true; readonly set: PolicySet }
  /** Sorted by file, line and column; not all where they are very many. */
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/** Compiles policy files to a set, or tells every mistake: see `checkFiles`. @throws never for anything in a file */
export function compilePolicies(files: readonly PolicyFile[], options: CompileOptions): CompiledSet {
  const checked = checkFiles(files, options);
  if (!checked.ok) return checked;
  return { ok: true, set: makeSet(checked.entries.map(compileEntry), checked.digest, options) };
}

/** One policy, and what is told of it. */
export interface CompiledEntry {
  readonly policy: CompiledPolicy;
  readonly summary: PolicySummary;
}

/** Puts compiled policies together. */
export function makeSet(entries: readonly CompiledEntry[], digest: string, options: CompileOptions): PolicySet {
  const enabled = entries.flatMap(({ policy, summary }) => (summary.enabled ? [policy] : []));
  const policies = entries.map(({ summary }) => summary);
  return { digest, policies, ...createDecider(enabled, digest, levelDefaults(options.default, options.levels ?? [])) };
}

/** Compiles one policy. */
export function compileEntry({ entry, parts, file, line, lastLine }: CheckedEntry): CompiledEntry {
  const { condition, message, reads, looksAt } = parts;
  const scope = scopeOf(entry.target, parts.names, methodsOf(entry.then));
  const { id, description, target, when } = entry;
  const shadow = entry.mode === "shadow";
  const enabled = entry.enabled !== false;
  const settings = compileEffect(entry, parts);
  const { effect } = settings;
  const level = levelOfId(id);
  return {
    policy: {
      id,
      level,
      shadow,
      target: compileTarget(target, scope, entry.then.allow !== undefined),
      condition,
      message,
      looksAt,
      aboutViewer: isAboutViewer(reads),
      viewerFacts: viewerFactsOf(target, reads),
      ...settings,
    },
    summary: {
      ...{ id, level, file, line, lastLine, effect, shadow, enabled, description },
      flow: entry.then.request_approval?.flow,
      ...{ target, scope, when, looksAt },
    },
  };
}

function compileEffect({ then }: PolicyEntry, { key, cost, transform }: EntryParts): CompiledEffect {
  if (then.hide !== undefined) return { effect: "hide" };
  if (then.deny !== undefined) return { effect: "deny" };
  if (then.step_up !== undefined) {
    const { acr = [], amr = [], max_age, scopes = [], ttl, per = "session", challenge } = then.step_up;
    const maxAgeMs = max_age === undefined ? undefined : durationMs(max_age);
    const ttlMs = ttl === undefined ? undefined : durationMs(ttl);
    return { effect: "step_up", stepUp: { acr, amr, maxAgeMs, scopes, ttlMs, per, challenge } };
  }
  if (then.request_approval !== undefined) return { effect: "request_approval", flow: then.request_approval.flow };
  if (then.allow !== undefined) return { effect: "allow" };
  if (then.rate_limit !== undefined) {
    const { limit, per, by = ["user"] } = then.rate_limit;
    return { effect: "rate_limit", rate: { limit, windowMs: durationMs(per), per, by, key, cost } };
  }
  if (then.redact !== undefined) {
    const { detect = [], paths = [], with: replacement = "replace", binary = "pass" } = then.redact;
    return { effect: "redact", redaction: compileRedaction({ detect, paths, with: replacement, binary }) };
  }
  if (then.authorize !== undefined) {
    const { by, show_reason: showReason = false } = then.authorize;
    return { effect: "authorize", question: { by, showReason } };
  }
  if (then.guard !== undefined) {
    const { by, show_reason: showReason = false, phases = phasesOf(by) } = then.guard;
    return { effect: "guard", question: { by, showReason, phases } };
  }
  if (then.transform !== undefined && transform !== undefined) return { effect: "transform", transform };
  throw new Error("The schema let a policy without an effect pass.");
}

/** What a guard looks at of which nothing is said: all that it can. */
function phasesOf(by: string): readonly GuardPhase[] {
  return by === ARGUMENTS_GUARD ? ["request"] : GUARD_PHASES;
}
