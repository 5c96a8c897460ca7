import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { asStoreError, isBusy, StoreError } from "../store-error.ts";
import type { StorePlace } from "../store-url.ts";
import { renewEdition } from "./database-file.ts";
import { lacksLeftRow } from "./left-row.ts";
import { lost, migrate, requireCurrent } from "./migrate.ts";

// At start another process may be migrating; waiting for it in place is fine then, and only then.
const START_WAIT_MS = 5_000;

/** Hears in their transaction which migrations were applied, by name. */
export type OnApplied = (db: Database.Database, tags: ReadonlySet<string>) => void;

/**
 * Opens a database for writing and brings its schema up to date. A missing file is made, readable by its owner only,
 * and so is its directory. `onApplied` belongs to the migrations. @throws StoreError
 */
export function openForWriting(place: StorePlace, migrationsDir: string, onApplied?: OnApplied): Database.Database {
  if (place.kind === "memory") {
    const db = new Database(":memory:");
    migrate(db, migrationsDir, "file::memory:", (tags) => onApplied?.(db, tags));
    return db;
  }
  return guarded(place.path, () => {
    createFile(place.path);
    const db = new Database(place.path, { timeout: START_WAIT_MS });
    return closedOnFailure(db, () => {
      useWal(db);
      // WAL with NORMAL: a killed process loses no commit; a power cut may lose the last ones but never the file.
      db.pragma("synchronous = NORMAL");
      db.pragma("foreign_keys = ON");
      migrate(db, migrationsDir, place.path, (tags) => onApplied?.(db, tags));
      renewEdition(db);
    });
  });
}

/** Opens an existing database for reading only: nothing is made, nothing is migrated. @throws StoreError */
export function openForReading(place: StorePlace, migrationsDir: string): Database.Database {
  if (place.kind === "memory") {
    throw new StoreError("STORE_MISSING", "file::memory: keeps nothing that another process could read.");
  }
  return guarded(place.path, () => {
    if (!isThere(place.path)) {
      if (lacksLeftRow(place.path)) throw lost(place.path, "it is not there");
      throw new StoreError(
        "STORE_MISSING",
        `There is no database at ${place.path}. Has a gateway run with this configuration?`,
      );
    }
    // Asked first: what SQLite says of a file that it may not read is the same as of one that is not there.
    accessSync(place.path, constants.R_OK);
    const db = new Database(place.path, { readonly: true, fileMustExist: true, timeout: START_WAIT_MS });
    return closedOnFailure(db, () => requireCurrent(db, migrationsDir, place.path));
  });
}

/*
 * A file that may be open already is never opened and closed by hand: with that the process would lose its locks on it, and
 * the next program to close the database would take itself for the last one and remove the log.
 */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (isThere(path)) accessSync(path, constants.R_OK | constants.W_OK);
  // SQLite itself would make the file by the umask, mostly readable by all. Its -wal and -shm copy this file's mode.
  else closeSync(openSync(path, "a", 0o600));
}

/** Whether there is a file. @throws StoreError where something else is in its place, or in that of a file that belongs to it */
function isThere(path: string): boolean {
  for (const each of ["", "-wal", "-shm", "-journal"].map((end) => `${path}${end}`)) {
    // SQLite would wait for whoever writes into a pipe.
    if (statSync(each, { throwIfNoEntry: false })?.isFile() === false) {
      throw new StoreError("STORE_NOT_A_DATABASE", `${each} is not a file. Point store.url at a file of its own.`);
    }
  }
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The change to WAL needs the file alone and does not ask the busy handler, so this asks again itself. */
function useWal(db: Database.Database): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let left = START_WAIT_MS / 20; ; left--) {
    try {
      db.pragma("journal_mode = WAL");
      return;
    } catch (err) {
      if (!isBusy(err) || left <= 0) throw err;
      Atomics.wait(sleeper, 0, 0, 20);
    }
  }
}

function closedOnFailure(db: Database.Database, prepare: () => void): Database.Database {
  try {
    prepare();
    return db;
  } catch (err) {
    db.close();
    throw err;
  }
}

function guarded(path: string, open: () => Database.Database): Database.Database {
  try {
    return open();
  } catch (err) {
    throw asStoreError(err, path);
  }
}
