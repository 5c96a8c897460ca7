import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sha256 } from "../core/digest.ts";
import { isPlainAddress } from "../core/mailbox.ts";
import { AT_HOME, KEYS_ISSUER, NO_TOKEN, type Principal } from "../core/principal.ts";
import type { ApiKeyOptions } from "./options.ts";

/** What tells the gateway's own keys from anybody's. */
export const API_KEY_PREFIX = "pk_";

/** A fresh key of 256 random bits and the hash that stands for it in a configuration. Show the key once, keep neither. */
export function createApiKey(): { readonly key: string; readonly hash: string } {
  const key = API_KEY_PREFIX + randomBytes(32).toString("base64url");
  return { key, hash: `sha256:${sha256(key)}` };
}

/** Finds the principal of a key, `undefined` if there is none. Takes the same time whatever the key. */
export type ApiKeyLookup = (key: string) => Principal | undefined;

/**
 * Indexes keys under an HMAC of their hash with a key of this process: how long a look-up takes tells nothing about
 * hashes to whoever cannot compute the HMAC. The hash that is found is then compared in constant time.
 */
export function createApiKeyLookup(keys: readonly ApiKeyOptions[]): ApiKeyLookup {
  const secret = randomBytes(32);
  const slot = (hash: Buffer) => createHmac("sha256", secret).update(hash).digest("base64");
  const entries = new Map(
    keys.map((key) => {
      const hash = Buffer.from(key.hash.slice("sha256:".length), "hex");
      return [slot(hash), { hash, principal: principalOf(key) }];
    }),
  );
  return (key) => {
    const hash = createHash("sha256").update(key).digest();
    const entry = entries.get(slot(hash));
    return entry !== undefined && timingSafeEqual(entry.hash, hash) ? entry.principal : undefined;
  };
}

/** Whom a key stands for. */
export function principalOf(key: ApiKeyOptions): Principal {
  return {
    issuer: KEYS_ISSUER,
    subject: key.user ?? key.name,
    kind: key.user === undefined ? "machine" : (key.kind ?? "person"),
    clientId: key.name,
    // The configuration takes no other; of a user that only looks like one nothing is known.
    email: key.email !== undefined && isPlainAddress(key.email) ? key.email : undefined,
    name: key.user,
    roles: key.roles,
    groups: key.groups,
    claims: key.metadata ?? {},
    ...NO_TOKEN,
    ...AT_HOME,
  };
}
