import type { Effect } from "../core/decision.ts";
import { digestOf } from "../core/digest.ts";
import { isObject } from "../core/json.ts";
import { suggest } from "../core/suggest.ts";
import { type CompiledPolicy, createDecide } from "./decide.ts";
import { type PolicyDocument, readDocument } from "./document.ts";
import { createPolicyLanguage, type PolicyLanguage } from "./environment.ts";
import { didYouMean, type ExpressionProblem } from "./expression-rules.ts";
import type { PolicyError, PolicyFile, PolicySet, PolicySummary } from "./policy-set.ts";
import { EFFECTS, type PolicyEntry, policyFileSchema } from "./schema.ts";
import { schemaErrors } from "./schema-errors.ts";
import { compileTarget } from "./target.ts";
import { compileTemplate, type Template } from "./template.ts";

/** What policies are compiled against. */
export interface CompileOptions {
  /** What happens to a call that no policy is about. */
  readonly default: "allow" | "deny";
  /** Names of the approval flows that exist; `undefined` where nobody knows, and then any name will do. */
  readonly flows: readonly string[] | undefined;
}

export type CompiledSet =
  | { readonly ok: true; readonly set: PolicySet }
  /** Sorted by file, line and column. */
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/**
 * Compiles policy files to a set, or tells every mistake in all of them at once. Files count in the order of their names,
 * policies in the order in which they stand. @throws never for anything that stands in a file
 */
export function compilePolicies(files: readonly PolicyFile[], options: CompileOptions): CompiledSet {
  const ordered = [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const language = createPolicyLanguage();
  const errors: PolicyError[] = [];
  const policies: CompiledPolicy[] = [];
  const summaries: PolicySummary[] = [];
  const places = new Map<string, string>();

  for (const file of ordered) {
    const read = readDocument(file);
    if (!read.ok) {
      errors.push(...read.errors);
      continue;
    }
    const { document } = read;
    const parsed = policyFileSchema.safeParse(document.value);
    if (!parsed.success) errors.push(...schemaErrors(file.name, document, parsed.error.issues));

    const checked = new EntryChecker(file.name, document, language, options.flows, places);
    const listed = isObject(document.value) ? document.value["policies"] : undefined;
    const parts = Array.isArray(listed) ? listed.map((entry: unknown, index) => checked.check(entry, index)) : [];
    errors.push(...checked.errors);
    if (!parsed.success) continue;

    parsed.data.policies.forEach((entry, index) => {
      const effect = effectOf(entry);
      const { line } = document.locate(["policies", index]);
      const [shadow, enabled] = [entry.mode === "shadow", entry.enabled !== false];
      summaries.push({ id: entry.id, file: file.name, line, effect, shadow, enabled, description: entry.description });
      if (!enabled) return;
      const target = compileTarget(entry.target);
      const { condition, message } = parts[index] ?? { condition: undefined, message: undefined };
      policies.push({ id: entry.id, effect, shadow, target, condition, message });
    });
  }

  if (errors.length > 0) return { ok: false, errors: errors.sort(byPlace) };
  const digest = digestOf(ordered.map(({ name, text }) => [name, text]));
  return { ok: true, set: { digest, policies: summaries, decide: createDecide(policies, digest, options.default) } };
}

/** What an entry compiles to besides its target. */
type EntryParts = Pick<CompiledPolicy, "condition" | "message">;

/**
 * Checks entries beyond their shape. It reads them as they stand in the file, whatever else is wrong with them, so that
 * an author hears of all mistakes in one go.
 */
class EntryChecker {
  readonly errors: PolicyError[] = [];
  readonly #file: string;
  readonly #document: PolicyDocument;
  readonly #language: PolicyLanguage;
  readonly #flows: readonly string[] | undefined;
  /** Where each id was first seen, over all files. */
  readonly #places: Map<string, string>;

  constructor(
    file: string,
    document: PolicyDocument,
    language: PolicyLanguage,
    flows: readonly string[] | undefined,
    places: Map<string, string>,
  ) {
    this.#file = file;
    this.#document = document;
    this.#language = language;
    this.#flows = flows;
    this.#places = places;
  }

  check(entry: unknown, index: number): EntryParts {
    if (!isObject(entry)) return { condition: undefined, message: undefined };
    const path = ["policies", index];
    this.#checkId(entry["id"], [...path, "id"]);
    const condition = this.#condition(entry["when"], [...path, "when"]);
    const effects = entry["then"];
    let message: Template | undefined;
    for (const effect of EFFECTS) {
      const settings = isObject(effects) ? effects[effect] : undefined;
      if (!isObject(settings)) continue;
      const place = [...path, "then", effect];
      message = this.#message(settings["message"], [...place, "message"]);
      if (effect === "request_approval") this.#checkFlow(settings["flow"], [...place, "flow"]);
    }
    return { condition, message };
  }

  #checkId(id: unknown, path: readonly PropertyKey[]): void {
    if (typeof id !== "string") return;
    const { line, column } = this.#document.locate(path);
    const first = this.#places.get(id);
    if (first === undefined) this.#places.set(id, `${this.#file}:${line}`);
    else this.#report({ line, column }, `The id \`${id}\` is taken by ${first}.`, "Ids are unique over all files.");
  }

  #checkFlow(flow: unknown, path: readonly PropertyKey[]): void {
    const flows = this.#flows;
    if (typeof flow !== "string" || flows === undefined || flows.includes(flow)) return;
    const known =
      flows.length === 0 ? "approval_flows in the configuration is empty." : `Known are ${flows.join(", ")}.`;
    const hint = didYouMean(suggest(flow, flows)) ?? known;
    this.#report(this.#document.locate(path), `There is no approval flow \`${flow}\`.`, hint);
  }

  #condition(text: unknown, path: readonly PropertyKey[]): CompiledPolicy["condition"] {
    if (typeof text !== "string") return undefined;
    const compiled = this.#language.condition(text);
    if (compiled.ok) return compiled.run;
    this.#reportIn(path, compiled.problems);
    return undefined;
  }

  #message(text: unknown, path: readonly PropertyKey[]): Template | undefined {
    if (typeof text !== "string") return undefined;
    const compiled = compileTemplate(text, this.#language);
    if (compiled.ok) return compiled.template;
    this.#reportIn(path, compiled.problems);
    return undefined;
  }

  #reportIn(path: readonly PropertyKey[], problems: readonly ExpressionProblem[]): void {
    for (const { start, message, hint } of problems) {
      this.#report(this.#document.locateInText(path, start), message, hint);
    }
  }

  #report(place: { line: number; column: number }, message: string, hint: string | undefined): void {
    this.errors.push({ file: this.#file, line: place.line, column: place.column, message, hint });
  }
}

function effectOf(entry: PolicyEntry): Effect {
  const effect = EFFECTS.find((name) => entry.then[name] !== undefined);
  if (effect === undefined) throw new Error("The schema let a policy without an effect pass.");
  return effect;
}

function byPlace(a: PolicyError, b: PolicyError): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
