import type { JsonObject } from "../core/json.ts";
import type { StepUpFailure } from "../core/step-up.ts";
import type { ChallengeRecord } from "../store/step-up.ts";
import type { OidcOptions } from "./options.ts";
import { personIn } from "./person.ts";
import { lackOf, type SignIn } from "./strength.ts";

export type Judged =
  | { readonly ok: true; readonly signIn: SignIn & { readonly authTime: number } }
  | { readonly ok: false; readonly reason: StepUpFailure };

/**
 * Judges the claims of an ID token whose signature, issuer, audience, times and nonce were verified: was it the caller
 * who was challenged, as strongly as was asked, and after it was asked? Providers may ignore every one of these wishes.
 */
export function judge(
  claims: JsonObject,
  challenge: ChallengeRecord,
  options: Pick<OidcOptions, "issuer" | "subjectClaim" | "clockToleranceMs">,
  now: number,
): Judged {
  const { issuer, subjectClaim, clockToleranceMs } = options;
  // First of all, so that nobody learns from somebody else's link what would be asked of them.
  const person = personIn(claims, subjectClaim);
  if (claims["iss"] !== issuer || challenge.issuer !== issuer || person !== challenge.expected)
    return refused("wrong_user");
  const seconds = claims["auth_time"];
  const authTime = typeof seconds === "number" ? seconds * 1000 : undefined;
  const acr = typeof claims["acr"] === "string" ? claims["acr"] : undefined;
  const amr = Array.isArray(claims["amr"]) ? claims["amr"].filter((method) => typeof method === "string") : [];
  const lack = lackOf({ ...challenge, maxAgeMs: undefined }, { acr, amr, authTime }, now);
  if (lack !== undefined) return refused("too_weak");
  if (authTime === undefined || authTime < challenge.createdAt - clockToleranceMs) return refused("too_old");
  // A time to come would stay fresh for ever.
  if (authTime > now + clockToleranceMs) return refused("provider_refused");
  if (challenge.maxAgeMs !== undefined && now - authTime > challenge.maxAgeMs + clockToleranceMs)
    return refused("too_old");
  return { ok: true, signIn: { acr, amr, authTime } };
}

function refused(reason: StepUpFailure): Judged {
  return { ok: false, reason };
}
