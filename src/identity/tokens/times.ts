import type { Json, JsonObject } from "../../core/json.ts";

/** The clock that the times of tokens are held against. */
export interface TokenClock {
  /** ms since the epoch. */
  readonly now: number;
  /** By how much the issuer's clock may differ, ms. */
  readonly toleranceMs: number;
}

/** The last second of the year 9999. What is larger counts something else than seconds: today's milliseconds are. */
const LAST_SECOND = 253_402_300_799;

/**
 * A NumericDate of a token as ms since the epoch: seconds, whole or with a fraction; `undefined` for anything that is no
 * such time. The only place where times of tokens are read. RFC 7519 §2
 */
export function readNumericDate(value: Json | undefined): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LAST_SECOND ? Math.floor(value * 1000) : undefined;
}

/**
 * When the person signed in, ms since the epoch, by the `auth_time` of verified claims, of access tokens and ID tokens
 * alike. One that cannot be read, or lies ahead by more than the tolerance, counts as missing; within it, as now: a time to
 * come would stay fresh for ever. OpenID Connect Core §2
 */
export function authTimeOf(claims: JsonObject, { now, toleranceMs }: TokenClock): number | undefined {
  const time = readNumericDate(claims["auth_time"]);
  return time === undefined || time > now + toleranceMs ? undefined : Math.min(time, now);
}

/** A token's end, ms since the epoch, or what is wrong with its times. */
export type TokenLife =
  | { readonly ok: true; readonly expiresAt: number }
  /** Fixed text. */
  | { readonly ok: false; readonly detail: string };

/**
 * Holds `exp`, `nbf` and `iat` of an access token against each other and the clock; that it has not ended, and has begun,
 * is checked with its signature. A token without `iat` is taken for one of this moment. RFC 7519 §4.1, RFC 9068 §2.2
 */
export function lifeOf(claims: JsonObject, maxAgeMs: number, { now, toleranceMs }: TokenClock): TokenLife {
  const { exp, nbf, iat } = claims;
  const expiresAt = readNumericDate(exp);
  const issuedAt = iat === undefined ? now + toleranceMs : readNumericDate(iat);
  if (expiresAt === undefined || issuedAt === undefined || (nbf !== undefined && readNumericDate(nbf) === undefined)) {
    return { ok: false, detail: "Its times are not in seconds since 1970." };
  }
  if (issuedAt > now + toleranceMs) return { ok: false, detail: "It was issued at a time to come." };
  if (expiresAt - issuedAt > maxAgeMs) return { ok: false, detail: "It is valid for longer than is accepted here." };
  return { ok: true, expiresAt };
}
