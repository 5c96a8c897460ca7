import { resolve } from "node:path";
import type { Log } from "../../core/log.ts";
import { isPolicyFile } from "../file/read-files.ts";
import { watchFolders } from "../file/watch-folders.ts";
import type { LevelFolder } from "../levels.ts";
import type { PolicyError, PolicyFile, PolicySet } from "../policy-set.ts";
import { compileEntry, makeSet } from "./compile.ts";
import { compileOutline } from "./compile-outline.ts";
import type { CompileOptions } from "./entries.ts";
import { checkFolder, optionsOf, type RefusedSet, readOutline, refusedSet, type SetPlace } from "./set-outline.ts";

export interface PolicyDirectoryDeps extends Omit<CompileOptions, "levels"> {
  /** The folder; every `*.yaml` and `*.yml` in it and below counts, except `*.test.yaml` and names that start with a dot. */
  readonly dir: string;
  /** The folders of endpoints and upstreams. */
  readonly folders?: readonly LevelFolder[];
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
  /** The folders of endpoints and upstreams that are in it. */
  readonly folders: readonly LevelFolder[];
  /** Since when it decides, ms since the epoch. */
  readonly since: number;
}

/** What is wrong with files, and their texts as far as they could be read. */
export interface RefusedPolicies {
  readonly errors: readonly PolicyError[];
  readonly files: readonly PolicyFile[];
}

/** Watched folders of policies: the gateway's, and those of its endpoints and upstreams. */
export interface PolicyDirectory {
  /** The set that decides now: always a whole and good one. */
  current(): PolicySet;
  /** `current()` with its texts: those that decide, whatever the files hold by now. */
  loaded(): LoadedPolicies;
  /** What is wrong with the files as they are now; empty when `current()` is made of them. */
  errors(): readonly PolicyError[];
  /** The same with the texts in which the mistakes are; `undefined` when `current()` is made of the files. */
  refused(): RefusedPolicies | undefined;
  /**
   * Takes over the folders of other endpoints and upstreams. `apply` makes the endpoints and upstreams of the same configuration
   * those in force; it is called in the moment in which the new set decides: no endpoint is served without its policies. Where
   * they do not compile nothing changes, until the files are repaired or another configuration comes.
   */
  configure(folders: readonly LevelFolder[], apply: () => void): void;
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
const WATCH_FAILED = "Watching the policies failed; changes may go unnoticed until a restart.";

/**
 * Opens a folder of policies and keeps its set current: a change that compiles is swapped in whole, one that does not is
 * refused, logged, and leaves the old set in place. Bad files at the start are returned as errors.
 */
export async function watchPolicies(deps: PolicyDirectoryDeps): Promise<OpenedDirectory> {
  const { log, now, read = readOutline, retryMs = RETRY_MS } = deps;
  const { default: fallback, flows, decisionPoints, guards, noClientAddress } = deps;
  const options = { default: fallback, flows, decisionPoints, guards, noClientAddress };
  const dir = resolve(deps.dir);
  // The watcher stands before the first reading, so that no change falls between the two.
  let changed = (): void => {
    earlyChange = true;
  };
  let earlyChange = false;
  const watcher = watchFolders({
    includes: isPolicyFile,
    settleMs: SETTLE_MS,
    onChange: () => changed(),
    onFault: (err, dir) => log.error({ err, dir }, WATCH_FAILED),
  });
  let folders = deps.folders ?? [];
  let wanted: { readonly folders: readonly LevelFolder[]; readonly apply: () => void } | undefined;
  const follow = (): Promise<void> =>
    watcher.follow([dir, ...[...folders, ...(wanted?.folders ?? [])].map((folder) => resolve(folder.dir))]);
  await follow();
  let closed = false;
  const stop = new AbortController();

  const first = compileDirectory({ dir: deps.dir, mayBeEmpty: true, folders, options });
  if (!first.ok) {
    await watcher.close();
    return first;
  }

  let loaded: LoadedPolicies = { set: first.set, files: first.files, folders, since: now() };
  if (hasNone(loaded.set)) warnOfNone(log, dir, loaded.set, fallback);
  let refused: RefusedPolicies | undefined;
  let waiting: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function reload(): Promise<void> {
    if (closed) return;
    // A folder or files that vanish (a mount that is lost, a script that moves them) must not take the policies along.
    const mayBeEmpty = hasNone(loaded.set);
    const next = wanted;
    const place = { dir: deps.dir, mayBeEmpty, folders: next?.folders ?? folders, options };
    const answer = await read(place, stop.signal);
    // For another configuration they are read once more.
    if (closed || next !== wanted) return;
    const found = answer.ok ? answer.value : unread(dir, answer.reason);
    if (!found.ok) {
      refused = { errors: found.errors, files: found.files };
      const what = next === undefined ? "changed policies were" : "configuration with these policies was";
      log.error({ dir, errors: found.errors }, `The ${what} refused; the old ones stay.\n${found.report}`);
      if (!answer.ok) readIn(retryMs);
      return deps.onRefused?.(found.errors);
    }
    const { files } = found;
    const { set: before } = loaded;
    const set = found.digest === before.digest ? before : await compileOutline(found, optionsOf(place));
    if (closed || next !== wanted) return;
    const repaired = refused !== undefined;
    refused = undefined;
    if (set !== before) loaded = { set, files, folders: place.folders, since: now() };
    if (next !== undefined) {
      folders = next.folders;
      wanted = undefined;
      next.apply();
      void follow();
    }
    if (set === before) {
      if (repaired) {
        log.info({ dir, digest: before.digest }, "The policies are again those that decide.");
        deps.onRepaired?.();
      }
      return;
    }
    log.info({ dir, digest: set.digest, policies: set.policies.length }, "The policies were replaced.");
    if (hasNone(set)) warnOfNone(log, dir, set, fallback);
    deps.onSwap(set, before);
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
      configure(next, apply) {
        const [pending, same] = [wanted !== undefined, JSON.stringify(next) === JSON.stringify(folders)];
        wanted = same ? undefined : { folders: next, apply };
        if (same) apply();
        if (same && !pending) return;
        // Read at once, and once more where something changed before it was watched.
        readIn(0);
        void follow().then(changed);
      },
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

/** Whether the gateway's own folder has no policies. */
function hasNone(set: PolicySet): boolean {
  return !set.policies.some(({ level }) => level === "gateway");
}

// A folder that is empty, missing or misspelt looks the same from here: an operator must not learn it from an incident.
function warnOfNone(log: Log, dir: string, set: PolicySet, fallback: "allow" | "deny"): void {
  const which = set.policies.length === 0 ? "every call" : "every call of which no other level decides";
  const consequence = `${which} is ${fallback === "allow" ? "allowed" : "denied"}`;
  log.warn({ dir }, `There are no policies in ${dir}: ${consequence}. If this is not meant, check policies.dir.`);
}

function unread(dir: string, reason: string): RefusedSet {
  const hint = "They are read again in a while.";
  return refusedSet([{ file: dir, line: 1, column: 1, message: `The policies cannot be read: ${reason}.`, hint }], []);
}

export type CompiledDirectory =
  | { readonly ok: true; readonly set: PolicySet; readonly files: readonly PolicyFile[] }
  | RefusedSet;

/** Reads and compiles the policies of all levels once, while nobody is served. @throws never for what the files hold */
export function compileDirectory(place: SetPlace): CompiledDirectory {
  const checked = checkFolder(place);
  if (!checked.ok) return checked;
  const { entries, digest, files } = checked;
  return { ok: true, set: makeSet(entries.map(compileEntry), digest, optionsOf(place)), files };
}
