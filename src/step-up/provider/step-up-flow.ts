import * as oidc from "openid-client";
import { sha256 } from "../../core/digest.ts";
import { randomId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Seal } from "../../core/seal.ts";
import type { StepUpFailure } from "../../core/step-up.ts";
import type { ChallengeRecord, StepUpStore } from "../../store/step-up/step-up.ts";
import type { OidcOptions, StepUpLimits } from "../options.ts";
import type { StepUpEvent } from "../step-up.ts";
import { acrValues } from "../strength.ts";
import { type AttemptCookie, attemptCookieName, openAttempt, sealAttempt } from "./attempt.ts";
import { checkSignIn } from "./check-sign-in.ts";
import { boundTo, exchangeCode, newSecrets, type Secrets } from "./exchange-code.ts";
import type { Provider } from "./provider.ts";

export interface StepUpFlowDeps {
  readonly store: StepUpStore;
  readonly provider: Provider;
  readonly options: OidcOptions;
  readonly limits: StepUpLimits;
  readonly publicUrl: () => string;
  readonly seal: Seal;
  readonly now: () => number;
  readonly log: Log;
  /** Tells of what happened, after it is on disk. */
  emit(challenge: ChallengeRecord, act: StepUpEvent["act"], reason?: StepUpFailure): void;
}

/** A challenge that can be shown, or why there is none. */
export type Shown =
  | { readonly ok: true; readonly challenge: ChallengeRecord }
  | { readonly ok: false; readonly reason: StepUpFailure };

export type StartedFlow =
  | { readonly ok: true; readonly location: string; readonly cookie: AttemptCookie }
  | { readonly ok: false; readonly reason: StepUpFailure };

export type FinishedFlow =
  | { readonly ok: true; readonly challenge: ChallengeRecord; readonly cookie: string }
  | {
      readonly ok: false;
      readonly reason: StepUpFailure;
      /** Known where the browser is the one that began; open ones can be tried again. */
      readonly challenge?: ChallengeRecord;
      /** Name of the cookie that has served. */
      readonly cookie?: string;
    };

/** What the pages do: see `pages.ts`. Every method may throw StoreError. */
export interface StepUpFlow {
  show(id: string): Promise<Shown>;
  /** Begins an attempt; the browser is to keep the cookie and go to the location. */
  start(id: string): Promise<StartedFlow>;
  /** Ends the attempt that an answer of the provider belongs to. */
  finish(answer: URLSearchParams, cookieOf: (name: string) => string | undefined): Promise<FinishedFlow>;
}

/**
 * The way to the identity provider and back: authorization code with PKCE (S256), single-use state, nonce, RFC 9207
 * `iss`, and a verified ID token. OpenID Connect Core §3.1, RFC 9700 §2.1
 */
