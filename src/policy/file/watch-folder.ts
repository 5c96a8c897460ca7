import { lstatSync, type FSWatcher as ParentWatcher, watch as watchParent } from "node:fs";
import { access } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { MAX_DEPTH, MAX_ENTRIES } from "./read-files.ts";

export interface FolderWatchOptions {
  /** Absolute. It may be missing, come, go and come again. */
  readonly dir: string;
  /** Which files count. */
  readonly includes: (path: string) => boolean;
  /** A file counts as written once it was still for so long, ms. */
  readonly settleMs: number;
  readonly onChange: () => void;
  /** Hears of the first thing that goes wrong, each time that the folder begins to be watched. */
  readonly onFault: (err: unknown) => void;
  /** So many files and folders at most. As many as are read without it. */
  readonly maxEntries?: number;
}

export interface FolderWatch {
  close(): Promise<void>;
}

/**
 * Watches a folder and everything below it, as far as it is read: links to folders are not followed; resolves once it watches. The parent is watched too, for nothing but the
 * folder's own coming and going: a watch on a folder that was removed stays on what is gone, so each time it comes it
 * gets a new one.
 */
export async function watchFolder(options: FolderWatchOptions): Promise<FolderWatch> {
  const { dir, onChange, onFault } = options;
  let inside: FSWatcher | undefined;
  let closed = false;
  // One renewal follows the other, so that two never leave a watcher behind.
  let renewing: Promise<void> = Promise.resolve();

  const renew = async (): Promise<void> => {
    const old = inside;
    inside = undefined;
    await old?.close();
    // Asked without waiting: it may be a file system that hangs.
    const exists = await access(dir).then(
      () => true,
      () => false,
    );
    if (closed || !exists) return;
    inside = await watchInside(options);
  };

  let parent: ParentWatcher | undefined;
  try {
    parent = watchParent(dirname(dir), { persistent: false }, (event, name) => {
      if (event !== "rename" || (name !== null && name !== basename(dir))) return;
      // Told once more afterwards: what came while the new watch was being set up is told by nobody else.
      onChange();
      renewing = renewing.then(renew).then(() => {
        if (!closed) onChange();
      }, onFault);
    });
    parent.on("error", onFault);
  } catch (err) {
    onFault(err);
  }
  renewing = renew();
  await renewing;

  return {
    async close() {
      closed = true;
      parent?.close();
      await renewing;
      await inside?.close();
    },
  };
}

function watchInside(options: FolderWatchOptions): Promise<FSWatcher> {
  const { dir, includes, settleMs, onChange } = options;
  // Of thousands of entries each may fail by itself: the first says what is wrong.
  let told = false;
  const onFault = (err: unknown): void => {
    if (!told) options.onFault(err);
    told = true;
  };
  const most = options.maxEntries ?? MAX_ENTRIES;
  const limit = createLimit(most, () => watcher.getWatched());
  const watcher: FSWatcher = watch(dir, {
    ignoreInitial: true,
    depth: MAX_DEPTH,
    ignored(path, stats) {
      // It is asked of a name first, and once more when it is known what that is.
      if (stats === undefined || stats.isSymbolicLink() || path === dir) return false;
      if (stats.isFile() && !includes(path)) return true;
      if (stats.isDirectory() && isLink(path)) {
        // Whoever reads the folder refuses it.
        onChange();
        return true;
      }
      if (limit.hasRoom()) return false;
      const others = "changes of the others go unnoticed until a restart";
      onFault(new Error(`There are more than ${most} files and folders: ${others}.`));
      return true;
    },
    awaitWriteFinish: { stabilityThreshold: settleMs, pollInterval: 20 },
  });
  watcher.on("all", () => onChange());
  watcher.on("error", onFault);
  return new Promise((resolve) => {
    watcher.once("ready", () => resolve(watcher));
    watcher.once("error", () => resolve(watcher));
  });
}

/** Counts what is watched. Files come and go, and not all of it is told: what is too much is counted once more. */
function createLimit(most: number, watched: () => Readonly<Record<string, readonly string[]>>) {
  let count = 0;
  let full = false;
  return {
    hasRoom(): boolean {
      if (full) return false;
      count += 1;
      if (count > most) {
        count = Object.values(watched()).reduce((sum, names) => sum + names.length, 1);
        full = count > most;
      }
      return !full;
    },
  };
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
