import * as oidc from "openid-client";
import type { Log } from "../../core/log.ts";
import type { OidcOptions, StepUpLimits } from "../options.ts";
import { cappedFetch } from "./capped-fetch.ts";

/** The identity provider, as its metadata describe it. */
export interface Provider {
  /** `undefined` while it cannot be reached, or is not who it should be; the log says why. @throws never */
  configuration(): Promise<oidc.Configuration | undefined>;
  /** Says that its keys may have changed: before it is asked again, metadata and keys are read anew, unless that was just now. */
  doubt(): void;
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
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const configuration = await discover(options, limits);
      const { issuer } = configuration.serverMetadata();
      // The library takes "https://idp" and "https://idp/" for one; tokens are compared character by character.
      if (issuer !== options.issuer) return failed(`its metadata name another issuer: ${issuer}`);
      known = { configuration, at: now() };
    } catch (err) {
      failed(reasonOf(err));
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
    doubt() {
      if (known !== undefined && now() - known.at >= limits.retryMs) known = undefined;
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
    { execute, timeout: limits.timeoutMs / 1000, [oidc.customFetch]: cappedFetch(limits.maxBytes) },
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

/** A code or a kind of error: messages and causes of the library hold tokens and what providers write. */
export function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return "unknown error";
  const { cause } = err;
  if (err instanceof TypeError && cause instanceof Error && "code" in cause) return String(cause.code);
  if (err instanceof oidc.ResponseBodyError) return `${err.code}: ${/^[a-z_]{1,64}$/.exec(err.error)?.[0] ?? "?"}`;
  return "code" in err && err.code !== undefined ? String(err.code) : err.name;
}
