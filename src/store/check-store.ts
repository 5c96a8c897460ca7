import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { openStoreReader } from "./open-store.ts";
import { knownSecretKey } from "./secret-key.ts";
import { errorCode, StoreError } from "./store-error.ts";
import { parseStoreUrl } from "./store-url.ts";

/** What the store of a configuration is made of. */
export interface CheckedStore {
  readonly url: string;
  /** `secrets.key`, if the configuration has one. */
  readonly secretKey: string | undefined;
}

/**
 * What a start would refuse of the store and of the gateway's secret, and a store that lost what was written last, which it would go on
 * with: found without making or changing anything.
 */
export function checkStore({ url, secretKey }: CheckedStore): readonly StoreError[] {
  const errors: StoreError[] = [];
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (err) {
      if (!(err instanceof StoreError)) throw err;
      // An older schema is brought up to date at the start.
      if (err.code !== "STORE_SCHEMA_OLDER") errors.push(err);
    }
  };
  let path: string | undefined;
  attempt(() => {
    const place = parseStoreUrl(url);
    if (place.kind === "file") path = place.path;
  });
  attempt(() => knownSecretKey({ configured: secretKey, beside: path }));
  const file = path;
  if (file !== undefined) attempt(() => (existsSync(file) ? checkFile(file, url) : checkFolder(dirname(file))));
  return errors;
}

function checkFile(path: string, url: string): void {
  if (!statSync(path).isFile()) {
    throw new StoreError("STORE_NOT_A_DATABASE", `${path} is not a file. Point store.url at a file.`);
  }
  writable(path);
  // An empty file is a database without tables, which is how one that is new begins.
  if (statSync(path).size > 0) openStoreReader({ url }).close();
}

// The folders that are missing will be made in the nearest one that is there.
function checkFolder(path: string): void {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) {
    throw new StoreError("STORE_NOT_ACCESSIBLE", `${folder} is not a folder. Point store.url somewhere else.`);
  }
  writable(folder);
}

function writable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (err) {
    throw new StoreError("STORE_NOT_ACCESSIBLE", `${path} cannot be written (${errorCode(err)}). Check who owns it.`, {
      cause: err,
    });
  }
}
