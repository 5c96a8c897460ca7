import { decodeJwt, errors, type JWTVerifyOptions, jwtVerify, type LocalJWKSet } from "jose";
import type { ErrorCode } from "../core/errors.ts";
import { isObject, type JsonObject, parseJson } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import { principalFromClaims, scopesOf } from "./claims.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import type { IssuerOptions } from "./options.ts";
import { whyNotAccessToken } from "./token-kind.ts";

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
 * Verifies a JWT access token: a known issuer, an allowed algorithm, the signature, then `aud`, `exp`, `nbf`, the kind
 * of token and the scopes. RFC 9068 §4, RFC 8725. @throws never for anything that a token can hold
 */
export async function verifyToken(
  token: string,
  issuers: ReadonlyMap<string, TrustedIssuer>,
  now: number,
): Promise<Verified> {
  const issuer = issuers.get(claimedIssuer(token) ?? "");
  if (issuer === undefined) return invalid("Its issuer is not one that this gateway trusts.");
  const keys = await issuer.keys.current();
  if (keys === undefined) return refused("ISSUER_UNREACHABLE");
  const verdict = await verifyWith(token, keys, issuer.options, now);
  if (verdict !== "unknown key") return verdict;
  const newer = await issuer.keys.newerThan(keys);
  const second = newer === undefined ? verdict : await verifyWith(token, newer, issuer.options, now);
  return second === "unknown key" ? invalid("Its key is not one of the issuer's.") : second;
}

// Not verified yet: only chooses whose keys to verify with.
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    // Not a JWT; the caller refuses it.
    return undefined;
  }
}

async function verifyWith(
  token: string,
  keys: LocalJWKSet,
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
    const { protectedHeader } = await verifySignature(token, keys, options);
    return judgeClaims(token, protectedHeader.typ, issuer);
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

function judgeClaims(token: string, typ: unknown, issuer: IssuerOptions): Verified {
  const claims = readClaims(token);
  if (claims === undefined) return invalid("Its claims hold a value that readers would read differently.");
  const { sub, exp } = claims;
  if (typeof sub !== "string" || sub === "" || typeof exp !== "number") return invalid("It has no subject.");
  const why = whyNotAccessToken(typ, claims, issuer.requireTyp);
  if (why !== undefined) return invalid(why);
  const scopes = scopesOf(claims);
  if (!issuer.requiredScopes.every((scope) => scopes.includes(scope))) {
    return { ok: false, code: "SCOPE_INSUFFICIENT", detail: undefined, scopes: issuer.requiredScopes };
  }
  return { ok: true, principal: principalFromClaims(issuer.issuer, sub, claims, issuer.claims), expiresAt: exp * 1000 };
}

// Read again by the rules for bodies: what policies see of a claim must be what the issuer wrote.
function readClaims(token: string): JsonObject | undefined {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
  const parsed = parseJson(payload, { maxDepth: 16 });
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

function invalid(detail: string | undefined): Verified {
  return { ok: false, code: "TOKEN_INVALID", detail, scopes: [] };
}

function refused(code: ErrorCode): Verified {
  return { ok: false, code, detail: undefined, scopes: [] };
}
