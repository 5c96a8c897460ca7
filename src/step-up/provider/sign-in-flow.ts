import * as oidc from "openid-client";
import type { Log } from "../../core/log.ts";
import { isThemselves, type Principal } from "../../core/principal.ts";
import type { Seal } from "../../core/seal.ts";
import type { StepUpFailure } from "../../core/step-up.ts";
import type { IssuerOptions } from "../../identity/options.ts";
import { principalFromClaims } from "../../identity/tokens/claims.ts";
import type { OidcOptions } from "../options.ts";
import { type AttemptCookie, attemptCookieName } from "./attempt.ts";
import { boundTo, exchangeCode, newSecrets, plainClaims } from "./exchange-code.ts";
import { failureOf } from "./failure-of.ts";
import type { HeldTokens } from "./held-tokens.ts";
import type { Provider } from "./provider.ts";
import { createRenewal, isLacking, type Renewed } from "./renew-sign-in.ts";
import { withUserInfo } from "./with-user-info.ts";

export interface SignInFlowDeps {
  readonly provider: Provider;
  readonly options: Pick<OidcOptions, "issuer" | "scopes" | "clockToleranceMs">;
  /** How this issuer's access tokens are read, and what counts of them: the ID token says the same of the same person. */
  readonly accepts: Pick<IssuerOptions, "issuer" | "claims" | "standing">;
  readonly publicUrl: () => string;
  /** For attempts, of a purpose of its own. */
  readonly seal: Seal;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** How long a sign-in may take, ms. */
  readonly attemptMs: number;
}

/** Why nobody is signed in. `machine`: no person stands behind the account. */
export type SignInFailure = StepUpFailure | "machine";

export type FinishedSignIn =
  | {
      readonly ok: true;
      readonly principal: Principal;
      /** To ask again with, when roles are to be looked up. */
      readonly held: HeldTokens;
      readonly to: string;
      readonly cookie: string;
    }
  | { readonly ok: false; readonly reason: SignInFailure; readonly cookie: string };

/** A sign-in of a person to the gateway itself, for no call in particular. */
export interface SignInFlow {
  /** Begins an attempt; the browser is to keep the cookie and go to the location. `to` comes back at the end. */
  start(
    to: string,
  ): Promise<
    | { readonly ok: true; readonly location: string; readonly cookie: AttemptCookie }
    | { readonly ok: false; readonly reason: SignInFailure }
  >;
  /** Whether an answer of the provider belongs to such a sign-in, by the cookie that came with it. @throws never */
  owns(answer: URLSearchParams, cookieOf: (name: string) => string | undefined): boolean;
  /** Asks the provider who somebody is now. @throws never */
  renew(subject: string, held: HeldTokens): Promise<Renewed>;
  /** Ends it. Only for an answer that it owns. @throws never */
  finish(answer: URLSearchParams, cookieOf: (name: string) => string | undefined): Promise<FinishedSignIn>;
}

/** Scopes that hold what people are called; asked for where the provider knows them. OpenID Connect Core §5.4 */
const PERSON_SCOPES = ["profile", "email"];

/**
 * Authorization code with PKCE (S256), `state`, `nonce`, RFC 9207 `iss` and a verified ID token. An attempt rests in a
 * sealed cookie of the browser that began it; the provider takes each code once, and this gateway each cookie. Roles that
 * the ID token does not hold are asked for at the provider's UserInfo endpoint. OpenID Connect Core §3.1, §5.3
 */
export function createSignInFlow(deps: SignInFlowDeps): SignInFlow {
  const { provider, options, accepts, seal, now, log } = deps;
  const callbackUrl = () => `${deps.publicUrl()}/oauth/callback`;
  const nameOf = (state: string) => attemptCookieName(state, deps.publicUrl().startsWith("https:"), "sign-in");

  function open(answer: URLSearchParams, cookieOf: (name: string) => string | undefined) {
    const state = answer.get("state");
    if (state === null || state.length > MAX_STATE) return undefined;
    const cookie = nameOf(state);
    const value = cookieOf(cookie);
    return value === undefined ? undefined : { state, cookie, attempt: seal.open(value, now()) };
  }

  return {
    async start(to) {
      const configuration = await provider.configuration();
      if (configuration === undefined) return { ok: false, reason: "provider_unreachable" };
      const secrets = newSecrets();
      const { scopes_supported: known = [] } = configuration.serverMetadata();
      const scopes = new Set(["openid", ...options.scopes, ...PERSON_SCOPES.filter((scope) => known.includes(scope))]);
      const location = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: callbackUrl(),
        scope: [...scopes].join(" "),
        ...(await boundTo(secrets)),
      });
      const value = seal.seal({ to, ...secrets }, now() + deps.attemptMs);
      return {
        ok: true,
        location: location.href,
        cookie: { name: nameOf(secrets.state), value, maxAgeMs: deps.attemptMs },
      };
    },
    renew: createRenewal({ provider, options, accepts, now, log }),
    owns: (answer, cookieOf) => open(answer, cookieOf) !== undefined,
    async finish(answer, cookieOf) {
      const opened = open(answer, cookieOf);
      const { to, state, nonce, verifier } = opened?.attempt ?? {};
      const cookie = opened?.cookie ?? "";
      const failed = (reason: SignInFailure): FinishedSignIn => ({ ok: false, reason, cookie });
      if (typeof to !== "string" || typeof nonce !== "string" || typeof verifier !== "string") return failed("expired");
      if (opened === undefined || state !== opened.state) return failed("foreign_state");
      const configuration = await provider.configuration();
      if (configuration === undefined) return failed("provider_unreachable");
      const given = { provider, issuer: options.issuer, about: { what: "sign-in to the console" }, log };
      const secrets = { state: opened.state, nonce, verifier };
      const exchanged = await exchangeCode(configuration, { ...given, answer, secrets, callbackUrl: callbackUrl() });
      if (!exchanged.ok) return failed(exchanged.reason);
      const { sub } = exchanged.claims;
      if (typeof sub !== "string" || sub === "") return failed("provider_refused");
      let claims = exchanged.claims;
      if (isLacking(claims, accepts.claims) && configuration.serverMetadata().userinfo_endpoint !== undefined) {
        try {
          const more = plainClaims(await oidc.fetchUserInfo(configuration, exchanged.held.accessToken, sub));
          claims = withUserInfo(claims, more, accepts.claims.email);
        } catch (err) {
          return failed(failureOf(err, given).reason);
        }
      }
      const principal = principalFromClaims(accepts, sub, claims, {
        now: now(),
        toleranceMs: options.clockToleranceMs,
      });
      const isClient = sub === configuration.clientMetadata().client_id;
      return isThemselves(principal) && !isClient
        ? { ok: true, principal, held: exchanged.held, to, cookie }
        : failed("machine");
    },
  };
}

const MAX_STATE = 256;
