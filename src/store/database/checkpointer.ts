import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

/** Moves what is in the write-ahead log into the database, off the event loop. */
export interface Checkpointer {
  /** Tells it of a commit; every so many, or when they were heavy, it starts a checkpoint. */
  committed(): void;
  /** Waits for a checkpoint under way, then gives its connection back. */
  close(): Promise<void>;
}

/** SQLite's own checkpoint, on the event loop, if the log ever grows to so many pages (128 MB): the thread is stuck. */
export const BACKSTOP_PAGES = 32_768;

/** To so many bytes (8 MB) the log is cut once all of it was moved, so that its size tells of what waits in it. */
export const KEPT_LOG_BYTES = 8 * 1024 * 1024;

const COMMITS_PER_CHECKPOINT = 250;
/** A few commits may be megabytes each: the log's size is looked at after so many, and growth by so much is enough. */
const COMMITS_PER_LOOK = 8;
const BYTES_PER_CHECKPOINT = 8 * 1024 * 1024;

/*
 * A checkpoint writes and syncs the database file: 4 to 12 ms in which, done by SQLite's default inside a commit, no
 * call moves. So a thread with its own connection does it. PASSIVE never makes a writer wait, but the log goes on
 * growing while writers never pause. Past 32 MB, RESTART right after it has little left to move and lets the next
 * writer begin the log anew; it holds the writers' lock for one sync, which they sit out without stopping the loop.
 *
 * The thread's program is a text, because this module runs as .ts and as .js, under loaders that threads do not have.
 */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const Database = require(workerData.driver);
const db = new Database(workerData.path, { fileMustExist: true, timeout: 100 });
db.pragma("synchronous = NORMAL");
const renew = db.transaction(() => {
  db.pragma("user_version = " + (Number(db.pragma("user_version", { simple: true })) + 1));
});
// By its edition an older copy of the file is told from it: see database-file.ts.
function renewEdition() {
  try {
    renew.immediate();
  } catch (err) {
    // Somebody writes all the time: the next checkpoint has another chance.
    if (!String(err.code).startsWith("SQLITE_BUSY")) throw err;
  }
}
parentPort.on("message", (message) => {
  if (message === "close") {
    db.close();
    parentPort.close();
    return;
  }
  try {
    renewEdition();
    const [passive] = db.pragma("wal_checkpoint(PASSIVE)");
    if (passive.log > 8192) db.pragma("wal_checkpoint(RESTART)");
    parentPort.postMessage({ done: true });
  } catch (err) {
    parentPort.postMessage({ done: false, message: String(err) });
  }
});
`;

/** Makes the checkpointer of a database file. The thread starts with the first checkpoint. */
export function createCheckpointer(path: string, onFault: (err: unknown) => void): Checkpointer {
  let worker: Worker | undefined;
  let running = false;
  let commits = 0;
  /** How long the log was when it was last moved, or since then if it was shorter. */
  let moved = 0;
  let closed = false;

  function hasGrown(): boolean {
    const bytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes - moved >= BYTES_PER_CHECKPOINT) {
      moved = bytes;
      return true;
    }
    moved = Math.min(moved, bytes);
    return false;
  }

  function start(): Worker {
    const driver = createRequire(import.meta.url).resolve("better-sqlite3");
    const started = new Worker(PROGRAM, { eval: true, workerData: { driver, path }, execArgv: [] });
    // The thread must not keep a process alive that is otherwise done.
    started.unref();
    started.on("message", (message: { readonly done: boolean; readonly message?: string }) => {
      running = false;
      if (!message.done) onFault(new Error(message.message));
    });
    started.on("error", (err) => {
      onFault(err);
      forget();
    });
    started.on("exit", forget);
    function forget(): void {
      if (worker === started) worker = undefined;
      running = false;
    }
    return started;
  }

  return {
    committed() {
      commits += 1;
      if (running || closed) return;
      if (commits < COMMITS_PER_CHECKPOINT && (commits % COMMITS_PER_LOOK !== 0 || !hasGrown())) return;
      commits = 0;
      running = true;
      worker ??= start();
      worker.postMessage("checkpoint");
    },
    async close() {
      closed = true;
      const closing = worker;
      if (closing === undefined) return;
      await new Promise<void>((resolve) => {
        closing.once("exit", () => resolve());
        closing.ref();
        closing.postMessage("close");
      });
    },
  };
}
