import { LRUCache } from "lru-cache";
import { sha256 } from "../core/digest.ts";
import { ERRORS, type ErrorCode, refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { isPlainAddress } from "../core/mailbox.ts";
import { createPeople, named } from "../core/people.ts";
import type { Principal } from "../core/principal.ts";
import type { Attempts, AttemptVerdict } from "../http/attempts.ts";
import { ANONYMOUS, isLoopbackAddress } from "./anonymous.ts";
import { API_KEY_PREFIX, createApiKeyLookup } from "./api-keys.ts";
import { createAudiences, isFor, resourcePath } from "./audiences.ts";
import { createChallenges } from "./challenge.ts";
import type { CredentialRequest, Identified, Identity } from "./identity.ts";
import { createIssuerKeys } from "./issuers/issuer-keys.ts";
import { type IdentityOptions, KEY_TIMES, type KeyTimes } from "./options.ts";
import { isVerified } from "./tokens/claims.ts";
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
const MAX_TOLD = 100;
const MAX_CREDENTIAL_CHARS = 16 * 1024;
/** How clients write it. */
const USUAL = "Bearer ";
// RFC 6750 §2.1: b64token
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * Turns credentials into principals: JWT access tokens of the configured issuers, API keys, and nobody at all from
 * loopback where that is turned on. Only the `Authorization` header counts. A credential that was good is remembered by
 * its SHA-256, so that most calls need no signature check and no wait: a token for up to a minute and never past its
 * expiry, a key for as long as this identity lives.
 */
export function createIdentity(options: IdentityOptions, deps: IdentityDeps): Identity {
  const { now, log, attempts } = deps;
  const challenges = createChallenges(options);
  const keyOwner = createApiKeyLookup(options.apiKeys);
  const people = createPeople(options.people);
  const issuers = new Map<string, TrustedIssuer>(
    options.jwt.map((issuer) => [
      issuer.issuer,
      { options: issuer, keys: createIssuerKeys(issuer, deps.keyTimes ?? KEY_TIMES, { now, log }) },
    ]),
  );
  const audiencesAt = createAudiences(options.publicUrl);
  const remembered = new LRUCache<string, Remembered>({ max: REMEMBERED_TOKENS, maxSize: REMEMBERED_CHARS });
  /** What the log has been told of slashes and of claims that nobody can read. */
  const told = new LRUCache<string, true>({ max: MAX_TOLD });
  // Equal tokens that arrive together at one endpoint are verified once. Holds what is in flight, each bounded by the fetch deadline.
  const verifying = new Map<string, Promise<Verified>>();

  function identify(request: CredentialRequest): Identified | Promise<Identified> {
    const { authorization, path, remoteAddress } = request;
    if (authorization === undefined) {
      if (!options.anonymous || !isLoopbackAddress(remoteAddress))
        return reject(path, "CREDENTIAL_MISSING", undefined, []);
      // A proxy or tunnel on this machine would make callers from anywhere look local.
      return request.forwarded === true
        ? reject(path, "CREDENTIAL_MISSING", "Only a program on this machine that connects directly needs none.", [])
        : accept(ANONYMOUS, Number.POSITIVE_INFINITY);
    }
    // As nearly every call comes. What was good has the form of a token, which need not be looked at again.
    const again = authorization.startsWith(USUAL)
      ? remembered.get(sha256(authorization.slice(USUAL.length)))
      : undefined;
    if (again !== undefined && now() < again.until && again.reaches(path)) return again.identified;
    // A credential that cannot be read is refused, never taken for none.
    if (!/^bearer(?: |$)/i.test(authorization)) return reject(path, "CREDENTIAL_MISSING", undefined, []);
    const token = authorization.length > MAX_CREDENTIAL_CHARS ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined) return reject(path, "TOKEN_INVALID", undefined, []);
    const digest = sha256(token);
    const known = remembered.get(digest);
    if (known !== undefined && now() < known.until && known.reaches(path)) return known.identified;
    // One that was good before, or is being checked already, is no guess of its own.
    const counted = known === undefined && !verifying.has(digest + resourcePath(path));
    const attempt = counted
      ? attempts?.begin({ ip: remoteAddress, credential: token, at: "Authorization" })
      : undefined;
    if (attempt?.ok === false) return hold(attempt.retryAfterS);
    return token.startsWith(API_KEY_PREFIX)
      ? findKey(token, digest, path, attempt)
      : verify(token, digest, path, attempt);
  }

  function findKey(key: string, digest: string, path: string, attempt: Attempting): Identified {
    const owner = keyOwner(key);
    attempt?.end(owner === undefined);
    if (owner === undefined) return reject(path, "TOKEN_INVALID", "The API key is not known.", []);
    const until = Number.POSITIVE_INFINITY;
    const identified = accept(owner, until);
    remembered.set(digest, { identified, until, reaches: anywhere }, { size: key.length });
    return identified;
  }

  async function verify(token: string, digest: string, path: string, attempt: Attempting): Promise<Identified> {
    try {
      const verified = await verifyOnce(token, digest + resourcePath(path), path, attempt);
      if (!verified.ok) return refusalOf(path, verified);
      const { issuer, email, aliases, claims } = verified.principal;
      if (
        email === undefined &&
        isVerified(claims) &&
        !aliases.every((name) => !name.includes("@") || isPlainAddress(name))
      )
        log.warn({ issuer }, "an address in a token is not written plainly, so that it does not count");
      reportUnread(verified.principal);
      const toleranceMs = issuers.get(issuer)?.options.clockToleranceMs ?? 0;
      const identified = accept(verified.principal, verified.expiresAt + toleranceMs);
      const until = Math.min(verified.expiresAt, now() + REMEMBERED_FOR_MS);
      remembered.set(digest, { identified, until, reaches: reachOf(verified.principal) }, { size: token.length });
      return identified;
    } catch (err) {
      log.error({ err: nameOf(err) }, "a fault while verifying a token");
      return { ok: false, refusal: refuse("INTERNAL"), headers: {} };
    }
  }

  function reportUnread({ issuer, unread = [] }: Principal): void {
    for (const claim of unread) {
      if (told.has(`${claim} ${issuer}`)) continue;
      told.set(`${claim} ${issuer}`, true);
      log.warn(
        { issuer, claim },
        "a claim of roles, groups, clients or names of users cannot be read: whoever has it gets what restricts by them",
      );
    }
  }

  function refusalOf(path: string, refused: Extract<Verified, { ok: false }>): Identified {
    const { code, detail, scopes, retryAfterS, almost } = refused;
    if (almost !== undefined && !told.has(almost)) {
      told.set(almost, true);
      log.warn({ code, expected: almost }, "a token differs from what is accepted here only by a slash at an end");
    }
    if (retryAfterS === undefined) return reject(path, code, detail, scopes);
    // Nobody knows whether it is good. A challenge would have its client throw it away.
    log.debug({ code }, "could not check a credential");
    return { ok: false, refusal: refuse(code, detail), headers: { "Retry-After": String(retryAfterS) } };
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

  function reject(path: string, code: ErrorCode, detail: string | undefined, scopes: readonly string[]): Identified {
    log.debug({ code, reason: detail }, "refused a credential");
    const problem =
      code === "CREDENTIAL_MISSING"
        ? undefined
        : { error: bearerError(code), description: detail ?? ERRORS[code].message, scopes };
    const headers = { "WWW-Authenticate": challenges.challenge(path, problem) };
    return { ok: false, refusal: refuse(code, detail), headers };
  }

  function accept(principal: Principal, until: number): Identified {
    return { ok: true, principal: named(principal, people), until };
  }

  return { identify, insufficient: challenges.insufficient, metadata: challenges.metadata };
}

/** A credential that was good. */
interface Remembered {
  readonly identified: Identified;
  /** ms since the epoch, perhaps `Infinity`. */
  readonly until: number;
  /** Whether it is good at the endpoint with this path, too. */
  readonly reaches: (path: string) => boolean;
}

const anywhere = (): boolean => true;

/** What is counted of a credential that is being checked; `undefined`: nothing. */
type Attempting = Extract<AttemptVerdict, { ok: true }> | undefined;

function hold(retryAfterS: number): Identified {
  return { ok: false, refusal: refuse("ATTEMPTS_TOO_MANY"), headers: { "Retry-After": String(retryAfterS) } };
}

function bearerError(code: ErrorCode): "invalid_token" | "insufficient_scope" | undefined {
  if (code === "SCOPE_INSUFFICIENT") return "insufficient_scope";
  return code === "TOKEN_INVALID" || code === "TOKEN_EXPIRED" ? "invalid_token" : undefined;
}

// The name alone: errors of the JWT library carry the claims.
function nameOf(err: unknown): string {
  return err instanceof Error ? err.name : typeof err;
}
