import { grouped } from "../../core/counted.ts";
import { digestOf } from "../../core/digest.ts";
import { isObject } from "../../core/json.ts";
import { createPolicyLanguage } from "../cel/environment.ts";
import { atLevel } from "../decide/at-level.ts";
import { type Position, readDocument } from "../file/document.ts";
import { type PolicyEntry, policyFileSchema } from "../file/schema.ts";
import { schemaErrors } from "../file/schema-errors.ts";
import { inOrder, keyOfLevel, type LevelDefault, levelText, type PolicyLevel } from "../levels.ts";
import { firstMistakes, MAX_MISTAKES, type PolicyError, type PolicyFile } from "../policy-set.ts";
import { type EntryParts, NO_PARTS } from "./compiled-parts.ts";
import { EntryChecker, type WhyNoClientAddress } from "./entry-parts.ts";

/** What policies are compiled against. */
export interface CompileOptions {
  /** What happens to a call that no policy is about. */
  readonly default: "allow" | "deny";
  /** The same for each endpoint and upstream that has policies of its own. */
  readonly levels?: readonly LevelDefault[] | undefined;
  /** Names of the approval flows that exist; `undefined` where nobody knows, and then any name will do. */
  readonly flows: readonly string[] | undefined;
  /** Names of the decision points that exist; `undefined`: any name will do. */
  readonly decisionPoints?: readonly string[] | undefined;
  /** Names of the guards that exist besides what is built in; `undefined`: any name will do. */
  readonly guards?: readonly string[] | undefined;
  /** Where nobody can tell clients' addresses: then no policy may decide by `client.ip`. */
  readonly noClientAddress?: WhyNoClientAddress | undefined;
}

/** A policy of a file in which nothing is wrong. */
export interface CheckedEntry {
  readonly entry: PolicyEntry;
  readonly file: string;
  readonly line: number;
  readonly lastLine: number;
  readonly parts: EntryParts;
}

export type CheckedFiles =
  | { readonly ok: true; readonly entries: readonly CheckedEntry[]; readonly digest: string }
  /** Sorted by file, line and column; not all where they are very many. */
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

/** Values and names of all files together, those behind an alias counted wherever it stands. */
const MAX_ALL_VALUES = 400_000;

/**
 * Checks policy files, and tells every mistake in all of them at once. Files count in the order of their levels
 * and names, policies in the order in which they stand. @throws never for anything that stands in a file
 */
export function checkFiles(files: readonly PolicyFile[], options: CompileOptions): CheckedFiles {
  const ordered = inOrder(files);
  const language = createPolicyLanguage();
  const errors: PolicyError[] = [];
  const entries: CheckedEntry[] = [];
  const places = new Map<PolicyLevel, Map<string, string>>();
  let values = 0;

  for (const file of ordered) {
    if (errors.length > MAX_MISTAKES) break;
    const read = readDocument(file);
    if (!read.ok) {
      errors.push(...read.errors);
      continue;
    }
    const { document } = read;
    values += document.values;
    if (values > MAX_ALL_VALUES) {
      const message = `The files up to this one hold more than ${grouped(MAX_ALL_VALUES)} values and names together.`;
      errors.push({ file: file.name, line: 1, column: 1, message, hint: undefined });
      break;
    }
    const parsed = policyFileSchema.safeParse(document.value);
    if (!parsed.success) errors.push(...schemaErrors(file.name, document, parsed.error.issues));

    const { level = "gateway" } = file;
    const taken = places.get(level) ?? new Map<string, string>();
    places.set(level, taken);
    const checked = new EntryChecker({ file: file.name, document, language, places: taken, ...options });
    const listed = isObject(document.value) ? document.value["policies"] : undefined;
    const parts: EntryParts[] = [];
    for (const [index, entry] of Array.isArray(listed) ? listed.entries() : []) {
      if (errors.length + checked.errors.length > MAX_MISTAKES) break;
      parts.push(checked.check(entry, index));
    }
    errors.push(...checked.errors);
    if (!parsed.success || checked.errors.length > 0) continue;

    for (const [index, entry] of parsed.data.policies.entries()) {
      const place = ["policies", index];
      const lines = { line: document.locate(place).line, lastLine: document.lastLine(place) };
      const leveled = atLevel(entry, level);
      if (leveled.isIdle)
        errors.push(idleAt(level, file.name, document.locate([...place, "target", keyOfLevel(level) ?? ""])));
      entries.push({ entry: leveled.entry, file: file.name, ...lines, parts: parts[index] ?? NO_PARTS });
    }
  }

  if (errors.length > 0) return { ok: false, errors: firstMistakes(errors) };
  return { ok: true, entries, digest: digestOfSet(ordered, options) };
}

/** One without levels is what it was when there were none. */
function digestOfSet(files: readonly PolicyFile[], { levels = [] }: CompileOptions): string {
  const texts = files.map(({ name, text, level }) => (level === undefined ? [name, text] : [name, text, level]));
  const defaults = levels.map((level) => `${level.level} ${level.default}`).sort();
  return digestOf(defaults.length === 0 ? texts : [texts, defaults]);
}

function idleAt(level: PolicyLevel, file: string, { line, column }: Position): PolicyError {
  const message = `This is a policy of ${levelText(level)}, which its target does not fit: it would never count.`;
  const hint = `Take ${keyOfLevel(level)} out of the target, or put the policy into another folder.`;
  return { file, line, column, message, hint };
}
