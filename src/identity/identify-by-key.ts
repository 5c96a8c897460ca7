import type { LRUCache } from "lru-cache";
import { sha256 } from "../core/digest.ts";
import type { Principal } from "../core/principal.ts";
import { looksLikeToken } from "../core/token-shape.ts";
import type { Attempts } from "../http/attempts.ts";
import { API_KEY_PREFIX, createApiKeyLookup } from "./api-keys.ts";
import { type CredentialAnswers, tooManyAttempts } from "./credential-answers.ts";
import type { CredentialRequest, Identified } from "./identity.ts";
import type { ApiKeyOptions } from "./options.ts";
import { type Attempting, anywhere, BEARER, MAX_CREDENTIAL_CHARS, type Remembered } from "./remembered.ts";

const UNKNOWN_KEY = "The API key is not known.";

/** Identifies those who come with a key. */
export interface KeyIdentifier {
  /** Whether a credential is a key: what has not the form of a token is one, whoever made it. */
  isOne(credential: string): boolean;
  /** By a key in `Authorization`, whose SHA-256 is `digest`. */
  find(key: string, digest: string, path: string, attempt: Attempting): Identified;
  /** By a key in the header for keys. */
  inHeader(request: CredentialRequest, key: string): Identified;
}

/** Makes it. */
export function createKeyIdentifier(
  apiKeys: readonly ApiKeyOptions[],
  deps: {
    readonly remembered: LRUCache<string, Remembered>;
    readonly attempts: Attempts | undefined;
    readonly reject: CredentialAnswers["reject"];
    readonly accept: (principal: Principal, until: number) => Identified;
  },
): KeyIdentifier {
  const { remembered, attempts, reject, accept } = deps;
  const ownerOf = createApiKeyLookup(apiKeys);

  function find(key: string, digest: string, path: string, attempt: Attempting): Identified {
    const owner = ownerOf(key);
    attempt?.end(owner === undefined);
    if (owner === undefined) return reject(path, "TOKEN_INVALID", UNKNOWN_KEY);
    const until = Number.POSITIVE_INFINITY;
    const identified = accept(owner, until);
    remembered.set(digest, { identified, until, reaches: anywhere }, { size: key.length });
    return identified;
  }

  return {
    find,
    isOne: (credential) => credential.startsWith(API_KEY_PREFIX) || (apiKeys.length > 0 && !looksLikeToken(credential)),
    inHeader({ authorization, path, remoteAddress }, key) {
      // Whoever stands in front may have looked at the other one.
      if (authorization !== undefined && BEARER.exec(authorization)?.[1] !== key) {
        return reject(path, "TOKEN_INVALID", "The request has two credentials that differ.");
      }
      if (key.length > MAX_CREDENTIAL_CHARS) return reject(path, "TOKEN_INVALID", UNKNOWN_KEY);
      // Remembered apart: what is good here is not good in Authorization as well, nor the other way round.
      const digest = `key ${sha256(key)}`;
      const known = remembered.get(digest);
      if (known !== undefined) return known.identified;
      const attempt = attempts?.begin({ ip: remoteAddress, credential: key, at: "API key header" });
      return attempt?.ok === false ? tooManyAttempts(attempt.retryAfterS) : find(key, digest, path, attempt);
    },
  };
}
