import { LRUCache } from "lru-cache";
import { sha256 } from "../core/digest.ts";
import { refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { createPeople, named } from "../core/people.ts";
import type { Principal } from "../core/principal.ts";
import type { Attempts } from "../http/attempts.ts";
import { ANONYMOUS, isLoopbackAddress } from "./anonymous.ts";
import { createAudiences, isFor, resourcePath } from "./audiences.ts";
import { createChallenges } from "./challenge.ts";
import { createCredentialAnswers, tooManyAttempts } from "./credential-answers.ts";
import { createKeyIdentifier } from "./identify-by-key.ts";
import type { CredentialRequest, Identified, Identity } from "./identity.ts";
import { createIssuerKeys } from "./issuers/issuer-keys.ts";
import { offerPasswords } from "./offer-passwords.ts";
import { type IdentityOptions, KEY_TIMES, type KeyTimes } from "./options.ts";
import { type Attempting, anywhere, BEARER, MAX_CREDENTIAL_CHARS, type Remembered } from "./remembered.ts";
import { type TrustedIssuer, type Verified, verifyToken } from "./tokens/verify-token.ts";

/** What the identity room needs from outside. */
export interface IdentityDeps {
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** Counts credentials that are refused, together with other places where they can be tried. Left out: nobody counts. */
  readonly attempts?: Attempts;
  /** How issuers' keys are fetched and kept. Default: `KEY_TIMES`. */
  readonly keyTimes?: KeyTimes;
}

const REMEMBERED_TOKENS = 10_000;
/** The claims of a token are kept with it; a token's length stands for their size. */
const REMEMBERED_CHARS = 32 * 1024 * 1024;
const REMEMBERED_FOR_MS = 60_000;
/** How clients write it. */
const USUAL = "Bearer ";

/**
 * Turns credentials into principals: JWT access tokens of the configured issuers, API keys, passwords, and nobody at all from
 * loopback where that is turned on. Keys may come in a header of their own, too. A credential that was good is remembered by
 * its SHA-256, so that most calls need no signature check and no wait: a token for up to a minute and never past its
 * expiry, a key for as long as this identity lives.
 */
export function createIdentity(options: IdentityOptions, deps: IdentityDeps): Identity {
  const { now, log, attempts } = deps;
  const challenges = createChallenges(options);
  const { reject, refusalOf, reportUnread } = createCredentialAnswers(challenges, log);
  const people = createPeople(options.people);
  const issuers = new Map<string, TrustedIssuer>(
    options.jwt.map((issuer) => [
      issuer.issuer,
      { options: issuer, keys: createIssuerKeys(issuer, deps.keyTimes ?? KEY_TIMES, { now, log }) },
    ]),
  );
  const audiencesAt = createAudiences(options.publicUrl);
  const remembered = new LRUCache<string, Remembered>({ max: REMEMBERED_TOKENS, maxSize: REMEMBERED_CHARS });
  const keys = createKeyIdentifier(options.apiKeys, { remembered, attempts, reject, accept });
  // Equal tokens that arrive together at one endpoint are verified once. Holds what is in flight, each bounded by the fetch deadline.
  const verifying = new Map<string, Promise<Verified>>();

  function identify(request: CredentialRequest): Identified | Promise<Identified> {
    const { authorization, apiKey, path, remoteAddress } = request;
    if (apiKey !== undefined) return keys.inHeader(request, apiKey);
    if (authorization === undefined) {
      if (!options.anonymous || !isLoopbackAddress(remoteAddress)) return reject(path, "CREDENTIAL_MISSING");
      // A proxy or tunnel on this machine would make callers from anywhere look local.
      return request.forwarded === true
        ? reject(path, "CREDENTIAL_MISSING", "Only a program on this machine that connects directly needs none.")
        : accept(ANONYMOUS, Number.POSITIVE_INFINITY);
    }
    // As nearly every call comes. What was good has the form of a token, which need not be looked at again.
    const again = authorization.startsWith(USUAL)
      ? remembered.get(sha256(authorization.slice(USUAL.length)))
      : undefined;
    if (again !== undefined && now() < again.until && again.reaches(path)) return again.identified;
    // A credential that cannot be read is refused, never taken for none.
    if (!/^bearer(?: |$)/i.test(authorization)) return reject(path, "CREDENTIAL_MISSING");
    const token = authorization.length > MAX_CREDENTIAL_CHARS ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined) return reject(path, "TOKEN_INVALID");
    const digest = sha256(token);
    const known = remembered.get(digest);
    if (known !== undefined && now() < known.until && known.reaches(path)) return known.identified;
    // One that was good before, or is being checked already, is no guess of its own.
    const counted = known === undefined && !verifying.has(digest + resourcePath(path));
    const attempt = counted
      ? attempts?.begin({ ip: remoteAddress, credential: token, at: "Authorization" })
      : undefined;
    if (attempt?.ok === false) return tooManyAttempts(attempt.retryAfterS);
    return keys.isOne(token) ? keys.find(token, digest, path, attempt) : verify(token, digest, path, attempt);
  }

  async function verify(token: string, digest: string, path: string, attempt: Attempting): Promise<Identified> {
    try {
      const verified = await verifyOnce(token, digest + resourcePath(path), path, attempt);
      if (!verified.ok) return refusalOf(path, verified);
      reportUnread(verified.principal);
      const toleranceMs = issuers.get(verified.principal.issuer)?.options.clockToleranceMs ?? 0;
      const identified = accept(verified.principal, verified.expiresAt + toleranceMs);
      const until = Math.min(verified.expiresAt, now() + REMEMBERED_FOR_MS);
      remembered.set(digest, { identified, until, reaches: reachOf(verified.principal) }, { size: token.length });
      return identified;
    } catch (err) {
      log.error({ err: nameOf(err) }, "a fault while verifying a token");
      return { ok: false, refusal: refuse("INTERNAL"), headers: {} };
    }
  }

  /** Where else a token is good that is good somewhere: whom it is for is all that depends on the endpoint. */
  function reachOf({ issuer, claims }: Principal): Remembered["reaches"] {
    const { audiences = [] } = issuers.get(issuer)?.options ?? {};
    if (isFor(claims["aud"], audiences)) return anywhere;
    return (path) => isFor(claims["aud"], audiencesAt(audiences, path));
  }

  function verifyOnce(token: string, key: string, path: string, attempt: Attempting): Promise<Verified> {
    const running = verifying.get(key);
    if (running !== undefined) return running;
    const started = verifyCounted(token, path, attempt).finally(() => verifying.delete(key));
    verifying.set(key, started);
    return started;
  }

  async function verifyCounted(token: string, path: string, attempt: Attempting): Promise<Verified> {
    let refused = false;
    try {
      const audiences = (configured: readonly string[]) => audiencesAt(configured, path);
      const verified = await verifyToken(token, issuers, { audiences, now: now() });
      refused = !verified.ok && verified.guess;
      return verified;
    } finally {
      attempt?.end(refused);
    }
  }

  function accept(principal: Principal, until: number): Identified {
    return { ok: true, principal: named(principal, people), until };
  }

  const identity: Identity = {
    apiKeyHeader: options.apiKeys.length === 0 ? undefined : (options.apiKeyHeader ?? "x-api-key"),
    identify,
    insufficient: challenges.insufficient,
    metadata: challenges.metadata,
  };

  if (options.passwords === undefined) return identity;
  return offerPasswords(identity, options.passwords, {
    ...{ now, attempts, challenges },
    accept: (principal) => accept(principal, Number.POSITIVE_INFINITY),
    reject: (path) => reject(path, "PASSWORD_INVALID"),
  });
}

// The name alone: errors of the JWT library carry the claims.
function nameOf(err: unknown): string {
  return err instanceof Error ? err.name : typeof err;
}
