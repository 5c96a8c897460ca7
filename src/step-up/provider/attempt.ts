import { sha256 } from "../../core/digest.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Seal } from "../../core/seal.ts";

/** One way to the provider and back. Rests in a sealed cookie only: of it the store knows a hash of `state`. */
export interface SignInAttempt {
  readonly challenge: string;
  readonly state: string;
  readonly nonce: string;
  /** PKCE. RFC 7636 §4.1 */
  readonly verifier: string;
}

/** A cookie for the browser that began an attempt. */
export interface AttemptCookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeMs: number;
}

/**
 * The cookie of an attempt. Its name is of its own, so that two tabs do not disturb each other, and says `__Host-` where
 * the gateway has https: no other host, path or clear-text page can set it then. RFC 6265bis §4.1.3
 */
export function attemptCookieName(state: string, secure: boolean, what: "step-up" | "sign-in" = "step-up"): string {
  return `${secure ? "__Host-" : ""}portcullis-${what}-${sha256(state).slice(0, 16)}`;
}

/** Seals an attempt until `expiresAt`. */
export function sealAttempt(seal: Seal, attempt: SignInAttempt, expiresAt: number): string {
  const { challenge, state, nonce, verifier } = attempt;
  return seal.seal({ challenge, state, nonce, verifier }, expiresAt);
}

/** The attempt in a cookie, if it is the one of this state; `undefined` for anything else. @throws never */
export function openAttempt(
  seal: Seal,
  cookie: string | undefined,
  state: string,
  now: number,
): SignInAttempt | undefined {
  const opened = cookie === undefined ? undefined : seal.open(cookie, now);
  if (opened === undefined || !isAttempt(opened)) return undefined;
  return opened.state === state ? opened : undefined;
}

function isAttempt(value: JsonObject): value is JsonObject & SignInAttempt {
  return isObject(value) && ["challenge", "state", "nonce", "verifier"].every((key) => typeof value[key] === "string");
}
