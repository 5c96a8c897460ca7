import { grouped } from "../../core/counted.ts";
import { digestOf } from "../../core/digest.ts";
import { isObject } from "../../core/json.ts";
import { createPolicyLanguage } from "../cel/environment.ts";
import { readDocument } from "../file/document.ts";
import { type PolicyEntry, policyFileSchema } from "../file/schema.ts";
import { schemaErrors } from "../file/schema-errors.ts";
import { firstMistakes, MAX_MISTAKES, type PolicyError, type PolicyFile } from "../policy-set.ts";
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
 * Checks policy files, and tells every mistake in all of them at once. Files count in the order of their names, policies
 * in the order in which they stand. @throws never for anything that stands in a file
 */
export function checkFiles(files: readonly PolicyFile[], options: CompileOptions): CheckedFiles {
  const ordered = [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const language = createPolicyLanguage();
  const errors: PolicyError[] = [];
  const entries: CheckedEntry[] = [];
  const places = new Map<string, string>();
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

    const checked = new EntryChecker({ file: file.name, document, language, places, ...options });
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
      entries.push({ entry, file: file.name, ...lines, parts: parts[index] ?? NO_PARTS });
    }
  }

  if (errors.length > 0) return { ok: false, errors: firstMistakes(errors) };
  return { ok: true, entries, digest: digestOf(ordered.map(({ name, text }) => [name, text])) };
}
