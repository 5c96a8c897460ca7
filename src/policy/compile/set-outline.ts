import { callInThread, type ThreadAnswer } from "../../core/in-thread.ts";
import { formatPolicyError } from "../file/format-error.ts";
import { readFolders } from "../file/read-folders.ts";
import type { LevelFolder } from "../levels.ts";
import type { PolicyError, PolicyFile } from "../policy-set.ts";
import { type CheckedFiles, type CompileOptions, checkFiles } from "./entries.ts";

/*
 * While calls are served, a changed folder is read, parsed and checked in a thread: a file at its limits takes a second.
 * What a condition compiles to cannot leave its thread, so a set that is good comes over as an outline, and is compiled
 * here once more, in slices (`compile-outline.ts`). What this module imports is loaded in that thread each time.
 */

/** A set in which nothing is wrong, before anything of it can decide. */
export interface SetOutline {
  readonly ok: true;
  readonly digest: string;
  readonly files: readonly PolicyFile[];
  /** Each policy as JSON: it is read in the slice in which it is compiled. */
  readonly policies: readonly string[];
}

/** Why a folder is refused; `report` is the errors as a terminal shows them, each with its line. */
export interface RefusedSet {
  readonly ok: false;
  readonly errors: readonly PolicyError[];
  /** Empty where the folder could not be read. */
  readonly files: readonly PolicyFile[];
  readonly report: string;
}

/** How a folder is read: `mayBeEmpty` if one that is not there, or has no policy files, counts as one without policies. */
export interface SetPlace {
  readonly dir: string;
  readonly mayBeEmpty: boolean;
  /** Those of endpoints and upstreams. None of them may be missing or have no policy files. */
  readonly folders?: readonly LevelFolder[];
  readonly options: Omit<CompileOptions, "levels">;
}

/** What the policies of a place are compiled with. */
export function optionsOf({ options, folders = [] }: SetPlace): CompileOptions {
  return { ...options, levels: folders };
}

/** Longer than this nobody waits for a folder, ms. */
const MAX_MS = 30_000;

/** Reads a folder in a thread of its own. @throws never */
export function readOutline(place: SetPlace, signal: AbortSignal): Promise<ThreadAnswer<SetOutline | RefusedSet>> {
  return callInThread(import.meta.url, outlineOf, [place], { maxMs: MAX_MS, signal });
}

/** Reads and checks a folder of policies. @throws never for what the files hold */
export function outlineOf(place: SetPlace): SetOutline | RefusedSet {
  const checked = checkFolder(place);
  if (!checked.ok) return checked;
  const { digest, files, entries } = checked;
  const policies = entries.map(({ entry, file, line, lastLine }) => JSON.stringify({ entry, file, line, lastLine }));
  return { ok: true, digest, files, policies };
}

type CheckedFolder = (Extract<CheckedFiles, { ok: true }> & { readonly files: readonly PolicyFile[] }) | RefusedSet;

/** Reads and checks the folders of all levels. @throws never for what the files hold */
export function checkFolder(place: SetPlace): CheckedFolder {
  const read = readFolders(place.dir, place.mayBeEmpty, place.folders ?? []);
  if (!read.ok) return refusedSet(read.errors, []);
  const { files } = read;
  const checked = checkFiles(files, optionsOf(place));
  return checked.ok ? { ...checked, files } : refusedSet(checked.errors, files);
}

/** Puts errors into words. */
export function refusedSet(errors: readonly PolicyError[], files: readonly PolicyFile[]): RefusedSet {
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const report = errors.map((error) => formatPolicyError(error, texts.get(error.file) ?? "")).join("\n\n");
  return { ok: false, errors, files, report };
}
