import type { Json, JsonObject } from "../../core/json.ts";
import type { StepUpFailure } from "../../core/step-up.ts";
import { authTimeOf } from "../../identity/tokens/times.ts";
import type { ChallengeRecord } from "../../store/step-up/step-up.ts";
import type { OidcOptions } from "../options.ts";
import { acrValues, lackOf, type SignIn } from "../strength.ts";
import { personIn } from "./person.ts";

export type CheckedSignIn =
  | { readonly ok: true; readonly signIn: SignIn & { readonly authTime: number } }
  | { readonly ok: false; readonly reason: StepUpFailure };

/**
 * Checks the claims of an ID token whose signature, issuer, audience, times and nonce were verified: was it the caller
 * who was challenged, as strongly as was asked, and after it was asked? Providers may ignore every one of these wishes.
 */
export function checkSignIn(
  claims: JsonObject,
  challenge: ChallengeRecord,
  options: Pick<OidcOptions, "issuer" | "subjectClaim" | "emailVerified" | "acrClaim" | "clockToleranceMs">,
  now: number,
): CheckedSignIn {
  const { issuer, clockToleranceMs } = options;
  // First of all, so that nobody learns from somebody else's link what would be asked of them.
  const person = personIn(claims, options);
  if (claims["iss"] !== issuer || challenge.issuer !== issuer || person !== challenge.expected)
    return refused("wrong_user");
  // Somebody signed in who acts for them. RFC 8693 §4.1
  if (claims["act"] !== undefined) return refused("wrong_user");
  const authTime = authTimeOf(claims, { now, toleranceMs: clockToleranceMs });
  const acr = contextIn(claims[options.acrClaim], options.acrClaim, challenge);
  const amr = texts(claims["amr"]);
  const lack = lackOf({ ...challenge, maxAgeMs: undefined }, { acr, amr, authTime }, now);
  if (lack !== undefined) return refused("too_weak");
  if (authTime === undefined || authTime < challenge.createdAt - clockToleranceMs) return refused("too_old");
  if (challenge.maxAgeMs !== undefined && now - authTime > challenge.maxAgeMs + clockToleranceMs)
    return refused("too_old");
  return { ok: true, signIn: { acr, amr, authTime } };
}

/** Providers with a claim of their own name every context that was reached: of these the one that was asked for. */
function contextIn(value: Json | undefined, acrClaim: string, challenge: ChallengeRecord): string | undefined {
  if (typeof value === "string") return value;
  const reached = acrClaim === "acr" ? [] : texts(value);
  const wanted = acrValues(challenge.acr) ?? [];
  return reached.find((context) => wanted.includes(context)) ?? reached[0];
}

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function refused(reason: StepUpFailure): CheckedSignIn {
  return { ok: false, reason };
}
