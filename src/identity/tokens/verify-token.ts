import { errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify, type LocalJWKSet } from "jose";
import type { ErrorCode } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { differBySlash } from "../../core/urls.ts";
import { almostFor, isFor } from "../audiences.ts";
import type { Doubt, IssuerKeys, UnknownKeys } from "../issuers/issuer-keys.ts";
import type { IssuerOptions } from "../options.ts";
import { actorsIn, principalFromClaims, scopesOf } from "./claims.ts";
import { whyNotAccessToken } from "./kind.ts";
import { readToken, type TokenParts } from "./parts.ts";
import { lifeOf, readNumericDate, type TokenClock } from "./times.ts";
import { withVouchedSignIn } from "./vouched-sign-in.ts";

/** What came of a token. `detail` is fixed text about the check that failed, never part of the token. */
export type Verified =
  | { readonly ok: true; readonly principal: Principal /** ms since the epoch. */; readonly expiresAt: number }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly detail: string | undefined;
      /** Scopes that would have been needed. */
      readonly scopes: readonly string[];
      /** Where nobody knows whether it is good: when to ask again, in whole seconds. */
      readonly retryAfterS?: number;
      /** Whether it counts as a guess, like a key that there is not. */
      readonly guess: boolean;
      /** The issuer or audience of the configuration from which it differs by a slash only. */
      readonly almost?: string;
    };

/** An issuer with its keys. */
export interface TrustedIssuer {
  readonly options: IssuerOptions;
  readonly keys: IssuerKeys;
}

/** Where and when a token comes. */
export interface Coming {
  /** Whom one of an issuer with this configuration may be for there. */
  readonly audiences: (configured: readonly string[]) => readonly string[];
  /** ms since the epoch. */
  readonly now: number;
}

const MAX_KEYS_TO_TRY = 8;

/**
 * Verifies a JWT access token: its form, a known issuer, an allowed algorithm, the signature, then `aud`, `exp`, `nbf`,
 * the kind of token, how long it lives, and the scopes. RFC 9068 §4, RFC 8725. What cannot be known, because the issuer
 * does not answer or may not be asked again yet, is `ISSUER_UNREACHABLE` and no verdict about the token. @throws never for
 * anything that a token can hold
 */
export async function verifyToken(
  token: string,
  issuers: ReadonlyMap<string, TrustedIssuer>,
  { audiences, now }: Coming,
): Promise<Verified> {
  const read = readToken(token);
  if (!read.ok) return invalid(read.detail);
  // Nothing is verified yet: this only chooses whose keys to verify with.
  const { iss } = read.parts.claims;
  const issuer = typeof iss === "string" ? issuers.get(iss) : undefined;
  if (issuer === undefined) return foreign(typeof iss === "string" ? iss : "", issuers);
  const options = { ...issuer.options, audiences: audiences(issuer.options.audiences) };
  const known = await issuer.keys.current();
  const hopeless = () => whyHopeless(read.parts, options, now);
  if (!known.ok) return hopeless() ?? unknowable(known, false);
  const verdict = await verifyBy(known.set, token, read.parts, options, now);
  if (typeof verdict !== "string") return verdict;
  // No key could make it good, so that the issuer is not asked for one.
  const lost = hopeless();
  if (lost !== undefined) return verdict === UNREADABLE ? lost : invalid(verdict);
  const newer = await issuer.keys.newerThan(known, doubtOf(read.parts, now));
  if (newer === "settled") return unborne(verdict);
  if (!newer.ok) return unknowable(newer, verdict === FORGED);
  const second = await verifyBy(newer.set, token, read.parts, options, now);
  return typeof second === "string" ? unborne(second) : second;
}

/** What is wrong with a token as far as the keys at hand go; newer ones may bear it out. */
const NO_KEY = "Its key is not one of the issuer's.";
const FORGED = "Its signature is not valid.";
const UNREADABLE = "The issuer's key cannot be read.";
type Unborne = typeof NO_KEY | typeof FORGED | typeof UNREADABLE;

function doubtOf({ header, claims }: TokenParts, cameAt: number): Doubt {
  const { kid } = header;
  return { kid: typeof kid === "string" ? kid : undefined, issuedAt: readNumericDate(claims["iat"]), cameAt };
}

/** Why a token is refused whoever signed it, by what it says itself; `undefined` if that depends on its signature. */
function whyHopeless(parts: TokenParts, issuer: IssuerOptions, now: number): Verified | undefined {
  const { claims } = parts;
  const toleranceMs = issuer.clockToleranceMs;
  if (!isFor(claims["aud"], issuer.audiences)) return notFor(claims, issuer.audiences);
  const end = readNumericDate(claims["exp"]);
  if (end !== undefined && end + toleranceMs <= now) return refused("TOKEN_EXPIRED");
  const checked = checkClaims(parts, issuer, { now, toleranceMs });
  return checked.ok ? undefined : checked;
}

