import { existsSync } from "node:fs";
import type { Config } from "../config/schema.ts";
import { knownSecretKey } from "../store/secret-key.ts";
import { StoreError } from "../store/store-error.ts";
import { parseStoreUrl } from "../store/store-url.ts";
import { DEFAULT_CONFIG, loadOrExplain } from "./load.ts";
import type { Shell } from "./shell.ts";

/** Where the record is, and what its gateway knows besides. */
export interface RecordPlace {
  readonly url: string;
  /** The gateway's secret; `undefined` where it is not at hand, which was told if it is there and cannot be used. */
  readonly secret: Uint8Array | undefined;
  /** `audit.anchor.file`. */
  readonly anchorFile: string | undefined;
}

/**
 * Finds the record that the options name. A store named by itself goes with the key beside it; a configuration that merely
 * lies around is asked for the secret only where there is none. Explains itself and answers `undefined` where that fails.
 */
export function recordPlace(
  options: { readonly config?: string; readonly store?: string },
  shell: Shell,
): RecordPlace | undefined {
  const { store } = options;
  const path = options.config ?? DEFAULT_CONFIG;
  const wanted = store === undefined || options.config !== undefined;
  const config = wanted || existsSync(path) ? loadOrExplain(shell, path) : undefined;
  const url = store ?? config?.store.url;
  if (url === undefined || (wanted && config === undefined)) return undefined;
  return {
    url,
    secret: secretOf(url, config, wanted, shell),
    anchorFile: wanted ? config?.audit.anchor?.file : undefined,
  };
}

function secretOf(url: string, config: Config | undefined, first: boolean, shell: Shell): Uint8Array | undefined {
  try {
    const place = parseStoreUrl(url);
    const beside = place.kind === "file" ? place.path : undefined;
    const configured = config?.secretKey;
    if (first) return knownSecretKey({ configured, beside });
    return (
      knownSecretKey({ configured: undefined, beside }) ??
      (configured === undefined ? undefined : knownSecretKey({ configured, beside }))
    );
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    // What is wrong with the store itself the reader says.
    shell.err(`warning: ${err.message}`);
    return undefined;
  }
}
