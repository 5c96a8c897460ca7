import type { Provider, ProviderContext, SignedIn } from "oidc-provider";
import { DEMO_PEOPLE, type DemoName, demoName } from "./demo-people.ts";
import { ACR_CODE, ACR_PASSWORD } from "./login.ts";
import { wordsPage } from "./login-page.ts";
import { createProviderMemory } from "./provider-memory.ts";
import type { ProviderStateFile } from "./provider-state.ts";

/** The gateway's own registration. */
export const GATEWAY_CLIENT = "portcullis";

/** Whom the tour's token is given to. */
export const TERMINAL_CLIENT = "demo-terminal";

/** What agents ask for; `scopes_supported` of the demo's configuration. */
const SCOPE = "mcp:tools";

/** Of the provider's own session, which nobody is meant to have. */
export const SESSION_COOKIE = "demo-idp-session";

const CLAIMS = ["sub", "acr", "amr", "auth_time", "email", "email_verified", "name", "roles"];

const HOUR_S = 3600;

type Library = typeof import("oidc-provider");

/** How the demo's provider is set up: as careful as a real one, but for what it asks of people. */
export function providerConfiguration(deps: {
  readonly gatewayUrl: string;
  readonly state: ProviderStateFile;
  readonly library: Library;
  /** Known once it is made of this. */
  readonly provider: () => Provider;
}): object {
  const { gatewayUrl, state, provider } = deps;
  const { cookie_key: cookieKey, client_secret: clientSecret, keys } = state.current;
  return {
    adapter: createProviderMemory(state.clients),
    jwks: { keys },
    cookies: {
      keys: [cookieKey],
      // Cookies do not know ports: the gateway sees these, too.
      names: { session: SESSION_COOKIE, interaction: "demo-idp-interaction", resume: "demo-idp-resume" },
    },
    acrValues: [ACR_PASSWORD, ACR_CODE],
    pkce: { required: () => true },
    responseTypes: ["code"],
    scopes: ["openid", "offline_access", "profile", "email", SCOPE],
    claims: { openid: CLAIMS, profile: ["name"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    clientBasedCORS: () => false,
    clients: [
      { client_id: GATEWAY_CLIENT, client_secret: clientSecret, redirect_uris: [`${gatewayUrl}/oauth/callback`] },
      {
        client_id: TERMINAL_CLIENT,
        token_endpoint_auth_method: "none",
        redirect_uris: [],
        response_types: [],
        grant_types: [],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      claimsParameter: { enabled: true },
      registration: { enabled: true, issueRegistrationAccessToken: false },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_: unknown, resource: string) => {
          if (isEndpoint(gatewayUrl, resource)) return resourceInfo(resource);
          throw new deps.library.errors.InvalidTarget("The gateway of this demo has no such endpoint.");
        },
      },
    },
    ttl: {
      ...{ AccessToken: HOUR_S, AuthorizationCode: 60, Grant: 14 * 24 * HOUR_S, IdToken: 600, Interaction: 600 },
      ...{ RefreshToken: 14 * 24 * HOUR_S, Session: HOUR_S },
    },
    // Agents ask for the scopes that the gateway names, and should stay signed in without offline_access.
    issueRefreshToken: (_: unknown, client: { grantTypeAllowed(type: string): boolean }) =>
      client.grantTypeAllowed("refresh_token"),
    expiresWithSession: () => false,
    findAccount: (_: unknown, id: string) => {
      const name = demoName(id);
      return name && { accountId: name, claims: () => claimsOf(name) };
    },
    extraTokenClaims: (context: ProviderContext | undefined, token: { accountId?: string }) => {
      const name = demoName(token.accountId ?? "");
      const { AuthorizationCode, RefreshToken } = context?.oidc.entities ?? {};
      // Without a request behind it, it is the token that the tour shows.
      const { acr, amr, authTime } = AuthorizationCode ?? RefreshToken ?? passwordNow();
      return name && { ...claimsOf(name), acr, amr, auth_time: authTime };
    },
    interactions: {
      url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}`,
    },
    loadExistingGrant: (context: ProviderContext) => grantFor(provider(), context),
    renderError: (context: ProviderContext, out: { error: string; error_description?: string }) => {
      context.type = "html";
      context.body = String(wordsPage("This did not work", `${out.error}: ${out.error_description ?? ""}`));
    },
  };
}

/** What access tokens for one of the gateway's endpoints are like. */
export function resourceInfo(resource: string): object {
  return { audience: resource, scope: SCOPE, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } };
}

function isEndpoint(gatewayUrl: string, resource: string): boolean {
  return (
    resource.startsWith(gatewayUrl) && /^\/mcp(\/[a-z0-9][a-z0-9-]{0,31})?$/.test(resource.slice(gatewayUrl.length))
  );
}

/** What tokens say of somebody, besides how they signed in. */
function claimsOf(name: DemoName): Readonly<Record<string, unknown>> {
  const { email, name: display, roles } = DEMO_PEOPLE[name];
  return { sub: name, email, email_verified: true, name: display, roles };
}

function passwordNow(): SignedIn {
  return { acr: ACR_PASSWORD, amr: ["pwd"], authTime: Math.floor(Date.now() / 1000) };
}

// The gateway itself is let in without being named; every other client's name stood on the page where somebody signed in.
async function grantFor(provider: Provider, { oidc }: ProviderContext) {
  const clientId = oidc.client?.clientId;
  if (clientId === GATEWAY_CLIENT) {
    const grant = new provider.Grant({ clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  }
  const granted = oidc.result?.consent?.grantId;
  return granted === undefined ? undefined : provider.Grant.find(granted);
}
