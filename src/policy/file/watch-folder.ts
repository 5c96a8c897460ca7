import { existsSync, type FSWatcher as ParentWatcher, watch as watchParent } from "node:fs";
import { basename, dirname } from "node:path";
import { type FSWatcher, watch } from "chokidar";

export interface FolderWatchOptions {
  /** Absolute. It may be missing, come, go and come again. */
  readonly dir: string;
  /** Which files count. */
  readonly includes: (path: string) => boolean;
  /** A file counts as written once it was still for so long, ms. */
  readonly settleMs: number;
  readonly onChange: () => void;
  readonly onFault: (err: unknown) => void;
}

export interface FolderWatch {
  close(): Promise<void>;
}

/**
 * Watches a folder and everything below it; resolves once it watches. The parent is watched too, for nothing but the
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
    if (closed || !existsSync(dir)) return;
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

function watchInside({ dir, includes, settleMs, onChange, onFault }: FolderWatchOptions): Promise<FSWatcher> {
  const watcher = watch(dir, {
    ignoreInitial: true,
    ignored: (path, stats) => stats?.isFile() === true && !includes(path),
    awaitWriteFinish: { stabilityThreshold: settleMs, pollInterval: 20 },
  });
  watcher.on("all", () => onChange());
  watcher.on("error", onFault);
  return new Promise((resolve) => {
    watcher.once("ready", () => resolve(watcher));
    watcher.once("error", () => resolve(watcher));
  });
}
