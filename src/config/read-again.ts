import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { sha256 } from "../core/digest.ts";
import { callInThread, type ThreadAnswer } from "../core/in-thread.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";

/** A configuration that was read while calls are served. */
export interface ReadAgain {
  readonly loaded: LoadedConfig;
  /** Folders in which a change can change it. */
  readonly folders: readonly string[];
  /** Equal for equal configurations, and for equal mistakes. */
  readonly print: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Longer than this nobody waits for the files, ms. */
const MAX_MS = 30_000;

/** Reads a configuration in a thread of its own: a file at its limits takes half a second. @throws never */
export function readInThread(path: string, env: Env, signal: AbortSignal): Promise<ThreadAnswer<ReadAgain>> {
  return callInThread(import.meta.url, readAgain, [path, { ...env }], { maxMs: MAX_MS, signal });
}

/** Reads a configuration, and what is needed to watch it. @throws never */
export function readAgain(path: string, env: Env): ReadAgain {
  const loaded = loadConfig(path, env);
  return { loaded, folders: foldersOf(loaded.files), print: printOf(loaded) };
}

/** A digest, so that no second copy of the secrets in a configuration is kept. */
export function printOf(loaded: LoadedConfig): string {
  return sha256(JSON.stringify(loaded.ok ? loaded.config : loaded.errors));
}

/** The folders of files and of what they link to. */
export function foldersOf(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => {
    try {
      return existsSync(file) ? [dirname(file), dirname(realpathSync(file))] : [dirname(file)].filter(existsSync);
    } catch {
      // It went away between the two.
      return [];
    }
  });
}
