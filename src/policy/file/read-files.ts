import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileErrorReason, readSmallFileSync } from "../../core/read-small-file.ts";
import { firstMistakes, MAX_MISTAKES, type PolicyError, type PolicyFile } from "../policy-set.ts";

export type ReadFiles =
  | { readonly ok: true; readonly files: readonly PolicyFile[] }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

const MAX_FILES = 10_000;
/** Files of all kinds and folders. */
export const MAX_ENTRIES = 20_000;
/** Folders in folders. */
export const MAX_DEPTH = 16;
/** Of one file, and of a file of tests. */
export const MAX_FILE_BYTES = 1_048_576;
/** Of all files together: everything is read again whenever one of them changes. */
export const MAX_ALL_BYTES = 8 * MAX_FILE_BYTES;

/** Whether a path names a policy file: `*.yaml` or `*.yml`, in any case, not a test file, not hidden. */
export function isPolicyFile(path: string): boolean {
  const name = basename(path);
  return /\.ya?ml$/i.test(name) && !/\.test\.ya?ml$/i.test(name) && !name.startsWith(".");
}

/** Whether a path names a file of tests: `*.test.yaml` or `*.test.yml`, not hidden. */
export function isTestFile(path: string): boolean {
  const name = basename(path);
  return /\.test\.ya?ml$/i.test(name) && !name.startsWith(".");
}

/**
 * Reads every policy file in and below `dir`, sorted by name. Links to files count as what they point to; those to
 * folders are refused, because they lead anywhere, and to leave policies out would allow more than their author wants. Hidden names are left out, because mounted volumes keep their old and new copies under such. One file that cannot be read refuses
 * all: a set without it would allow more than its author wants. `includes` picks other files, such as tests.
 * @throws never for what the file system does
 */
export function readPolicyFiles(
  dir: string,
  options: {
    readonly mayBeMissing: boolean;
    readonly includes?: (path: string) => boolean;
    /** The key of the configuration that names the folder. */
    readonly key?: string;
  },
): ReadFiles {
  const { key = "policies.dir" } = options;
  const includes = options.includes ?? isPolicyFile;
  const files: PolicyFile[] = [];
  const errors: PolicyError[] = [];
  let bytes = 0;
  let seen = 0;
  const refuse = (file: string, message: string, hint?: string): void => {
    errors.push({ file, line: 1, column: 1, message, hint });
  };

  function add(name: string): void {
    if (bytes > MAX_ALL_BYTES) return;
    const read = readSmallFileSync(name, MAX_FILE_BYTES);
    if (!read.ok) {
      refuse(name, `The file cannot be read: ${read.reason}.`, read.code === "TOO_LARGE" ? "Split it up." : undefined);
      return;
    }
    bytes += Buffer.byteLength(read.text);
    if (bytes > MAX_ALL_BYTES)
      refuse(name, `The files up to this one are larger than ${MAX_ALL_BYTES >> 20} MB together.`);
    else files.push({ name, text: read.text });
  }

  function walk(path: string, depth: number): void {
    const entries = readdirSync(path, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name } = entry;
      if (name.startsWith(".")) continue;
      if (errors.length > MAX_MISTAKES || seen > MAX_ENTRIES) return;
      seen += 1;
      if (seen > MAX_ENTRIES) {
        refuse(dir, `There are more than ${MAX_ENTRIES} files and folders here.`);
        return;
      }
      const child = join(path, name);
      try {
        const stats = statSync(child);
        if (stats.isDirectory() && entry.isSymbolicLink()) {
          refuse(child, "This links to a folder, and such links are not followed.", noLinks(key));
        } else if (stats.isDirectory()) {
          if (depth === MAX_DEPTH) refuse(child, "The folder is nested too deeply.");
          else walk(child, depth + 1);
        } else if (includes(name)) {
          if (files.length === MAX_FILES) refuse(child, `There are more than ${MAX_FILES} policy files.`);
          else add(child);
        }
      } catch (error) {
        refuse(child, `The file cannot be read: ${fileErrorReason(error)}.`);
      }
    }
  }

  try {
    walk(dir, 0);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (missing && options.mayBeMissing) return { ok: true, files: [] };
    refuse(dir, `The policies' folder cannot be read: ${fileErrorReason(error)}.`, `Create it, or correct ${key}.`);
  }
  return errors.length > 0 ? { ok: false, errors: firstMistakes(errors) } : { ok: true, files };
}

function noLinks(key: string): string {
  return `Put the folder itself here, link its files, or set ${key}, which may be a link.`;
}
