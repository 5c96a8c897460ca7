import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Provider } from "oidc-provider";
import { signingKey } from "./signing-key.ts";

/** Somebody who can sign in. Every field but `id` becomes claims of the tokens. */
export interface OidcAccount {
  readonly id: string;
  readonly email?: string;
  readonly name?: string;
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
}

export interface OidcOptions {
  readonly accounts: readonly OidcAccount[];
  /** Resources that tokens may be asked for, and the scopes of each. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
  /** Context classes that the provider knows; a sign-in reaches what is asked for. */
  readonly acrValues?: readonly string[];
  /** Redirect URIs of the client `agent` besides the one that `signIn` uses. */
  readonly redirectUris?: readonly string[];
  /** Lifetime of access tokens, in seconds. Default: 600. */
  readonly tokenSeconds?: number;
  /** When people sign in, ms since the epoch. Default: now. */
  readonly signInTime?: () => number;
  /** Where the client `portcullis` is sent back to: a gateway that has people sign in again. Asked at the first request. */
  readonly stepUpCallback?: () => string;
}

export interface SignIn {
  readonly account: string;
  readonly resource: string;
  readonly scope?: string;
  readonly nonce?: string;
  readonly acr?: string;
  /** Another client of the same people. Default: `agent`. */
  readonly clientId?: "agent" | "other-agent";
}

export interface OidcTokens {
  readonly accessToken: string;
  readonly idToken: string | undefined;
}

/** A real identity provider on loopback: JWT access tokens (`typ: at+jwt`) by code flow with PKCE and by client credentials. */
export interface OidcServer {
  readonly issuer: string;
  /** The client that people sign in to, public. */
  readonly clientId: "agent";
  /** Goes through the whole sign-in as a browser would, the account chosen by `login_hint`. */
  signIn(request: SignIn): Promise<OidcTokens>;
  /** A token without a person, for the client `robot`. */
  machineToken(resource: string, scope?: string): Promise<string>;
  close(): Promise<void>;
}

/** What the client `portcullis` proves itself with. */
export const STEP_UP_SECRET = "step-up-secret-canary";

const REDIRECT = "http://127.0.0.1:1/callback";

