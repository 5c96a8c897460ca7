import { existsSync, type FSWatcher, realpathSync, statSync, watch } from "node:fs";
import { dirname, resolve } from "node:path";
import { sha256 } from "../core/digest.ts";
import type { Log } from "../core/log.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";
import { restartNeeded } from "./restart-needed.ts";
import type { Config } from "./schema/schema.ts";

export interface ConfigWatchOptions {
  /** The configuration file, as given to `loadConfig`. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration in force. A file that differs from it already is told at once. */
  readonly current: Config;
  readonly log: Log;
  /** Hears of every configuration that differs from the one before, good or bad. A bad one changes nothing by itself. */
  onChange(loaded: LoadedConfig): void;
}

export interface ConfigWatch {
  close(): void;
}

/** Events of one save come in a burst; they are looked at together, so long after the first (ms). */
const SETTLE_MS = 100;
/** Some editors remove a file before they write it anew. A file that is gone for longer than this is gone (ms). */
const GRACE_MS = 1_000;

/**
 * Watches the configuration file and the files that it refers to. What is watched are their folders: a watch on a file
 * follows its inode, and is lost when an editor or a mounted ConfigMap puts another file in its place.
 */
export function watchConfig(options: ConfigWatchOptions): ConfigWatch {
  const { path, env, log } = options;
  const main = resolve(path);
  const watchers = new Map<string, FSWatcher>();
  let files: readonly string[] = [main];
  let seen = "";
  let told = fingerprint({ ok: true, config: options.current, warnings: [], files: [] });
  let inForce = options.current;
  let timer: NodeJS.Timeout | undefined;

  function schedule(ms: number, graceOver: boolean): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      try {
        look(graceOver);
      } catch (err) {
        // A file that comes and goes between two questions about it; the next event asks again.
        log.error({ err, path }, "cannot look at the configuration");
      }
    }, ms);
  }

  function look(graceOver: boolean): void {
    const found = signature(files);
    if (found === seen) return;
    if (!graceOver && !existsSync(main)) {
      schedule(GRACE_MS, true);
      return;
    }
    const loaded = loadConfig(path, env);
    // With other files than before nobody knows what they were when they were read: look again at the next event.
    seen = loaded.files.join("\n") === files.join("\n") ? found : "";
    files = loaded.files;
    follow();
    const print = fingerprint(loaded);
    if (print === told) return;
    told = print;
    if (loaded.ok) tellRestart(loaded.config);
    options.onChange(loaded);
  }

  function tellRestart(next: Config): void {
    const keys = restartNeeded(inForce, next);
    inForce = { ...inForce, upstreams: next.upstreams, endpoints: next.endpoints };
    if (keys.length === 0) log.info({ path }, "the configuration changed");
    else log.warn({ path, keys }, "the configuration changed; these keys take effect at the next start");
  }

  function follow(): void {
    const wanted = new Set(files.flatMap(foldersOf));
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

  follow();
  // The file may have changed since it was loaded, before anybody watched.
  schedule(0, false);

  return {
    close() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

function foldersOf(file: string): string[] {
  return existsSync(file) ? [dirname(file), dirname(realpathSync(file))] : [dirname(file)].filter(existsSync);
}

function signature(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? "none" : `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
    })
    .join("\n");
}

// A digest, so that no second copy of the secrets in a configuration is kept.
function fingerprint(loaded: LoadedConfig): string {
  return sha256(JSON.stringify(loaded.ok ? loaded.config : loaded.errors));
}
