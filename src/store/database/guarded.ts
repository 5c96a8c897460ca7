import { asStoreError } from "../store-error.ts";
import { type DatabaseFile, NO_FILE } from "./database-file.ts";
import { whileBusy } from "./while-busy.ts";

/** Runs a synchronous piece of work on a database. @throws StoreError */
export type Guarded = <T>(work: () => T) => Promise<T>;

/**
 * Makes the way to work on one database: it waits while another connection holds the lock, and nothing is done that would be
 * in another file than the one under its name. `what` names it in errors.
 */
export function createGuarded(what: string, waitMs = 2_000, file: DatabaseFile = NO_FILE): Guarded {
  return async (work) => {
    try {
      file.before();
      const done = await whileBusy(waitMs, work);
      file.after();
      return done;
    } catch (err) {
      throw asStoreError(err, what);
    }
  };
}
