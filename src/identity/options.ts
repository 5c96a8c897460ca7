import type { JsonObject } from "../core/json.ts";
import type { PersonOptions } from "../core/people.ts";
import type { Standing } from "../core/standing.ts";
import type { PaceTimes } from "./issuers/fetch-pace.ts";

/** What the identity room is told. `config/`'s `auth` fits. Times are in milliseconds. */
export interface IdentityOptions {
  /** The URL under which clients reach the gateway, without a slash at its end and without `/mcp`. */
  readonly publicUrl: string;
  /** Shown to people by clients (`resource_name`). Default: Portcullis. RFC 9728 §2 */
  readonly resourceName?: string;
  readonly jwt: readonly IssuerOptions[];
  readonly apiKeys: readonly ApiKeyOptions[];
  /** Where keys may come instead of `Authorization`, in lower case. Default: `x-api-key`. */
  readonly apiKeyHeader?: string;
  /** Users with passwords, as the file has them by now; `undefined`: there are none. */
  readonly passwords?: (() => BasicOptions | undefined) | undefined;
  /** Lets callers from loopback in without a credential. */
  readonly anonymous: boolean;
  /** Whose credentials are one person's. */
  readonly people: readonly PersonOptions[];
  /** What clients should ask the issuer for; in the metadata and in challenges. */
  readonly scopesSupported: readonly string[];
}

/** One issuer of access tokens. */
export interface IssuerOptions {
  /** Equal to the `iss` claim, character by character. */
  readonly issuer: string;
  /** `aud` must hold one of these, at whatever endpoint; none: the URL of the endpoint. See `createAudiences`. */
  readonly audiences: readonly string[];
  /** Where the keys are; `undefined`: as the issuer's metadata says. */
  readonly jwksUrl: string | undefined;
  /** Accepted `alg` values; asymmetric ones only. */
  readonly algorithms: readonly string[];
  /** Accept only `typ: at+jwt`. RFC 9068 §2.1 */
  readonly requireTyp: boolean;
  /** All of these, else 403. */
  readonly requiredScopes: readonly string[];
  readonly clockToleranceMs: number;
  /** The longest life of a token, from `iat` to `exp`. */
  readonly maxAgeMs: number;
  readonly claims: ClaimsMapping;
  /** What it may say. */
  readonly standing: Standing;
}

/** Dotted paths of claims: `realm_access.roles`. A claim whose own name has dots is found too. */
export interface ClaimsMapping {
  readonly roles: string;
  readonly groups: string;
  readonly email: string;
  readonly name: string;
  /** Further claims that name one person alone: they tell people apart, and give no rights. */
  readonly identity?: readonly string[];
  /** The claim that marks tokens of machines, and its values that do. */
  readonly machine: { readonly claim: string; readonly values: readonly string[] } | undefined;
}

/** One API key. */
export interface ApiKeyOptions {
  readonly name: string;
  /** `sha256:` and the SHA-256 of the whole key in lower-case hex. */
  readonly hash: string;
  /** Whom the key acts for; `undefined`: a machine, whose subject is the key's name. */
  readonly user: string | undefined;
  /** In whose hands the key is; default: a person's where it has a user. An agent's key may act for a user, too. */
  readonly kind?: "person" | "machine" | undefined;
  readonly email: string | undefined;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** What else is known of it: the claims that policies see. */
  readonly metadata?: JsonObject;
}

/** Users with passwords. Another object where anything about them changed. */
export interface BasicOptions {
  /** Printable ASCII. RFC 9110 §11.5 */
  readonly realm: string;
  readonly users: readonly BasicUser[];
}

export interface BasicUser {
  readonly name: string;
  /** bcrypt, argon2 or apr1, of bounded cost: see `readHtpasswd`. */
  readonly hash: string;
  readonly kind: "person" | "machine";
  readonly email: string | undefined;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** How issuers' keys are fetched and kept. All in milliseconds, except `atOnce` and `maxBytes`. */
export interface KeyTimes extends PaceTimes {
  /** After so long keys are fetched again in the background, while the old ones still serve. */
  readonly refreshMs: number;
  /** After so long old keys serve no more. A withdrawn key is accepted no longer than this. */
  readonly maxAgeMs: number;
  /** For so long it counts that the issuer did not have a key. Then it is asked again: some show a key a little late. */
  readonly settledMs: number;
  /** By how much an issuer's clock may differ where it is held against the time of a fetch. */
  readonly skewMs: number;
  /** Deadline of one fetch, discovery included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** What serves by default: a key that is new is found within six seconds, by at most fourteen fetches a minute. */
export const KEY_TIMES: KeyTimes = {
  everyMs: 6_000,
  atOnce: 4,
  retryMs: 1_000,
  retryAtMostMs: 15_000,
  refreshMs: 300_000,
  maxAgeMs: 900_000,
  settledMs: 10_000,
  skewMs: 5_000,
  timeoutMs: 5_000,
  maxBytes: 512 * 1024,
};
