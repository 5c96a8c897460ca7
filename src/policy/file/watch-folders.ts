import { type FolderWatch, type FolderWatchOptions, watchFolder } from "./watch-folder.ts";

/** Watches as many folders as there are at a time. */
export interface FoldersWatch {
  /** Watches exactly these; resolves once it does. */
  follow(dirs: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Watches none yet. `onFault` hears of the folder, too. */
export function watchFolders(
  options: Omit<FolderWatchOptions, "dir" | "onFault"> & { onFault(err: unknown, dir: string): void },
): FoldersWatch {
  const watches = new Map<string, FolderWatch>();
  // One change follows the other, so that none leaves a watcher behind.
  let changing: Promise<void> = Promise.resolve();

  async function change(wanted: ReadonlySet<string>): Promise<void> {
    const gone = [...watches].filter(([dir]) => !wanted.has(dir));
    for (const [dir] of gone) watches.delete(dir);
    await Promise.all(gone.map(([, watch]) => watch.close()));
    for (const dir of wanted) {
      if (watches.has(dir)) continue;
      watches.set(dir, await watchFolder({ ...options, dir, onFault: (err) => options.onFault(err, dir) }));
    }
  }

  const follow = (dirs: readonly string[]): Promise<void> => {
    changing = changing.catch(() => {}).then(() => change(new Set(dirs)));
    return changing;
  };
  return { follow, close: () => follow([]) };
}
