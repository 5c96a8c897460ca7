import { rename, writeFile } from "node:fs/promises";
import { randomId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { readSmallFileSync } from "../../core/read-small-file.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import { type Anchor, createAnchor } from "./anchor.ts";
import { type CheckpointStatement, readCheckpoint, type SignedCheckpoint } from "./statement.ts";

/*
 * The newest checkpoint, in a file beside the database. It is no anchor, for whoever can change the one can change the other.
 * But it finds a database that was put back, or made anew, by itself.
 */

/** Keeps it there, as anchors are told. */
export function createHeadKeeper(path: string, log: Log): Anchor {
  return createAnchor({
    name: "head",
    log,
    async send(checkpoint) {
      try {
        await writeHead(path, checkpoint);
        return { ok: true };
      } catch (err) {
        return { ok: false, error: err instanceof Error ? err.message : "the file cannot be written" };
      }
    },
  });
}

/** Puts a checkpoint in the place of the one before. @throws what the file system says */
async function writeHead(path: string, checkpoint: SignedCheckpoint): Promise<void> {
  // Several processes may share the database.
  const made = `${path}.${randomId()}`;
  await writeFile(made, `${JSON.stringify(checkpoint)}\n`, { mode: 0o600 });
  await rename(made, path);
}

/** A checkpoint has some hundreds. */
const MAX_BYTES = 65_536;

/** The checkpoint in the file; `undefined` where there is none, or none under one of these keys. @throws Error that says in words why it cannot be read */
export function readHead(path: string, keys: readonly SigningKey[]): CheckpointStatement | undefined {
  const read = readSmallFileSync(path, MAX_BYTES);
  if (read.ok) return readCheckpoint(read.text, keys);
  if (read.code === "ENOENT") return undefined;
  throw new Error(`${path} cannot be read: ${read.reason}.`);
}
