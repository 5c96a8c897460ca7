import { defaultKeyOf, type LevelFolder, levelText, type PolicyLevel } from "../levels.ts";
import { firstMistakes, type PolicyError } from "../policy-set.ts";
import { MAX_ALL_BYTES, type ReadFiles, readPolicyFiles } from "./read-files.ts";

/**
 * Reads the policy files of the gateway and of every level. A level's folder that is not there or has no policy files refuses
 * all: who names a folder wants what is in it to count. @throws never for what the file system does
 */
export function readFolders(dir: string, mayBeEmpty: boolean, levels: readonly LevelFolder[]): ReadFiles {
  const gateway = readPolicyFiles(dir, { mayBeMissing: mayBeEmpty });
  if (!gateway.ok) return gateway;
  if (gateway.files.length === 0 && !mayBeEmpty) return none(dir, "There are no policy files any more.");
  const files = [...gateway.files];
  const errors: PolicyError[] = [];
  let bytes = 0;
  for (const folder of levels) {
    const read = readLevel(folder);
    if (!read.ok) errors.push(...read.errors);
    else {
      files.push(...read.files);
      bytes += read.files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    }
    if (bytes <= MAX_ALL_BYTES) continue;
    const message = `The files of the levels up to this one are larger than ${MAX_ALL_BYTES >> 20} MB together.`;
    errors.push({ file: folder.dir, line: 1, column: 1, message, hint: undefined });
    break;
  }
  return errors.length > 0 ? { ok: false, errors: firstMistakes(errors) } : { ok: true, files };
}

/** Reads the policy files of one endpoint or upstream. */
export function readLevel({ dir, level }: LevelFolder): ReadFiles {
  const read = readPolicyFiles(dir, { mayBeMissing: false, key: keyOf(level) });
  if (!read.ok) return read;
  if (read.files.length === 0) return none(dir, `There are no policy files for ${levelText(level)}.`);
  return { ok: true, files: read.files.map((file) => ({ ...file, level })) };
}

function keyOf(level: PolicyLevel): string {
  return defaultKeyOf(level).replace(/default$/, "dir");
}

function none(dir: string, message: string): ReadFiles {
  return { ok: false, errors: [{ file: dir, line: 1, column: 1, message, hint: NONE_MEANT }] };
}

const NONE_MEANT = "Put them back. If there shall be no policies, have a file say so: `policies: []`.";
