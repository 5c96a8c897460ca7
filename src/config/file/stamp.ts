import { promises as fs, type Stats, statSync } from "node:fs";

/** Tells whether a file is the one that it was: equal as long as nobody wrote or replaced it. @throws never */
export function stampOf(file: string): string {
  try {
    return written(statSync(file));
  } catch {
    return GONE;
  }
}

/** The same of several, without keeping anybody waiting. @throws never */
export async function stampsOf(files: readonly string[]): Promise<readonly string[]> {
  const stamps: string[] = [];
  // One after another: whoever asks a file system that hangs waits in one of few threads.
  for (const file of files) stamps.push(await fs.stat(file).then(written, () => GONE));
  return stamps;
}

/** The stamp of a file that cannot be found. */
export const GONE = "none";

function written({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}
