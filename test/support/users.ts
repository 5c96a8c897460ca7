import { createHash } from "node:crypto";

interface ApiKeyEntry {
  readonly name: string;
  readonly hash: string;
  readonly user: string;
  readonly kind: "person";
  readonly roles: readonly string[];
}

/** People with an API key, for the `auth` of a gateway under test. */
export interface Users<Name extends string> {
  /** The configuration. */
  readonly auth: { readonly api_keys: readonly ApiKeyEntry[] };
  /** The header that makes a request theirs. */
  bearer(name: Name): { readonly authorization: string };
  /** The key alone. */
  key(name: Name): string;
}

/** Gives each name a key and its roles. */
export function createUsers<Name extends string>(roles: Readonly<Record<Name, readonly string[]>>): Users<Name> {
  const key = (name: string): string => `pk_${name.padEnd(40, "0")}`;
  const hash = (name: string): string => `sha256:${createHash("sha256").update(key(name)).digest("hex")}`;
  return {
    auth: {
      api_keys: Object.entries<readonly string[]>(roles).map(([name, held]) => ({
        name: `key-of-${name}`,
        hash: hash(name),
        user: name,
        kind: "person",
        roles: held,
      })),
    },
    bearer: (name) => ({ authorization: `Bearer ${key(name)}` }),
    key,
  };
}
