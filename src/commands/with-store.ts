import type { StoreReader } from "../store/open-store.ts";
import { StoreError } from "../store/store-error.ts";
import type { Shell } from "./shell.ts";

/**
 * Opens a store for reading, has `act` work with it, and closes it. What is wrong with the store is told, and the command
 * ends with 1. @throws faults other than those of the store
 */
export async function withStore(url: string, shell: Shell, act: (store: StoreReader) => Promise<void>): Promise<void> {
  const { openStoreReader } = await import("../store/open-store.ts");
  try {
    const store = openStoreReader({ url });
    try {
      await act(store);
    } finally {
      store.close();
    }
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    shell.err(err.message);
    shell.setExitCode(1);
  }
}