/** Starts an identity provider on a free port. */
export async function startOidc(options: OidcOptions): Promise<OidcServer> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end();
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  const issuer = `http://127.0.0.1:${address.port}`;

  // Made at the first request: by then a gateway that is sent back to has its port.
  let making: Promise<Provider> | undefined;
  handle = (request, response) => {
    making ??= createProvider(issuer, options);
    making.then(
      (provider) => {
        if (request.url?.startsWith("/interaction/") === true) finish(provider, request, response, options.signInTime);
        else provider.callback()(request, response);
      },
      (err: unknown) => {
        response.statusCode = 500;
        response.end(String(err));
      },
    );
  };

  return {
    issuer,
    clientId: "agent",
    signIn: (request) => signIn(issuer, request),
    async machineToken(resource, scope) {
      const body = new URLSearchParams({ grant_type: "client_credentials", resource, ...(scope ? { scope } : {}) });
      const authorization = `Basic ${Buffer.from("robot:robot-secret").toString("base64")}`;
      return tokensOf(await fetch(`${issuer}/token`, { method: "POST", body, headers: { authorization } })).then(
        (tokens) => tokens.accessToken,
      );
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function createProvider(issuer: string, options: OidcOptions): Promise<Provider> {
  const accounts = new Map(options.accounts.map((account) => [account.id, account]));
  const provider: Provider = new Provider(issuer, {
    jwks: { keys: [await signingKey()] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    acrValues: [...(options.acrValues ?? [])],
    ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    claims: { openid: ["sub", "acr", "amr", "auth_time"], email: ["email", "email_verified"], profile: ["name"] },
    clients: [
      ...["agent", "other-agent"].map((id) => ({
        client_id: id,
        token_endpoint_auth_method: "none" as const,
        redirect_uris: [REDIRECT, ...(options.redirectUris ?? [])],
        grant_types: ["authorization_code", "refresh_token"],
      })),
      ...(options.stepUpCallback === undefined
        ? []
        : [
            {
              client_id: "portcullis",
              client_secret: STEP_UP_SECRET,
              redirect_uris: [options.stepUpCallback()],
            },
          ]),
      {
        client_id: "robot",
        client_secret: "robot-secret",
        redirect_uris: [],
        response_types: [],
        grant_types: ["client_credentials"],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      claimsParameter: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          audience: resource,
          scope: (options.resources[resource] ?? []).join(" "),
          accessTokenFormat: "jwt",
          accessTokenTTL: options.tokenSeconds ?? 600,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    findAccount: (_: unknown, id: string) => {
      const account = accounts.get(id);
      if (account === undefined) return undefined;
      const { email, name } = account;
      return { accountId: id, claims: () => ({ sub: id, email, email_verified: email !== undefined, name }) };
    },
    extraTokenClaims: (context: SessionContext, token: { accountId?: string }) => {
      const account = accounts.get(token.accountId ?? "");
      if (account === undefined) return undefined;
      const { id: _, ...claims } = account;
      const session = context.oidc.session ?? context.oidc.entities?.AuthorizationCode;
      return {
        ...claims,
        ...(claims.email === undefined ? {} : { email_verified: true }),
        ...(session?.acr === undefined ? {} : { acr: session.acr }),
        ...(session?.amr === undefined ? {} : { amr: session.amr }),
        ...(session?.authTime === undefined ? {} : { auth_time: session.authTime }),
      };
    },
    interactions: { url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    // Nobody is asked for consent: what a client asks for is granted.
    loadExistingGrant: async (context: SessionContext) => {
      const { client, session, params } = context.oidc;
      const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope("openid email profile offline_access");
      const resource = params?.["resource"];
      for (const name of Array.isArray(resource) ? resource : [resource]) {
        if (typeof name === "string") grant.addResourceScope(name, (options.resources[name] ?? []).join(" "));
      }
      await grant.save();
      return grant;
    },
  });
  return provider;
}

interface SignedIn {
  readonly accountId?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly authTime?: number;
}

interface SessionContext {
  readonly oidc: {
    readonly client?: { readonly clientId: string };
    readonly session?: SignedIn;
    readonly entities?: { readonly AuthorizationCode?: SignedIn };
    readonly params?: Readonly<Record<string, unknown>>;
  };
}

/** Signs the account of `login_hint` in, at the strength that was asked for. */
function finish(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  now: (() => number) | undefined,
): void {
  provider
    .interactionDetails(request, response)
    .then(({ params }) => {
      const acr = String(params["acr_values"] ?? "").split(" ")[0];
      const login = {
        accountId: params["login_hint"],
        amr: ["pwd"],
        ...(acr ? { acr } : {}),
        ...(now && { ts: Math.floor(now() / 1000) }),
      };
      return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
    })
    .catch((err: unknown) => {
      response.statusCode = 500;
      response.end(String(err));
    });
}

async function signIn(issuer: string, request: SignIn): Promise<OidcTokens> {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    client_id: request.clientId ?? "agent",
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: `openid email profile ${request.scope ?? ""}`.trim(),
    resource: request.resource,
    login_hint: request.account,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
    ...(request.acr === undefined ? {} : { acr_values: request.acr, prompt: "login" }),
  });
  const code = await followToCode(new URL(`${issuer}/auth?${query}`));
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: request.clientId ?? "agent",
    redirect_uri: REDIRECT,
    resource: request.resource,
    code,
    code_verifier: verifier,
  });
  return tokensOf(await fetch(`${issuer}/token`, { method: "POST", body }));
}

// A browser's part: cookies kept, redirects followed, until the one that leaves the provider.
async function followToCode(start: URL): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let hop = 0; hop < 10; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    const code = url.searchParams.get("code");
    if (code !== null) return code;
    if (url.searchParams.has("error")) throw new Error(`the provider refused: ${url.search}`);
  }
  throw new Error("the sign-in did not end");
}

async function tokensOf(response: Response): Promise<OidcTokens> {
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("access_token" in body)) {
    throw new Error(`the provider gave no token: ${JSON.stringify(body)}`);
  }
  const idToken = "id_token" in body ? String(body.id_token) : undefined;
  return { accessToken: String(body.access_token), idToken };
}
