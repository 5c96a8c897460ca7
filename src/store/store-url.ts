import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StoreError } from "./store-error.ts";

/** Where a store lives: a file, or nowhere but in this process. */
export type StorePlace = { readonly kind: "file"; readonly path: string } | { readonly kind: "memory" };

/**
 * Reads a store URL: `file:./data/portcullis.db` (relative to the working directory), `file:///abs/olute.db`, or
 * `file::memory:`. @throws StoreError STORE_URL_INVALID
 */
export function parseStoreUrl(url: string): StorePlace {
  if (url === "file::memory:") return { kind: "memory" };
  const path = url.startsWith("file:") ? url.slice("file:".length) : "";
  if (path === "" || path.startsWith(":") || path.includes("?") || path.includes("#")) {
    throw new StoreError(
      "STORE_URL_INVALID",
      `store.url "${url}" is not understood. Write file:./data/portcullis.db, or file::memory: to keep nothing.`,
    );
  }
  if (!path.startsWith("//")) return { kind: "file", path: resolve(path) };
  try {
    return { kind: "file", path: fileURLToPath(url) };
  } catch (err) {
    throw new StoreError(
      "STORE_URL_INVALID",
      `store.url "${url}" names a host. Write three slashes before an absolute path: file:///var/lib/portcullis.db.`,
      { cause: err },
    );
  }
}
