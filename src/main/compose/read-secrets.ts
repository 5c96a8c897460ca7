import type { Config } from "../../config/schema/schema.ts";
import { createKeyedHash } from "../../core/keyed-hash.ts";
import type { Log } from "../../core/log.ts";
import { AUDIT_CHAIN } from "../../store/audit/audit-row.ts";
import { openStore, type Store } from "../../store/open-store.ts";
import { loadSecretKey, previousSecretKeys } from "../../store/secret-key.ts";
import { parseStoreUrl } from "../../store/store-url.ts";

/** The gateway's secret, those of before, and where the database is. */
export interface GatewaySecrets {
  readonly secret: Uint8Array;
  /** The newest first. */
  readonly formerSecrets: readonly Uint8Array[];
  /** `undefined` where the database is no file. */
  readonly databasePath: string | undefined;
}

/** Reads the secret of the configuration, or the one beside the database, which is made where there is none. */
export function readSecrets(config: Config): GatewaySecrets {
  const place = parseStoreUrl(config.store.url);
  const databasePath = place.kind === "file" ? place.path : undefined;
  return {
    secret: loadSecretKey({ configured: config.secretKey, beside: databasePath }),
    formerSecrets: previousSecretKeys(config.previousKeys),
    databasePath,
  };
}

/** Opens the store; its record is chained under the secret. @throws StoreError */
export function openStoreWith({ secret, formerSecrets }: GatewaySecrets, url: string, log: Log): Store {
  const auditHash = createKeyedHash(secret, AUDIT_CHAIN);
  const formerHashes = formerSecrets.map((each) => createKeyedHash(each, AUDIT_CHAIN));
  return openStore({ url, log, auditHash, formerHashes });
}