export function createStepUpFlow(deps: StepUpFlowDeps): StepUpFlow {
  const { store, options, limits, now, log } = deps;
  const callbackUrl = () => `${deps.publicUrl()}/oauth/callback`;
  const secure = () => deps.publicUrl().startsWith("https:");

  async function show(id: string): Promise<Shown> {
    const challenge = await store.find(id);
    if (challenge === undefined) return { ok: false, reason: "unknown" };
    const reason = closedBecause(challenge, now());
    return reason === undefined ? { ok: true, challenge } : { ok: false, reason };
  }

  async function start(id: string): Promise<StartedFlow> {
    const shown = await show(id);
    if (!shown.ok) return shown;
    const { challenge } = shown;
    const configuration = await deps.provider.configuration();
    if (configuration === undefined) return { ok: false, reason: "provider_unreachable" };
    const attempt = { challenge: id, ...newSecrets() };
    if (!(await store.begin(id, sha256(attempt.state), now()))) return { ok: false, reason: "expired" };
    const location = oidc.buildAuthorizationUrl(configuration, {
      ...wishes(challenge, options.acrClaim, configuration.serverMetadata().claims_parameter_supported === true),
      redirect_uri: callbackUrl(),
      scope: ["openid", ...options.scopes].join(" "),
      ...(await boundTo(attempt)),
    });
    deps.emit(challenge, "started");
    const name = attemptCookieName(attempt.state, secure());
    const value = sealAttempt(deps.seal, attempt, challenge.expiresAt);
    return { ok: true, location: location.href, cookie: { name, value, maxAgeMs: challenge.expiresAt - now() } };
  }

  async function finish(
    answer: URLSearchParams,
    cookieOf: (name: string) => string | undefined,
  ): Promise<FinishedFlow> {
    const state = answer.get("state");
    if (state === null || state.length > 256) return { ok: false, reason: "foreign_state" };
    const cookie = attemptCookieName(state, secure());
    const attempt = openAttempt(deps.seal, cookieOf(cookie), state, now());
    if (attempt === undefined) return { ok: false, reason: "foreign_state" };
    const challenge = await store.find(attempt.challenge);
    if (challenge === undefined) return { ok: false, reason: "unknown", cookie };
    const configuration = await deps.provider.configuration();
    // Nothing is spent yet: the same address works again once the provider answers.
    if (configuration === undefined) return { ok: false, reason: "provider_unreachable", challenge };
    if (!(await store.take(challenge.id, sha256(state), now())))
      return { ok: false, reason: closedBecause(challenge, now()) ?? "replayed", challenge, cookie };
    const reason = await signInWith(configuration, answer, attempt, challenge);
    if (reason === undefined) {
      deps.emit(challenge, "met");
      return { ok: true, challenge, cookie };
    }
    await store.fail(challenge.id, limits.attempts);
    const after = (await store.find(challenge.id)) ?? challenge;
    deps.emit(after, "refused", reason);
    return { ok: false, reason, challenge: after, cookie };
  }

  /** Why the challenge is not met; `undefined` once it is. */
  async function signInWith(
    configuration: oidc.Configuration,
    answer: URLSearchParams,
    secrets: Secrets,
    challenge: ChallengeRecord,
  ): Promise<StepUpFailure | undefined> {
    const exchanged = await exchangeCode(configuration, {
      ...{ answer, secrets, issuer: options.issuer, callbackUrl: callbackUrl(), provider: deps.provider, log },
      about: { challenge: challenge.id },
    });
    if (!exchanged.ok) return exchanged.reason;
    const at = now();
    const checked = checkSignIn(exchanged.claims, challenge, options, at);
    if (!checked.ok) return checked.reason;
    const { issuer, subject, clientId, per, target, ttlMs } = challenge;
    const { acr, amr, authTime } = checked.signIn;
    const met = await store.meet({
      id: randomId(),
      challengeId: challenge.id,
      ...{ issuer, subject, clientId, per, target, acr, amr, authTime },
      createdAt: at,
      expiresAt: at + ttlMs,
    });
    if (met) return undefined;
    // Time ran out on the way, or another window was faster.
    const after = await store.find(challenge.id);
    return (after && closedBecause(after, now())) ?? "expired";
  }

  return { show, start, finish };
}

/** What is asked of the provider. It may ignore it all, so that `checkSignIn` looks again. */
function wishes(
  challenge: ChallengeRecord,
  acrClaim: string,
  claimsParameter: boolean,
): Readonly<Record<string, string>> {
  const values = acrValues(challenge.acr);
  const seconds = Math.max(1, Math.floor((challenge.maxAgeMs ?? challenge.ttlMs) / 1000));
  const context = values?.length === 1 ? { value: values[0] } : { values };
  const essential = {
    auth_time: { essential: true },
    ...(values === undefined ? {} : { [acrClaim]: { essential: true, ...context } }),
    ...(challenge.amr.length === 0 ? {} : { amr: { essential: true } }),
  };
  return {
    prompt: "login",
    // For the `auth_time` that providers put into the ID token only then. OpenID Connect Core §2
    max_age: String(seconds),
    ...(values === undefined ? {} : { acr_values: values.join(" ") }),
    // Only an essential claim makes a provider refuse what it cannot reach; one with a claim of its own knows no other
    // way to ask for it. OpenID Connect Core §5.5.1.1
    ...(claimsParameter || acrClaim !== "acr" ? { claims: JSON.stringify({ id_token: essential }) } : {}),
  };
}

function closedBecause({ state, expiresAt }: ChallengeRecord, now: number): StepUpFailure | undefined {
  if (state === "met") return "met";
  if (expiresAt <= now) return "expired";
  return state === "failed" ? "spent" : undefined;
}
