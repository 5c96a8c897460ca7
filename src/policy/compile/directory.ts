import { resolve } from "node:path";
import type { Log } from "../../core/log.ts";
import { isPolicyFile } from "../file/read-files.ts";
import { watchFolder } from "../file/watch-folder.ts";
import type { PolicyError, PolicyFile, PolicySet } from "../policy-set.ts";
import { compileEntry, makeSet } from "./compile.ts";
import { compileOutline } from "./compile-outline.ts";
import type { CompileOptions } from "./entries.ts";
import { checkFolder, type RefusedSet, readOutline, refusedSet, type SetPlace } from "./set-outline.ts";

export interface PolicyDirectoryDeps extends CompileOptions {
  /** The folder; every `*.yaml` and `*.yml` in it and below counts, except `*.test.yaml` and names that start with a dot. */
  readonly dir: string;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Hears of every set that replaced another, after `current()` already answers with it. */
  readonly onSwap: (set: PolicySet, before: PolicySet) => void;
  /** Hears of every set that was refused; the one before it stays. */
  readonly onRefused?: (errors: readonly PolicyError[]) => void;
  /** Hears when refused files are again those of the set that stayed. */
  readonly onRepaired?: () => void;
  /** Reads the folder anew while calls are served: in a thread of its own without it. */
  readonly read?: typeof readOutline;
  /** After so long a folder is read again that could not be read, ms. */
  readonly retryMs?: number;
}

/** A set in force, and what it was made of. */
export interface LoadedPolicies {
  readonly set: PolicySet;
  readonly files: readonly PolicyFile[];
  /** Since when it decides, ms since the epoch. */
  readonly since: number;
}

/** What is wrong with files, and their texts as far as they could be read. */
export interface RefusedPolicies {
  readonly errors: readonly PolicyError[];
  readonly files: readonly PolicyFile[];
}

/** A watched folder of policies. */
export interface PolicyDirectory {
  /** The set that decides now: always a whole and good one. */
  current(): PolicySet;
  /** `current()` with its texts: those that decide, whatever the files hold by now. */
  loaded(): LoadedPolicies;
  /** What is wrong with the files as they are now; empty when `current()` is made of them. */
  errors(): readonly PolicyError[];
  /** The same with the texts in which the mistakes are; `undefined` when `current()` is made of the files. */
  refused(): RefusedPolicies | undefined;
  /** Stops watching; resolves when nothing will be called any more. */
  close(): Promise<void>;
}

export type OpenedDirectory =
  | { readonly ok: true; readonly policies: PolicyDirectory }
  /** `report` is the errors as a terminal shows them, each with its line. */
  | { readonly ok: false; readonly errors: readonly PolicyError[]; readonly report: string };

// An editor writes a file in several steps; a set is read when its files have been still for so long.
const SETTLE_MS = 100;
const RETRY_MS = 60_000;

/**
 * Opens a folder of policies and keeps its set current: a change that compiles is swapped in whole, one that does not is
 * refused, logged, and leaves the old set in place. Bad files at the start are returned as errors.
 */
export async function watchPolicies(deps: PolicyDirectoryDeps): Promise<OpenedDirectory> {
  const { log, now, read = readOutline, retryMs = RETRY_MS } = deps;
  const { default: fallback, flows, noClientAddress } = deps;
  const options: CompileOptions = { default: fallback, flows, noClientAddress };
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
  const stop = new AbortController();

  const first = compileDirectory({ dir: deps.dir, mayBeEmpty: true, options });
  if (!first.ok) {
    await watcher.close();
    return first;
  }

  let loaded: LoadedPolicies = { set: first.set, files: first.files, since: now() };
  const warnOfNone = (): void => {
    // A folder that is empty, missing or misspelt looks the same from here: an operator must not learn it from an incident.
    const consequence = fallback === "allow" ? "every call is allowed" : "every call is denied";
    log.warn({ dir }, `There are no policies in ${dir}: ${consequence}. If this is not meant, check policies.dir.`);
  };
  if (loaded.set.policies.length === 0) warnOfNone();
  let refused: RefusedPolicies | undefined;
  let waiting: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function reload(): Promise<void> {
    if (closed) return;
    // A folder or files that vanish (a mount that is lost, a script that moves them) must not take the policies along.
    const mayBeEmpty = loaded.set.policies.length === 0;
    const answer = await read({ dir: deps.dir, mayBeEmpty, options }, stop.signal);
    if (closed) return;
    const next = answer.ok ? answer.value : unread(answer.reason);
    if (!next.ok) {
      refused = { errors: next.errors, files: next.files };
      log.error({ dir, errors: next.errors }, `The changed policies were refused; the old ones stay.\n${next.report}`);
      deps.onRefused?.(next.errors);
      if (!answer.ok) readIn(retryMs);
      return;
    }
    const { files } = next;
    const { set: before } = loaded;
    const set = next.digest === before.digest ? before : await compileOutline(next, options);
    if (closed) return;
    const repaired = refused !== undefined;
    refused = undefined;
    if (set === before) {
      if (repaired) {
        log.info({ dir, digest: before.digest }, "The policies are again those that decide.");
        deps.onRepaired?.();
      }
      return;
    }
    loaded = { set, files, since: now() };
    log.info({ dir, digest: set.digest, policies: set.policies.length }, "The policies were replaced.");
    if (set.policies.length === 0) warnOfNone();
    deps.onSwap(set, before);
  }

  function unread(reason: string): RefusedSet {
    const hint = "They are read again in a while.";
    return refusedSet(
      [{ file: dir, line: 1, column: 1, message: `The policies cannot be read: ${reason}.`, hint }],
      [],
    );
  }

  function readIn(ms: number): void {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      running = running.then(reload).catch((err: unknown) => {
        log.error({ err, dir }, "Reading the changed policies failed; the old ones stay.");
      });
    }, ms);
  }

  changed = () => {
    // Several files of one change (a checkout, a mounted volume) become one set; readings follow each other, never cross.
    if (!closed) readIn(SETTLE_MS);
  };
  if (earlyChange) changed();

  return {
    ok: true,
    policies: {
      current: () => loaded.set,
      loaded: () => loaded,
      errors: () => refused?.errors ?? [],
      refused: () => refused,
      async close() {
        closed = true;
        stop.abort();
        clearTimeout(waiting);
        await watcher.close();
        await running;
      },
    },
  };
}

export type CompiledDirectory =
  | { readonly ok: true; readonly set: PolicySet; readonly files: readonly PolicyFile[] }
  | RefusedSet;

/** Reads and compiles a folder of policies once, while nobody is served. @throws never for what the files hold */
export function compileDirectory(place: SetPlace): CompiledDirectory {
  const checked = checkFolder(place);
  if (!checked.ok) return checked;
  const { entries, digest, files } = checked;
  return { ok: true, set: makeSet(entries.map(compileEntry), digest, place.options.default), files };
}
