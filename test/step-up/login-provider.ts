import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Provider } from "oidc-provider";
import { onTestFinished } from "vitest";
import { signingKey } from "../support/signing-key.ts";

export interface LoginProviderOptions {
  /** Redirect URI of the client `portcullis`; known once the gateway listens. */
  readonly redirectUri: () => string;
  /** Whether the provider refuses what it cannot reach (`claims` parameter). Default: it signs people in more weakly. */
  readonly essential?: boolean;
  readonly clientSecret?: string;
  /** What the provider knows of somebody besides their subject. Default: nothing. */
  readonly about?: (account: string) => Readonly<Record<string, unknown>>;
  /** Which of it stands in ID tokens; the rest is told at the UserInfo endpoint. */
  readonly inIdToken?: readonly string[];
}

/** A real OpenID provider with a login page for a browser: who, how strongly, how long ago, or not at all. */
export interface LoginProvider {
  readonly issuer: string;
  readonly clientSecret: string;
  /** Paths that were asked for, without queries. */
  readonly requests: readonly string[];
  /** Queries of the authorization endpoint. */
  readonly wishes: readonly URLSearchParams[];
  /** Answers nobody any more. */
  stop(): Promise<void>;
}

/** Starts one on a free port; it ends with the test. */
export async function startLoginProvider(options: LoginProviderOptions): Promise<LoginProvider> {
  const clientSecret = options.clientSecret ?? randomBytes(24).toString("base64url");
  const requests: string[] = [];
  const wishes: URLSearchParams[] = [];
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://provider");
    requests.push(url.pathname);
    if (url.pathname === "/auth") wishes.push(url.searchParams);
    handle?.(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  onTestFinished(stop);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  const issuer = `http://127.0.0.1:${address.port}`;

  let provider: Provider | undefined;
  handle = (request, response) => {
    void serve().catch((err: unknown) => {
      response.statusCode = 500;
      response.end(String(err));
    });
    async function serve(): Promise<void> {
      // Made at the first request, when the gateway has its port.
      provider ??= await createProvider(issuer, clientSecret, options);
      if (request.url?.startsWith("/interaction/") !== true) provider.callback()(request, response);
      else if (request.method === "POST") await login(provider, request, response);
      else {
        const { params } = await provider.interactionDetails(request, response);
        response.setHeader("Content-Type", "text/html");
        response.end(loginPage(String(params["acr_values"] ?? "")));
      }
    }
  };
  return { issuer, clientSecret, requests, wishes, stop };
}

function loginPage(acr: string): string {
  return `<!doctype html><title>Login</title><p>Asked: <span id="asked">${acr.replaceAll(/[^\w:. -]/g, "")}</span></p>
<form method="post"><input name="account" value="ann"><input name="acr" value="mfa"><input name="age" value="0">
<button name="act" value="login">Log in</button><button name="act" value="cancel">Cancel</button>
<button name="act" value="unmet">No second factor</button></form>`;
}

async function login(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const form = new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
  const options = { mergeWithLastSubmission: false };
  if (form.get("act") === "login") {
    const ts = Math.floor(Date.now() / 1000) - Number(form.get("age"));
    const result = { accountId: form.get("account"), acr: form.get("acr"), amr: ["pwd", "otp"], ts };
    return provider.interactionFinished(request, response, { login: result }, options);
  }
  const error = form.get("act") === "cancel" ? "access_denied" : "unmet_authentication_requirements";
  // What a provider writes here is anybody's text, and must show up nowhere.
  return provider.interactionFinished(request, response, { error, error_description: "canary-description" }, options);
}

interface SignedIn {
  readonly accountId?: string;
  readonly amr?: readonly string[];
}

interface SessionContext {
  readonly oidc: { readonly client?: { readonly clientId: string }; readonly session?: SignedIn };
}

async function createProvider(issuer: string, secret: string, options: LoginProviderOptions): Promise<Provider> {
  const provider: Provider = new Provider(issuer, {
    jwks: { keys: [await signingKey()] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    acrValues: ["pwd", "mfa", "hwk"],
    pkce: { required: () => true },
    ttl: { Grant: 600, IdToken: 600, Interaction: 600, Session: 600, AccessToken: 600 },
    claims: {
      openid: ["sub", "acr", "amr", "auth_time", ...(options.inIdToken ?? [])],
      profile: ["name", "roles", "email", "email_verified", "kind"],
    },
    clients: [{ client_id: "portcullis", client_secret: secret, redirect_uris: [options.redirectUri()] }],
    features: { devInteractions: { enabled: false }, claimsParameter: { enabled: options.essential === true } },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ ...options.about?.(id), sub: id }) }),
    interactions: { url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    // Nobody is asked for consent: what a client asks for is granted.
    loadExistingGrant: async ({ oidc }: SessionContext) => {
      const grant = new provider.Grant({ clientId: oidc.client?.clientId, accountId: oidc.session?.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  return provider;
}
