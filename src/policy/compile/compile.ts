import { digestOf } from "../../core/digest.ts";
import { isObject } from "../../core/json.ts";
import { Slices } from "../../core/slices.ts";
import { compileRedaction } from "../../redaction/redaction.ts";
import { createPolicyLanguage } from "../cel/environment.ts";
import type { CompiledEffect, CompiledPolicy } from "../decide/compiled-policy.ts";
import { createDecider } from "../decide/decide.ts";
import { compileTarget } from "../decide/target.ts";
import { isAboutViewer, viewerFactsOf } from "../decide/visibility.ts";
import { readDocument } from "../file/document.ts";
import { durationMs, type PolicyEntry, policyFileSchema } from "../file/schema.ts";
import { schemaErrors } from "../file/schema-errors.ts";
import {
  firstMistakes,
  MAX_MISTAKES,
  type PolicyError,
  type PolicyFile,
  type PolicySet,
  type PolicySummary,
} from "../policy-set.ts";
import { EntryChecker, type EntryParts, NO_PARTS, type WhyNoClientAddress } from "./entry-parts.ts";

/** What policies are compiled against. */
export interface CompileOptions {
  /** What happens to a call that no policy is about. */
  readonly default: "allow" | "deny";
  /** Names of the approval flows that exist; `undefined` where nobody knows, and then any name will do. */
  readonly flows: readonly string[] | undefined;
  /** Where nobody can tell clients' addresses: then no policy may decide by `client.ip`. */
  readonly noClientAddress?: WhyNoClientAddress | undefined;
}

export type CompiledSet =
  | { readonly ok: true; readonly set: PolicySet }
  /** Sorted by file, line and column; not all where they are very many. */
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/**
 * Compiles policy files to a set, or tells every mistake in all of them at once. Files count in the order of their names,
 * policies in the order in which they stand. @throws never for anything that stands in a file
 */
export function compilePolicies(files: readonly PolicyFile[], options: CompileOptions): CompiledSet {
  const steps = compileInSteps(files, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** As `compilePolicies`, in slices between which everybody else has their turn. @throws never for what is in a file */
export async function compileInSlices(files: readonly PolicyFile[], options: CompileOptions): Promise<CompiledSet> {
  const slices = new Slices();
  const steps = compileInSteps(files, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (slices.isOver) await slices.next();
  }
}

/** Each step reads one file or compiles one policy. */
function* compileInSteps(files: readonly PolicyFile[], options: CompileOptions): Generator<void, CompiledSet> {
  const ordered = [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const language = createPolicyLanguage();
  const errors: PolicyError[] = [];
  const policies: CompiledPolicy[] = [];
  const summaries: PolicySummary[] = [];
  const places = new Map<string, string>();

  for (const file of ordered) {
    if (errors.length > MAX_MISTAKES) break;
    const read = readDocument(file);
    yield;
    if (!read.ok) {
      errors.push(...read.errors);
      continue;
    }
    const { document } = read;
    const parsed = policyFileSchema.safeParse(document.value);
    yield;
    if (!parsed.success) errors.push(...schemaErrors(file.name, document, parsed.error.issues));

    const checked = new EntryChecker({ file: file.name, document, language, places, ...options });
    const listed = isObject(document.value) ? document.value["policies"] : undefined;
    const parts: EntryParts[] = [];
    for (const [index, entry] of Array.isArray(listed) ? listed.entries() : []) {
      if (errors.length + checked.errors.length > MAX_MISTAKES) break;
      parts.push(checked.check(entry, index));
      yield;
    }
    errors.push(...checked.errors);
    if (!parsed.success || checked.errors.length > 0) continue;

    for (const [index, entry] of parsed.data.policies.entries()) {
      const texts = parts[index] ?? NO_PARTS;
      const compiled = compileEntry(entry, texts);
      const place = ["policies", index];
      const { id, effect, shadow } = compiled;
      const { description, target, when } = entry;
      const enabled = entry.enabled !== false;
      const lines = { line: document.locate(place).line, lastLine: document.lastLine(place) };
      const { looksAt } = texts;
      summaries.push({ id, file: file.name, ...lines, effect, shadow, enabled, description, target, when, looksAt });
      if (enabled) policies.push(compiled);
      yield;
    }
  }

  if (errors.length > 0) return { ok: false, errors: firstMistakes(errors) };
  const digest = digestOf(ordered.map(({ name, text }) => [name, text]));
  return { ok: true, set: { digest, policies: summaries, ...createDecider(policies, digest, options.default) } };
}

function compileEntry(entry: PolicyEntry, parts: EntryParts): CompiledPolicy {
  const { condition, message, reads, looksAt } = parts;
  return {
    id: entry.id,
    shadow: entry.mode === "shadow",
    target: compileTarget(entry.target, entry.then.allow !== undefined),
    condition,
    message,
    looksAt,
    aboutViewer: isAboutViewer(reads),
    viewerFacts: viewerFactsOf(entry.target, reads),
    ...compileEffect(entry, parts),
  };
}

function compileEffect({ then }: PolicyEntry, { key, cost }: EntryParts): CompiledEffect {
  if (then.hide !== undefined) return { effect: "hide" };
  if (then.deny !== undefined) return { effect: "deny" };
  if (then.step_up !== undefined) {
    const { acr = [], amr = [], max_age, scopes = [], ttl, per = "session", challenge } = then.step_up;
    const maxAgeMs = max_age === undefined ? undefined : durationMs(max_age);
    const ttlMs = ttl === undefined ? undefined : durationMs(ttl);
    return { effect: "step_up", asks: { acr, amr, maxAgeMs, scopes, ttlMs, per, challenge } };
  }
  if (then.request_approval !== undefined) return { effect: "request_approval", flow: then.request_approval.flow };
  if (then.allow !== undefined) return { effect: "allow" };
  if (then.rate_limit !== undefined) {
    const { limit, per, by = ["user"] } = then.rate_limit;
    return { effect: "rate_limit", rate: { limit, windowMs: durationMs(per), per, by, key, cost } };
  }
  if (then.redact !== undefined) {
    const { detect = [], paths = [], with: replacement = "replace" } = then.redact;
    return { effect: "redact", redaction: compileRedaction({ detect, paths, with: replacement }) };
  }
  throw new Error("The schema let a policy without an effect pass.");
}
