import { closeSync, constants, promises as fs, fstatSync, openSync, readSync, type Stats } from "node:fs";

const PART = 65_536;

/** What a file holds, or why it is not read: as the end of a sentence, `code` as the system or this module calls it. */
export type SmallFile =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly code: string; readonly reason: string };

// Whoever opens a pipe would wait for its writer.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads a file of text. Only a regular one: a pipe would be waited for and a device read without end; and never more than
 * `maxBytes`, whatever size it says it has. @throws never for what the file system does
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<SmallFile> {
  let file: fs.FileHandle | undefined;
  try {
    file = await fs.open(path, FLAGS);
    const problem = problemOf(await file.stat(), maxBytes);
    if (problem !== undefined) return problem;
    const parts = new Parts(maxBytes);
    while (!parts.isFull) {
      const part = Buffer.alloc(PART);
      const { bytesRead } = await file.read(part, 0, PART, null);
      if (bytesRead === 0) break;
      parts.add(part.subarray(0, bytesRead));
    }
    return parts.text();
  } catch (error) {
    return failed(error);
  } finally {
    await file?.close();
  }
}

/** As `readSmallFile`, at once. @throws never for what the file system does */
export function readSmallFileSync(path: string, maxBytes: number): SmallFile {
  let file: number | undefined;
  try {
    file = openSync(path, FLAGS);
    const problem = problemOf(fstatSync(file), maxBytes);
    if (problem !== undefined) return problem;
    const parts = new Parts(maxBytes);
    while (!parts.isFull) {
      const part = Buffer.alloc(PART);
      const bytesRead = readSync(file, part, 0, PART, null);
      if (bytesRead === 0) break;
      parts.add(part.subarray(0, bytesRead));
    }
    return parts.text();
  } catch (error) {
    return failed(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function problemOf(stats: Stats, maxBytes: number): SmallFile | undefined {
  if (stats.isDirectory()) return { ok: false, code: "EISDIR", reason: "it is a folder" };
  if (!stats.isFile()) return { ok: false, code: "NOT_A_FILE", reason: "it is a pipe or a device, not a file" };
  return stats.size > maxBytes ? tooLarge(maxBytes) : undefined;
}

/** What has been read so far: files of some systems say that they are empty, and others grow meanwhile. */
class Parts {
  readonly #parts: Buffer[] = [];
  readonly #maxBytes: number;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.#length > this.#maxBytes;
  }

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  text(): SmallFile {
    return this.isFull ? tooLarge(this.#maxBytes) : { ok: true, text: Buffer.concat(this.#parts).toString("utf8") };
  }
}

function tooLarge(maxBytes: number): SmallFile {
  return { ok: false, code: "TOO_LARGE", reason: `it is larger than ${Math.round(maxBytes / 1_048_576)} MB` };
}

function failed(error: unknown): SmallFile {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return { ok: false, code, reason: fileErrorReason(error) };
}

/** Why the file system refused, as the end of a sentence. */
export function fileErrorReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  return "code" in error && typeof error.code === "string" ? (REASONS[error.code] ?? error.code) : error.message;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EACCES: "this process may not read it",
  ENOTDIR: "it is not a folder",
  ELOOP: "it links to itself",
  // A socket cannot be opened, nor a pipe's other end that is gone.
  ENXIO: "it is a pipe or a device, not a file",
};
