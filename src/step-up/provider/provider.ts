import * as oidc from "openid-client";
import type { Log } from "../../core/log.ts";
import { createFetchPace } from "../../identity/issuers/fetch-pace.ts";
import { KEY_TIMES } from "../../identity/options.ts";
import type { OidcOptions, StepUpLimits } from "../options.ts";
import { cappedFetch } from "./capped-fetch.ts";
import { providerErrorReason } from "./failure-of.ts";
import { taped } from "./newer-keys.ts";

/** The identity provider, as its metadata describe it. */
export interface Provider {
  /** `undefined` while it cannot be reached, or is not who it should be; the log says why. @throws never */
  configuration(): Promise<oidc.Configuration | undefined>;
  /**
   * Metadata and keys newer than those in hand, which do not bear out what the provider signed: `undefined` where it does not
   * answer, or was asked too often just now. @throws never
   */
  afresh(inHand: oidc.Configuration): Promise<oidc.Configuration | undefined>;
}

/**
 * Reads the provider's metadata when they are first needed, and again when they age: the old ones serve until new ones
 * are there. At most one look at a time, and none right after one that failed. OpenID Connect Discovery §4
 */
export function createProvider(
  options: OidcOptions,
  limits: Pick<StepUpLimits, "metadataMs" | "retryMs" | "timeoutMs" | "maxBytes">,
  deps: { readonly now: () => number; readonly log: Log },
): Provider {
  const { now, log } = deps;
  let known: { readonly configuration: oidc.Configuration; readonly at: number } | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  // As for the keys of access tokens: what is new is found within seconds, and nobody can have the provider asked for ever.
  const pace = createFetchPace(KEY_TIMES, now);
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const configuration = await discover(options, limits);
      const { issuer } = configuration.serverMetadata();
      // The library takes "https://idp" and "https://idp/" for one; tokens are compared character by character.
      if (issuer !== options.issuer) return failed(`its metadata name another issuer: ${issuer}`);
      known = { configuration, at: now() };
    } catch (err) {
      failed(providerErrorReason(err));
    }
  }

  function failed(reason: string): void {
    notBefore = now() + limits.retryMs;
    const { issuer } = options;
    log.warn({ issuer, reason, serving: known !== undefined }, "cannot read the metadata of the step-up provider");
  }

  function refresh(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    async afresh(inHand) {
      if (looking === undefined && known?.configuration === inHand) {
        if (pace.waitMs() > 0) return undefined;
        pace.begin();
      }
      if (known?.configuration === inHand) await refresh();
      return known?.configuration === inHand ? undefined : known?.configuration;
    },
    async configuration() {
      const old = known === undefined || now() - known.at >= limits.metadataMs;
      if (old && now() >= notBefore) {
        const refreshed = refresh();
        // Not awaited where old ones serve; `look` never rejects.
        if (known === undefined) await refreshed;
      }
      return known?.configuration;
    },
  };
}

function discover(options: OidcOptions, limits: Pick<StepUpLimits, "timeoutMs" | "maxBytes">) {
  const issuer = new URL(options.issuer);
  const { clientSecret } = options;
  // ID tokens are verified by their signature too, not only by the connection that they came on. Clear text is for an
  // issuer that says so itself.
  const execute = [oidc.enableNonRepudiationChecks];
  if (issuer.protocol === "http:") execute.push(oidc.allowInsecureRequests);
  return oidc.discovery(
    issuer,
    options.clientId,
    { [oidc.clockTolerance]: Math.ceil(options.clockToleranceMs / 1000) },
    clientSecret === undefined ? oidc.None() : authenticateWith(clientSecret),
    { execute, timeout: limits.timeoutMs / 1000, [oidc.customFetch]: taped(cappedFetch(limits.maxBytes)) },
  );
}

/** HTTP Basic unless the provider says that it takes the secret in the body only. OpenID Connect Discovery §3 */
function authenticateWith(secret: string): oidc.ClientAuth {
  const basic = oidc.ClientSecretBasic(secret);
  const post = oidc.ClientSecretPost(secret);
  return (as, client, body, headers) => {
    const methods = as.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    (methods.includes("client_secret_basic") ? basic : post)(as, client, body, headers);
  };
}