async function verifyBy(
  keys: LocalJWKSet,
  token: string,
  parts: TokenParts,
  issuer: IssuerOptions,
  now: number,
): Promise<Verified | Unborne> {
  const options: JWTVerifyOptions = {
    issuer: issuer.issuer,
    audience: [...issuer.audiences],
    algorithms: [...issuer.algorithms],
    clockTolerance: issuer.clockToleranceMs / 1000,
    currentDate: new Date(now),
    requiredClaims: ["sub", "exp"],
  };
  try {
    await verifySignature(token, keys, options);
    return checkClaims(parts, issuer, { now, toleranceMs: issuer.clockToleranceMs });
  } catch (err) {
    if (err instanceof UnreadableKey) return UNREADABLE;
    if (err instanceof errors.JWKSNoMatchingKey) return NO_KEY;
    if (err instanceof errors.JWSSignatureVerificationFailed) return FORGED;
    if (err instanceof errors.JWTExpired) return refused("TOKEN_EXPIRED");
    if (err instanceof errors.JWTClaimValidationFailed) {
      return err.claim === "aud" ? notFor(parts.claims, issuer.audiences) : invalid(CLAIM_DETAILS[err.claim]);
    }
    if (err instanceof errors.JOSEAlgNotAllowed) return invalid("Its signature algorithm is not accepted here.");
    // Any other verdict of jose's is about a malformed token. What is not jose's is a fault.
    if (err instanceof errors.JOSEError || err instanceof TypeError) return invalid(FORGED);
    throw err;
  }
}

const CLAIM_DETAILS: Readonly<Record<string, string>> = {
  nbf: "It is not valid yet.",
  exp: "It has no time of expiry.",
  sub: "It has no subject.",
};

/** Refuses a token for its audience, and says what it should be where only a slash is wrong: that is hard to see. */
export function notFor(claims: JsonObject, audiences: readonly string[]): Refused {
  const almost = almostFor(claims["aud"], audiences);
  const why = "It is meant for another audience.";
  return almost === undefined ? invalid(why) : slash(`${why} A slash at the end is all that differs from`, almost);
}

function foreign(iss: string, issuers: ReadonlyMap<string, TrustedIssuer>): Refused {
  const almost = [...issuers.keys()].find((known) => differBySlash(known, iss));
  const why = "Its issuer is not one that this gateway trusts.";
  return almost === undefined ? invalid(why) : slash(`${why} A slash at the end is all that differs from`, almost);
}

function slash(why: string, almost: string): Refused {
  return { ...invalid(`${why} ${almost}.`), almost };
}

// A token without kid may fit several keys; jose then offers them one by one.
async function verifySignature(token: string, keys: LocalJWKSet, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(token, readable(keys), options);
  } catch (err) {
    if (!(err instanceof errors.JWKSMultipleMatchingKeys)) throw err;
    let left = MAX_KEYS_TO_TRY;
    for await (const key of err) {
      if (left-- === 0) break;
      try {
        return await jwtVerify(token, key, options);
      } catch (inner) {
        if (!(inner instanceof errors.JWSSignatureVerificationFailed)) throw inner;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** The key that a token names is there, and cannot be read: that says nothing about the token. */
class UnreadableKey extends Error {}

function readable(keys: LocalJWKSet): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (err) {
      if (err instanceof errors.JWKSMultipleMatchingKeys || err instanceof errors.JWKSNoMatchingKey) throw err;
      throw new UnreadableKey();
    }
  };
}

function checkClaims({ header, claims }: TokenParts, issuer: IssuerOptions, clock: TokenClock): Verified {
  const { sub } = claims;
  if (typeof sub !== "string" || sub === "") return invalid("It has no subject.");
  const why = whyNotAccessToken(header["typ"], claims, issuer.requireTyp);
  if (why !== undefined) return invalid(why);
  // A stolen one would serve whoever has it, which is what its issuer wanted to rule out. RFC 7800 §3.1
  if (claims["cnf"] !== undefined) return invalid(BOUND);
  const acting = actorsIn(claims, issuer.issuer);
  if (!acting.ok) return invalid(acting.detail);
  const life = lifeOf(claims, issuer.maxAgeMs, clock);
  if (!life.ok) return invalid(life.detail);
  const scopes = scopesOf(claims);
  if (!issuer.requiredScopes.every((scope) => scopes.includes(scope))) {
    return { ...refused("SCOPE_INSUFFICIENT"), scopes: issuer.requiredScopes };
  }
  const principal = withVouchedSignIn(principalFromClaims(issuer, sub, claims, clock));
  return { ok: true, principal, expiresAt: life.expiresAt };
}

const BOUND = "It is bound to a key of its client (cnf), and proofs of that (DPoP, mutual TLS) are not accepted here.";

type Refused = Extract<Verified, { ok: false }>;

function invalid(detail: string | undefined): Refused {
  return { ...refused("TOKEN_INVALID"), detail, guess: true };
}

// An expired token, or one without a scope, was made by its issuer: whoever sends it guesses nothing.
function refused(code: ErrorCode): Refused {
  return { ok: false, code, detail: undefined, scopes: [], guess: false };
}

function unborne(verdict: Unborne): Refused {
  return verdict === UNREADABLE ? unknowable({ retryAfterS: UNREADABLE_S }, false) : invalid(verdict);
}

/** When to come again where the issuer answers, and its key is none. */
const UNREADABLE_S = 15;

function unknowable({ retryAfterS }: Pick<UnknownKeys, "retryAfterS">, guess: boolean): Refused {
  return { ...refused("ISSUER_UNREACHABLE"), retryAfterS, guess };
}
