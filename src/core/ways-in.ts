import { ANONYMOUS_ISSUER, BASIC_ISSUER, KEYS_ISSUER, LOCAL_ISSUER, type Principal } from "./principal.ts";

/** Ways into an endpoint, as configurations call them, besides the URLs of issuers of tokens. */
const WAY_ISSUERS = {
  api_keys: KEYS_ISSUER,
  basic: BASIC_ISSUER,
  anonymous: ANONYMOUS_ISSUER,
} as const;

/** Before the name of a group: the keys that are in it. */
export const KEY_GROUP = "api_keys/";

/**
 * Whether somebody comes by one of these ways: `api_keys`, `api_keys/<group>`, `basic`, `anonymous`, or the issuer of their token.
 * Whoever starts the gateway over stdio chose the endpoint, and has no credential. Issuers of tokens are URLs, so that none is called like
 * another way.
 */
export function admitting(ways: readonly string[]): (principal: Principal) => boolean {
  const named = new Map<string, string>(Object.entries(WAY_ISSUERS));
  const issuers = new Set(ways.map((way) => named.get(way) ?? way)).add(LOCAL_ISSUER);
  const groups = new Set(ways.flatMap((way) => (way.startsWith(KEY_GROUP) ? [way.slice(KEY_GROUP.length)] : [])));
  return ({ issuer, groups: own }) =>
    issuers.has(issuer) || (issuer === KEYS_ISSUER && own.some((group) => groups.has(group)));
}
