import { closeSync, openSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { readSmallFile } from "../../core/read-small-file.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import { type CheckpointStatement, readCheckpoint, type SignedCheckpoint } from "./statement.ts";

/** Adds a checkpoint to an anchor file and has the disk keep it. @throws what the file system says */
export async function appendToAnchor(path: string, checkpoint: SignedCheckpoint): Promise<void> {
  const file = await open(path, "a+", 0o600);
  try {
    const { size } = await file.stat();
    const end = size === 0 ? undefined : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
    // A line that a power cut left half written must not take this one with it.
    const begin = end === undefined || end === LINE_FEED ? "" : "\n";
    await file.appendFile(`${begin}${JSON.stringify(checkpoint)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

const LINE_FEED = 0x0a;

/** Makes the file where there is none. @throws what the file system says, if it cannot be written, and what is no file */
export function touchAnchor(path: string): void {
  // Whoever opens a pipe waits for its reader.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error(`${path} is not a file.`);
  closeSync(openSync(path, "a", 0o600));
}

/** What an anchor file holds. */
export interface AnchorFile {
  /** In the order of the file. */
  readonly checkpoints: readonly CheckpointStatement[];
  /** Numbers of lines that this gateway has not signed, or that are no checkpoints. A hundred at most. */
  readonly foreign: readonly number[];
}

/** A line every ten minutes for ten years. */
const MAX_BYTES = 192 * 1024 * 1024;
const MAX_FOREIGN = 100;

/** Reads an anchor file, whose lines are under one of these keys. @throws Error that says in words why it cannot be read */
export async function readAnchor(path: string, keys: readonly SigningKey[]): Promise<AnchorFile> {
  const read = await readSmallFile(path, MAX_BYTES);
  if (!read.ok) throw new Error(`${path}: ${read.reason}`);
  const checkpoints: CheckpointStatement[] = [];
  const foreign: number[] = [];
  const lines = read.text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const checkpoint = readCheckpoint(line, keys);
    if (checkpoint !== undefined) checkpoints.push(checkpoint);
    else if (foreign.length < MAX_FOREIGN) foreign.push(index + 1);
  }
  return { checkpoints, foreign };
}
