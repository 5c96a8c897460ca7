import { errors, type JWTVerifyOptions, jwtVerify, type LocalJWKSet } from "jose";
import type { ErrorCode } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import { actorsIn, principalFromClaims, scopesOf } from "./claims.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import type { IssuerOptions } from "./options.ts";
import { whyNotAccessToken } from "./token-kind.ts";
import { readToken, type TokenParts } from "./token-parts.ts";
import { lifeOf, type TokenClock } from "./token-times.ts";
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
    };

/** An issuer with its keys. */
export interface TrustedIssuer {
  readonly options: IssuerOptions;
  readonly keys: IssuerKeys;
}

const MAX_KEYS_TO_TRY = 8;

/**
 * Verifies a JWT access token: its form, a known issuer, an allowed algorithm, the signature, then `aud`, `exp`, `nbf`,
 * the kind of token, how long it lives, and the scopes. RFC 9068 §4, RFC 8725. @throws never for anything that a token
 * can hold
 */
export async function verifyToken(
  token: string,
  issuers: ReadonlyMap<string, TrustedIssuer>,
  now: number,
): Promise<Verified> {
  const read = readToken(token);
  if (!read.ok) return invalid(read.detail);
  // Nothing is verified yet: this only chooses whose keys to verify with.
  const { iss } = read.parts.claims;
  const issuer = typeof iss === "string" ? issuers.get(iss) : undefined;
  if (issuer === undefined) return invalid("Its issuer is not one that this gateway trusts.");
  const verifyWith = (keys: LocalJWKSet) => verifyBy(keys, token, read.parts, issuer.options, now);
  const keys = await issuer.keys.current();
  if (keys === undefined) return refused("ISSUER_UNREACHABLE");
  const verdict = await verifyWith(keys);
  if (verdict !== "unknown key") return verdict;
  const newer = await issuer.keys.newerThan(keys);
  const second = newer === undefined ? verdict : await verifyWith(newer);
  return second === "unknown key" ? invalid("Its key is not one of the issuer's.") : second;
}

async function verifyBy(
  keys: LocalJWKSet,
  token: string,
  parts: TokenParts,
  issuer: IssuerOptions,
  now: number,
): Promise<Verified | "unknown key"> {
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
    return judge(parts, issuer, { now, toleranceMs: issuer.clockToleranceMs });
  } catch (err) {
    if (err instanceof errors.JWKSNoMatchingKey) return "unknown key";
    if (err instanceof errors.JWTExpired) return refused("TOKEN_EXPIRED");
    if (err instanceof errors.JWTClaimValidationFailed) return invalid(CLAIM_DETAILS[err.claim]);
    if (err instanceof errors.JOSEAlgNotAllowed) return invalid("Its signature algorithm is not accepted here.");
    // Any other verdict of jose's is about a malformed token or its signature. What is not jose's is a fault.
    if (err instanceof errors.JOSEError || err instanceof TypeError) return invalid("Its signature is not valid.");
    throw err;
  }
}

const CLAIM_DETAILS: Readonly<Record<string, string>> = {
  aud: "It is meant for another audience.",
  iss: "Its issuer is not one that this gateway trusts.",
  nbf: "It is not valid yet.",
  exp: "It has no time of expiry.",
  sub: "It has no subject.",
};

// A token without kid may fit several keys; jose then offers them one by one.
async function verifySignature(token: string, keys: LocalJWKSet, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(token, keys, options);
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

function judge({ header, claims }: TokenParts, issuer: IssuerOptions, clock: TokenClock): Verified {
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
    return { ok: false, code: "SCOPE_INSUFFICIENT", detail: undefined, scopes: issuer.requiredScopes };
  }
  const principal = withVouchedSignIn(principalFromClaims(issuer, sub, claims, clock));
  return { ok: true, principal, expiresAt: life.expiresAt };
}

const BOUND = "It is bound to a key of its client (cnf), and proofs of that (DPoP, mutual TLS) are not accepted here.";

function invalid(detail: string | undefined): Verified {
  return { ok: false, code: "TOKEN_INVALID", detail, scopes: [] };
}

function refused(code: ErrorCode): Verified {
  return { ok: false, code, detail: undefined, scopes: [] };
}
