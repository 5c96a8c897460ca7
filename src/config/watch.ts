import { type FSWatcher, watch } from "node:fs";
import type { Log } from "../core/log.ts";
import { GONE, stampsOf } from "./file/stamp.ts";
import type { LoadedConfig } from "./load.ts";
import { foldersOf, printOf, readInThread } from "./read-again.ts";
import { restartNeeded } from "./restart-needed.ts";
import type { Config } from "./schema/schema.ts";

export interface ConfigWatchOptions {
  /** The configuration file, as given to `loadConfig`. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration in force, as it was loaded. A file that differs from it already is told at once. */
  readonly loaded: Extract<LoadedConfig, { readonly ok: true }>;
  readonly log: Log;
  /** Hears of every configuration that differs from the one before, good or bad. A bad one changes nothing by itself. */
  onChange(loaded: LoadedConfig): void;
  /** Reads it anew: in a thread of its own without this. */
  readonly read?: typeof readInThread;
  /** After so long a file is read again that could not be read, and one that does not answer is told, ms. */
  readonly retryMs?: number;
}

export interface ConfigWatch {
  close(): void;
}

/** Events of one save come in a burst; they are looked at together, so long after the first (ms). */
const SETTLE_MS = 100;
const RETRY_MS = 60_000;
/** Some editors remove a file before they write it anew. A file that is gone for longer than this is gone (ms). */
const GRACE_MS = 1_000;

/**
 * Watches the configuration file and the files that it refers to. What is watched are their folders: a watch on a file
 * follows its inode, and is lost when an editor or a mounted ConfigMap puts another file in its place.
 */
export function watchConfig(options: ConfigWatchOptions): ConfigWatch {
  const { path, env, log, read = readInThread, retryMs = RETRY_MS } = options;
  const watchers = new Map<string, FSWatcher>();
  const stop = new AbortController();
  let { files, stamps } = options.loaded;
  let told = printOf(options.loaded);
  let inForce = options.loaded.config;
  let timer: NodeJS.Timeout | undefined;
  // Looks follow each other: whoever hangs with a file system hangs there once.
  let looking = false;
  let again = false;

  function schedule(ms: number, graceOver: boolean): void {
    if (stop.signal.aborted) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      if (looking) again = true;
      else void lookNow(graceOver);
    }, ms);
  }

  async function lookNow(graceOver: boolean): Promise<void> {
    looking = true;
    const slow = setTimeout(() => {
      log.error({ path }, "the configuration's file system does not answer; no change is taken up until it does");
    }, retryMs);
    try {
      await look(graceOver);
    } catch (err) {
      log.error({ err, path }, "cannot take up the configuration");
    } finally {
      clearTimeout(slow);
      looking = false;
      if (again) schedule(SETTLE_MS, false);
      again = false;
    }
  }

  async function look(graceOver: boolean): Promise<void> {
    const found = await stampsOf(files);
    if (stop.signal.aborted || found.join() === stamps.join()) return;
    if (!graceOver && found[0] === GONE) {
      schedule(GRACE_MS, true);
      return;
    }
    const answer = await read(path, env, stop.signal);
    if (stop.signal.aborted) return;
    if (!answer.ok) {
      log.error({ path, reason: answer.reason }, "the configuration cannot be read; it is read again in a while");
      schedule(retryMs, false);
      return;
    }
    const { loaded, folders, print } = answer.value;
    // What nobody watched may have changed since it was read.
    if (loaded.files.join("\n") !== files.join("\n")) schedule(SETTLE_MS, false);
    ({ files, stamps } = loaded);
    follow(folders);
    if (print === told) return;
    told = print;
    if (loaded.ok) reportRestart(loaded.config);
    options.onChange(loaded);
  }

  function reportRestart(next: Config): void {
    const keys = restartNeeded(inForce, next);
    inForce = { ...inForce, upstreams: next.upstreams, endpoints: next.endpoints };
    if (keys.length === 0) log.info({ path }, "the configuration changed");
    else log.warn({ path, keys }, "the configuration changed; these keys take effect at the next start");
  }

  function follow(folders: readonly string[]): void {
    const wanted = new Set(folders);
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watchers.delete(folder);
      watcher.close();
    }
    for (const folder of wanted) if (!watchers.has(folder)) start(folder);
  }

  function start(folder: string): void {
    const lost = (err: unknown): void => {
      watchers.get(folder)?.close();
      watchers.delete(folder);
      log.warn({ folder, err }, "cannot watch this folder; a change of the configuration in it takes a restart");
    };
    try {
      const watcher = watch(folder, { persistent: false }, () => schedule(SETTLE_MS, false));
      watchers.set(folder, watcher);
      watcher.on("error", lost);
    } catch (err) {
      lost(err);
    }
  }

  follow(foldersOf(files));
  // The file may have changed since it was loaded, before anybody watched.
  schedule(0, false);

  return {
    close() {
      stop.abort();
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}
