import * as oidc from "openid-client";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Log, LogFields } from "../../core/log.ts";
import type { StepUpFailure } from "../../core/step-up.ts";
import { readToken } from "../../identity/tokens/parts.ts";
import { failureOf } from "./failure-of.ts";
import type { HeldTokens } from "./held-tokens.ts";
import { withNewerKeys } from "./newer-keys.ts";
import type { Provider } from "./provider.ts";

/** What an attempt knows that no one else does. */
export interface Secrets {
  readonly state: string;
  readonly nonce: string;
  /** PKCE. RFC 7636 §4.1 */
  readonly verifier: string;
}

export type ExchangedCode =
  | { readonly ok: true; readonly claims: JsonObject; readonly held: HeldTokens }
  | { readonly ok: false; readonly reason: StepUpFailure };

/** What OpenID providers and this one's neighbours answer when the strength asked for cannot be had. */
const UNMET = new Set(["unmet_authentication_requirements", "insufficient_user_authentication"]);

const REFUSED_TOKEN = "The ID token of the identity provider is refused.";

/** Fresh secrets for an attempt. */
export function newSecrets(): Secrets {
  return { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
}

/** The parameters by which an authorization request is bound to these secrets. PKCE with S256 */
export async function boundTo({ state, nonce, verifier }: Secrets): Promise<Record<string, string>> {
  const challenge = await oidc.calculatePKCECodeChallenge(verifier);
  return { state, nonce, code_challenge: challenge, code_challenge_method: "S256" };
}

/**
 * Takes an answer of the provider for a verified ID token: its issuer (RFC 9207), its error, then its code with the
 * PKCE verifier, and the token's signature, issuer, audience, authorized party, times and nonce. What it says is read as access tokens are.
 * OpenID Connect Core §3.1.3
 */
export async function exchangeCode(
  configuration: oidc.Configuration,
  given: {
    readonly answer: URLSearchParams;
    readonly secrets: Secrets;
    readonly issuer: string;
    readonly callbackUrl: string;
    /** Says in the log which attempt it is. */
    readonly about: LogFields;
    readonly log: Log;
    /** Whose answer it is. */
    readonly provider: Provider;
  },
): Promise<ExchangedCode> {
  const { answer, secrets, issuer } = given;
  const refused = (reason: StepUpFailure): ExchangedCode => ({ ok: false, reason });
  const metadata = configuration.serverMetadata();
  const issuers = answer.getAll("iss");
  const wanted = metadata.authorization_response_iss_parameter_supported === true ? 1 : issuers.length;
  if (issuers.length !== wanted || issuers.some((each) => each !== issuer)) return refused("mixed_up_issuer");
  const error = answer.get("error");
  if (error !== null)
    return refused(error === "access_denied" ? "cancelled" : UNMET.has(error) ? "too_weak" : "provider_refused");

  const url = new URL(given.callbackUrl);
  url.search = answer.toString();
  const { state, nonce, verifier } = secrets;
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
  try {
    const tokens = await withNewerKeys(given.provider, configuration, (keyed) =>
      oidc.authorizationCodeGrant(keyed, url, checks),
    );
    const read = readToken(tokens.id_token ?? "");
    if (!read.ok) {
      given.log.warn({ ...given.about, issuer, reason: read.detail }, REFUSED_TOKEN);
      return refused("provider_refused");
    }
    const { azp } = read.parts.claims;
    if (azp !== undefined && azp !== configuration.clientMetadata().client_id) {
      given.log.warn({ ...given.about, issuer, reason: "azp is another client" }, REFUSED_TOKEN);
      return refused("provider_refused");
    }
    return {
      ok: true,
      claims: read.parts.claims,
      held: { accessToken: tokens.access_token, refreshToken: tokens.refresh_token },
    };
  } catch (err) {
    return refused(failureOf(err, given).reason);
  }
}

/** What the library read, as JSON of ours. */
export function plainClaims(claims: object | undefined): JsonObject | undefined {
  const value: unknown = JSON.parse(JSON.stringify(claims ?? null));
  return isObject(value) ? value : undefined;
}
