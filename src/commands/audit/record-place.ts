import { existsSync } from "node:fs";
import type { Config } from "../../config/schema/schema.ts";
import { headFileOf } from "../../store/database/left-row.ts";
import { knownSecretKey, previousSecretKeys } from "../../store/secret-key.ts";
import { StoreError } from "../../store/store-error.ts";
import { parseStoreUrl } from "../../store/store-url.ts";
import { DEFAULT_CONFIG, loadOrExplain } from "../load.ts";
import type { Shell } from "../shell.ts";

/** Where the record is, and what its gateway knows besides. */
export interface RecordPlace {
  readonly url: string;
  /** The gateway's secret, and those of before, the newest first; none where it is not at hand, which was told if it is there and cannot be used. */
  readonly secrets: readonly Uint8Array[];
  /** Where the gateway keeps its newest checkpoint, if the database is a file. */
  readonly headFile: string | undefined;
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
    secrets: secretsOf(url, config, wanted, shell),
    headFile: headOf(url),
    anchorFile: wanted ? config?.audit.anchor?.file : undefined,
  };
}

function headOf(url: string): string | undefined {
  try {
    const place = parseStoreUrl(url);
    return place.kind === "file" ? headFileOf(place.path) : undefined;
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    // The reader says what is wrong.
    return undefined;
  }
}

function secretsOf(url: string, config: Config | undefined, first: boolean, shell: Shell): readonly Uint8Array[] {
  try {
    const place = parseStoreUrl(url);
    const beside = place.kind === "file" ? place.path : undefined;
    const configured = config?.secretKey;
    const own = first ? undefined : knownSecretKey({ configured: undefined, beside });
    const secret = own ?? (first || configured !== undefined ? knownSecretKey({ configured, beside }) : undefined);
    return secret === undefined ? [] : [secret, ...previousSecretKeys(config?.previousKeys ?? [])];
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    // What is wrong with the store itself the reader says.
    shell.err(`warning: ${err.message}`);
    return [];
  }
}
