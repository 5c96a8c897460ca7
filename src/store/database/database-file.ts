import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import type Database from "better-sqlite3";
import type { Log } from "../../core/log.ts";
import { isBusy, StoreError } from "../store-error.ts";

/*
 * A process that has a file open goes on writing into it after somebody has put another one in its place, or none: what it
 * records then is nowhere. So it knows which files it opened, and looks whether they are those under their names. What it
 * cannot see so, an older copy that is written over the file itself, it sees by the head of the file. There stands how long the
 * database is, and a number of ours that only grows, its edition: each start and each checkpoint of ours makes a new one, and
 * VACUUM keeps it.
 */

/** The files of a database that this process has open. */
export interface DatabaseFile {
  /** To be called before a piece of work. @throws StoreError when the database or its log is another one, or was cut */
  before(): void;
  /** The same after it, before anybody is told that it was done. @throws StoreError */
  after(): void;
  /** Whether it was away, is back, and that is not on record. */
  wasAway(): boolean;
  /** Tells that it is on record now. */
  recorded(): void;
  /** Ends the looking. To be called when no connection of this process has the file open any more. */
  close(): void;
}

export interface DatabaseFileDeps {
  readonly path: string;
  /** Has the database open, and has read of it. */
  readonly connection: Database.Database;
  readonly log: Log;
  /** How often it is looked at while nobody uses it, ms. */
  readonly everyMs: number;
}

/** One file, as it was when it was looked at last. */
interface Seen {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  size: number;
}

/**
 * Notes which files these are now, and watches them. A look is a `stat`, 2 µs: each piece of work has one of the log before and
 * one of the database after it, with its head, 1 µs; all files have one every so often.
 */
export function watchDatabaseFile({ path, connection, log, everyMs }: DatabaseFileDeps): DatabaseFile {
  const what: StoreError = new StoreError(
    "STORE_REPLACED",
    `${path} is not the file any more that this process opened, or it was cut: nothing can be recorded. ` +
      "Put it back. If it is lost, keep what is there, and restart this gateway on a copy.",
  );
  const database = noted(path);
  const wal = noted(`${path}-wal`);
  const index = noted(`${path}-shm`);
  // Closed last of all: with it the process gives up its locks on the file.
  const descriptor = openSync(path, "r");
  let closed = false;
  const pageBytes = Number(connection.pragma("page_size", { simple: true }));
  let edition = headOf(descriptor)?.edition ?? 0;
  let away = false;
  let cut = false;
  let unrecorded = false;

  /** Whether there is still the same file, not an older one, and all of it. */
  function databaseHolds(): boolean {
    const now = look(database);
    if (now === undefined) return false;
    const head = headOf(descriptor);
    cut ||= head === undefined || head.edition < edition;
    // VACUUM makes it shorter, and says so in its head.
    if (!cut && head !== undefined && now.size < database.size && now.size < head.pages * pageBytes) {
      // Another connection is just moving what makes it longer; the next look tells.
      if (bytesInLog(connection, pageBytes) === undefined) return true;
      cut = true;
    }
    edition = head?.edition ?? edition;
    database.size = now.size;
    return !cut;
  }

  /** The same of the log, which other programs may cut once all of it is in the database. */
  function logHolds(): boolean {
    const now = look(wal);
    if (now === undefined) return false;
    if (now.size < wal.size) {
      const wanted = bytesInLog(connection, pageBytes);
      // Another connection is just moving them; the next look tells.
      if (wanted === undefined) return true;
      cut ||= now.size < wanted;
    }
    wal.size = now.size;
    return !cut;
  }

  function lookAtAll(): boolean {
    const holds = databaseHolds() && logHolds() && look(index) !== undefined;
    if (holds === !away) return holds;
    away = !holds;
    if (away) {
      log.error(
        { path },
        "The database was replaced, removed or cut while this process has it open: calls are refused.",
      );
    } else {
      log.warn({ path }, "The database is again the file that this process opened. Calls go on.");
      unrecorded = true;
    }
    return holds;
  }

  function demand(holds: () => boolean): void {
    if ((away || !holds()) && !lookAtAll()) throw what;
  }

  const timer = setInterval(lookAtAll, everyMs);
  timer.unref();
  return {
    before: () => demand(logHolds),
    after: () => demand(databaseHolds),
    wasAway: () => unrecorded,
    recorded() {
      unrecorded = false;
    },
    close() {
      clearInterval(timer);
      if (!closed) closeSync(descriptor);
      closed = true;
    },
  };
}

/** Makes the database another edition of itself, as `checkpointer.ts` does, too. @throws SqliteError */
export function renewEdition(connection: Database.Database): void {
  connection
    .transaction(() => {
      const edition = Number(connection.pragma("user_version", { simple: true }));
      connection.pragma(`user_version = ${edition + 1}`);
    })
    .immediate();
}

/** For databases that are no files. */
export const NO_FILE: DatabaseFile = { before() {}, after() {}, wasAway: () => false, recorded() {}, close() {} };

/** How long the log has to be for what the index says of it; `undefined` if that cannot be told now. */
function bytesInLog(connection: Database.Database, pageBytes: number): number | undefined {
  try {
    const [said] = connection.pragma("wal_checkpoint(PASSIVE)") as readonly [{ readonly log: number }];
    if (said.log < 0) return undefined;
    return said.log === 0 ? 0 : LOG_HEAD_BYTES + said.log * (FRAME_HEAD_BYTES + pageBytes);
  } catch (err) {
    // It has to move what is not there any more.
    return isBusy(err) ? undefined : Number.POSITIVE_INFINITY;
  }
}

const LOG_HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;

const HEAD_BYTES = 64;
const PAGES_AT = 28;
const USER_VERSION_AT = 60;
const headBytes = Buffer.alloc(HEAD_BYTES);

/** What the file of a database says of itself, as far as the log has been moved into it; `undefined` if it says nothing. */
function headOf(descriptor: number): { readonly edition: number; readonly pages: number } | undefined {
  if (readSync(descriptor, headBytes, 0, HEAD_BYTES, 0) < HEAD_BYTES) return undefined;
  return { edition: headBytes.readInt32BE(USER_VERSION_AT), pages: headBytes.readUInt32BE(PAGES_AT) };
}

function noted(path: string): Seen {
  const { dev, ino, size } = statSync(path);
  return { path, dev, ino, size };
}

function look({ path, dev, ino }: Seen): Stats | undefined {
  try {
    const now = statSync(path, { throwIfNoEntry: false });
    return now?.dev === dev && now.ino === ino ? now : undefined;
  } catch {
    // A folder on the way that may not be entered any more hides another file as well as this one.
    return undefined;
  }
}
