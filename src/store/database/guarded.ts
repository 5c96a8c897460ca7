import { asStoreError } from "../store-error.ts";
import { whileBusy } from "./while-busy.ts";

/** Runs a synchronous piece of work on a database. @throws StoreError */
export type Guarded = <T>(work: () => T) => Promise<T>;

/** Makes the way to work on one database: it waits while another connection holds the lock. `what` names it in errors. */
export function createGuarded(what: string, waitMs = 2_000): Guarded {
  return async (work) => {
    try {
      return await whileBusy(waitMs, work);
    } catch (err) {
      throw asStoreError(err, what);
    }
  };
}
