import { resolve } from "node:path";
import type { Log } from "../core/log.ts";
import { type CompileOptions, compilePolicies } from "./compile.ts";
import { formatPolicyError } from "./format-error.ts";
import type { PolicyError, PolicyFile, PolicySet } from "./policy-set.ts";
import { isPolicyFile, readPolicyFiles } from "./read-files.ts";
import { watchFolder } from "./watch-folder.ts";

export interface PolicyDirectoryDeps extends CompileOptions {
  /** The folder; every `*.yaml` and `*.yml` in it and below counts, except `*.test.yaml` and names that start with a dot. */
  readonly dir: string;
  readonly log: Log;
  /** Hears of every set that replaced another, after `current()` already answers with it. */
  readonly onSwap: (set: PolicySet, before: PolicySet) => void;
  /** Hears of every set that was refused; the one before it stays. */
  readonly onRefused?: (errors: readonly PolicyError[]) => void;
}

/** A watched folder of policies. */
export interface PolicyDirectory {
  /** The set that decides now: always a whole and good one. */
  current(): PolicySet;
  /** What is wrong with the files as they are now; empty when `current()` is made of them. */
  errors(): readonly PolicyError[];
  /** Stops watching; resolves when nothing will be called any more. */
  close(): Promise<void>;
}

export type OpenedDirectory =
  | { readonly ok: true; readonly policies: PolicyDirectory }
  /** `report` is the errors as a terminal shows them, each with its line. */
  | { readonly ok: false; readonly errors: readonly PolicyError[]; readonly report: string };

// An editor writes a file in several steps; a set is read when its files have been still for so long.
const SETTLE_MS = 100;

/**
 * Opens a folder of policies and keeps its set current: a change that compiles is swapped in whole, one that does not is
 * refused, logged, and leaves the old set in place. Bad files at the start are returned as errors.
 */
export async function watchPolicies(deps: PolicyDirectoryDeps): Promise<OpenedDirectory> {
  const { log } = deps;
  const dir = resolve(deps.dir);
  // The watcher stands before the first reading, so that no change falls between the two.
  let changed = (): void => {
    earlyChange = true;
  };
  let earlyChange = false;
  const watcher = await watchFolder({
    dir,
    includes: isPolicyFile,
    settleMs: SETTLE_MS,
    onChange: () => changed(),
    onFault: (err) => {
      log.error({ err, dir }, "Watching the policies failed; changes may go unnoticed until a restart.");
    },
  });
  let closed = false;

  const first = await compileDirectory({ ...deps, mayBeMissing: true });
  if (!first.ok) {
    await watcher.close();
    return first;
  }

  let current = first.set;
  if (current.policies.length === 0) {
    // A folder that is empty, missing or misspelt looks the same from here: an operator must not learn it from an incident.
    const consequence = deps.default === "allow" ? "every call is allowed" : "every call is denied";
    log.warn({ dir }, `There are no policies in ${dir}: ${consequence}. If this is not meant, check policies.dir.`);
  }
  let errors: readonly PolicyError[] = [];
  let waiting: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function reload(): Promise<void> {
    if (closed) return;
    // A folder that vanishes (a mount that is lost) must not take its policies along.
    const next = await compileDirectory({ ...deps, mayBeMissing: current.policies.length === 0 });
    if (closed) return;
    if (!next.ok) {
      errors = next.errors;
      log.error({ dir, errors: next.errors }, `The changed policies were refused; the old ones stay.\n${next.report}`);
      deps.onRefused?.(errors);
      return;
    }
    const repaired = errors.length > 0;
    errors = [];
    if (next.set.digest === current.digest) {
      if (repaired) log.info({ dir, digest: current.digest }, "The policies are again those that decide.");
      return;
    }
    const before = current;
    current = next.set;
    log.info({ dir, digest: current.digest, policies: current.policies.length }, "The policies were replaced.");
    deps.onSwap(current, before);
  }

  changed = () => {
    if (closed) return;
    clearTimeout(waiting);
    // Several files of one change (a checkout, a mounted volume) become one set; readings follow each other, never cross.
    waiting = setTimeout(() => {
      running = running.then(reload).catch((err: unknown) => {
        log.error({ err, dir }, "Reading the changed policies failed; the old ones stay.");
      });
    }, SETTLE_MS);
  };
  if (earlyChange) changed();

  return {
    ok: true,
    policies: {
      current: () => current,
      errors: () => errors,
      async close() {
        closed = true;
        clearTimeout(waiting);
        await watcher.close();
        await running;
      },
    },
  };
}

export type Compiled =
  | { readonly ok: true; readonly set: PolicySet }
  /** `report` is the errors as a terminal shows them, each with its line. */
  | { readonly ok: false; readonly errors: readonly PolicyError[]; readonly report: string };

export interface CompileDirectoryOptions extends CompileOptions {
  readonly dir: string;
  /** Whether a folder that is not there counts as an empty one. */
  readonly mayBeMissing: boolean;
}

/** Reads and compiles a folder of policies once. @throws never for what the files hold */
export async function compileDirectory(deps: CompileDirectoryOptions): Promise<Compiled> {
  const read = await readPolicyFiles(deps.dir, { mayBeMissing: deps.mayBeMissing });
  if (!read.ok) return refused(read.errors, []);
  const compiled = compilePolicies(read.files, { default: deps.default, flows: deps.flows });
  return compiled.ok ? compiled : refused(compiled.errors, read.files);
}

function refused(errors: readonly PolicyError[], files: readonly PolicyFile[]): Compiled {
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const report = errors.map((error) => formatPolicyError(error, texts.get(error.file) ?? "")).join("\n\n");
  return { ok: false, errors, report };
}
