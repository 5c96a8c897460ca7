import { type FileHandle, open, rename, writeFile } from "node:fs/promises";
import { randomId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { readSmallFileSync } from "../../core/read-small-file.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import type { ChainHead } from "../../store/audit/audit-row.ts";
import type { AuditWriter } from "../../store/audit/audit-rows.ts";
import { headFileOf } from "../../store/database/left-row.ts";
import { type Anchor, createAnchor } from "./anchor.ts";
import { type CheckpointStatement, readCheckpoint, type SignedCheckpoint, signCheckpoint } from "./statement.ts";

/*
 * The newest checkpoint, in a file beside the database, or where rows came after it, the last row of some seconds ago, said in
 * the same form. It is no anchor, for whoever can change the one can change the other. But it finds a database that was put back,
 * written over, or made anew, by itself.
 */

/** Keeps the file. */
export interface HeadKeeper extends Anchor {
  /** A writer through which it sees what this process wrote: what the database says now may be what somebody put there. */
  watching(rows: AuditWriter): AuditWriter;
}

export interface HeadKeeperDeps {
  readonly databasePath: string;
  readonly key: SigningKey;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** How long after a row at most it stands in the file, ms. Default 2,000. */
  readonly markMs?: number;
}

/** What a statement is there for that no row of the record makes. */
const MARK = "mark";

/** Keeps it there, as anchors are told. */
export function createHeadKeeper({ databasePath, key, log, now, markMs = 2_000 }: HeadKeeperDeps): HeadKeeper {
  let written: ChainHead | undefined;
  /** The last row of which it was told. */
  let told = 0;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  const anchor = createAnchor({
    name: "head",
    log,
    async send(checkpoint) {
      try {
        await syncLog(databasePath);
        await writeHead(headFileOf(databasePath), checkpoint);
        failing = false;
        return { ok: true };
      } catch (err) {
        failing = true;
        return { ok: false, error: err instanceof Error ? err.message : "the file cannot be written" };
      }
    },
  });

  function mark(): void {
    timer = undefined;
    // What could not be written is tried again at its own pace, and told of so often.
    if (failing || written === undefined || written.seq <= told) return;
    told = written.seq;
    anchor.report(signCheckpoint({ ...written, rows: written.seq, at: now(), reason: MARK }, key));
  }

  return {
    watching: (rows) => ({
      async append(added) {
        written = await rows.append(added);
        timer ??= setTimeout(mark, markMs).unref();
        return written;
      },
    }),
    report(checkpoint) {
      told = checkpoint.seq;
      anchor.report(checkpoint);
    },
    async close() {
      clearTimeout(timer);
      await anchor.close();
    },
  };
}

/**
 * Has the log of the database on disk, so that the file never tells of a row that a power cut takes: the log is synced when it is
 * moved into the database, and not with each row. It holds no lock, which closing the database itself would give up.
 */
async function syncLog(databasePath: string): Promise<void> {
  let file: FileHandle;
  try {
    // Who may only read cannot have it synced everywhere.
    file = await open(`${databasePath}-wal`, "r+");
  } catch (err) {
    // All of it is in the database.
    if (err instanceof Error && "code" in err && err.code === "ENOENT") return;
    throw err;
  }
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
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
