import * as oidc from "openid-client";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { isThemselves, type Principal } from "../../core/principal.ts";
import type { ClaimsMapping, IssuerOptions } from "../../identity/options.ts";
import { claimAt, principalFromClaims } from "../../identity/tokens/claims.ts";
import { readToken } from "../../identity/tokens/parts.ts";
import type { OidcOptions } from "../options.ts";
import { plainClaims } from "./exchange-code.ts";
import { failureOf } from "./failure-of.ts";
import type { HeldTokens } from "./held-tokens.ts";
import { withNewerKeys } from "./newer-keys.ts";
import type { Provider } from "./provider.ts";
import { withUserInfo } from "./with-user-info.ts";

export type Renewed =
  | { readonly ok: true; readonly principal: Principal; readonly held: HeldTokens }
  /** `ended`: the provider says no, or names somebody else. `unknown`: it does not answer, or not about roles. */
  | { readonly ok: false; readonly reason: "ended" }
  | { readonly ok: false; readonly reason: "unknown"; readonly held: HeldTokens };

export interface RenewDeps {
  readonly provider: Provider;
  readonly options: Pick<OidcOptions, "issuer" | "clockToleranceMs">;
  /** How the access tokens of the same issuer are read. */
  readonly accepts: Pick<IssuerOptions, "issuer" | "claims" | "standing">;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Asks the provider who somebody is now: with a new ID token where it gave a refresh token, and at its UserInfo endpoint for
 * what that does not say. What was said at the sign-in counts for nothing here. OpenID Connect Core §5.3, §12.2
 */
export function createRenewal(deps: RenewDeps): (subject: string, held: HeldTokens) => Promise<Renewed> {
  const { provider, options, accepts, now, log } = deps;

  return async (subject, before) => {
    const configuration = await provider.configuration();
    let held = before;
    // A refresh token may be good once: the newest is kept, whatever comes after.
    const unknown = (): Renewed => ({ ok: false, reason: "unknown", held });
    if (configuration === undefined) return unknown();
    let claims: JsonObject = {};
    try {
      if (held.refreshToken !== undefined) {
        const { refreshToken } = held;
        const tokens = await withNewerKeys(provider, configuration, (keyed) =>
          oidc.refreshTokenGrant(keyed, refreshToken),
        );
        held = { accessToken: tokens.access_token, refreshToken: tokens.refresh_token ?? held.refreshToken };
        const read = tokens.id_token === undefined ? undefined : readToken(tokens.id_token);
        if (read?.ok === false) return ENDED;
        claims = read?.parts.claims ?? {};
      }
      if (isLacking(claims, accepts.claims) && configuration.serverMetadata().userinfo_endpoint !== undefined) {
        const more = plainClaims(await oidc.fetchUserInfo(configuration, held.accessToken, subject));
        claims = withUserInfo(claims, more, accepts.claims.email);
      }
    } catch (err) {
      const about = { what: "renewal of a sign-in" };
      return failureOf(err, { issuer: options.issuer, about, log }).isNo ? ENDED : unknown();
    }
    if (claims["sub"] !== undefined && claims["sub"] !== subject) return ENDED;
    // A provider that tells roles in its first ID token only has not taken them away by saying nothing.
    if (claimAt(claims, accepts.claims.roles) === undefined) return unknown();
    const clock = { now: now(), toleranceMs: options.clockToleranceMs };
    const principal = principalFromClaims(accepts, subject, claims, clock);
    return isThemselves(principal) ? { ok: true, principal, held } : ENDED;
  };
}

/** Whether claims do not say who somebody is among people. */
export function isLacking(claims: JsonObject, { roles, email }: ClaimsMapping): boolean {
  return [roles, email].some((path) => claimAt(claims, path) === undefined);
}

const ENDED: Renewed = { ok: false, reason: "ended" };
