import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as oidc from "openid-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { FULL_STANDING } from "../../src/core/standing.ts";
import {
  DEMO_CODE,
  type DemoProvider,
  type DemoProviderStart,
  startDemoProvider,
} from "../../src/demo/identity-provider.ts";
import { ACR_CODE, ACR_PASSWORD } from "../../src/demo/login.ts";
import { openProviderState, type ProviderStateFile } from "../../src/demo/provider-state.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import { send } from "../support/raw-mcp.ts";
import { recordingLog } from "../support/recording-log.ts";
import { visit } from "../support/visit.ts";

const GATEWAY = "http://127.0.0.1:3999";
const RESOURCE = `${GATEWAY}/mcp`;
const CALLBACK = "http://127.0.0.1:3998/callback";

function temporaryFile(): string {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-provider-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "demo-provider.json");
}

async function stateIn(path: string): Promise<ProviderStateFile> {
  const opened = await openProviderState(path);
  if (!opened.ok) throw new Error(opened.error);
  return opened.file;
}

const start = (state: ProviderStateFile, more: { host?: string; port?: number } = {}): Promise<DemoProviderStart> =>
  startDemoProvider({ host: "127.0.0.1", port: undefined, gatewayUrl: GATEWAY, log: recordingLog(), state, ...more });

async function running(state: ProviderStateFile, more: { port?: number } = {}): Promise<DemoProvider> {
  const started = await start(state, more);
  if (!started.ok) throw new Error(JSON.stringify(started));
  onTestFinished(() => started.provider.close());
  return started.provider;
}

/** A provider, and an agent that has registered itself there. */
async function setUp() {
  const path = temporaryFile();
  const state = await stateIn(path);
  const provider = await running(state);
  return { path, state, provider, agent: await register(provider), jar: new Map<string, string>() };
}

function register(provider: DemoProvider, more: object = {}): Promise<oidc.Configuration> {
  return oidc.dynamicClientRegistration(
    new URL(provider.issuer),
    {
      client_name: "An <i>agent</i>",
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      ...more,
    },
    oidc.None(),
    { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
  );
}

type Jar = Map<string, string>;

/** From the authorization endpoint on, until a page is shown or the agent is answered. */
async function follow(jar: Jar, from: URL, init?: RequestInit): Promise<{ url: URL; response: Response | undefined }> {
  let url = from;
  let response = await visit(jar, url, init);
  for (let hop = 0; hop < 10; hop++) {
    const to = response.headers.get("location");
    if (to === null) return { url, response };
    url = new URL(to, url);
    if (url.href.startsWith(CALLBACK)) return { url, response: undefined };
    response = await visit(jar, url);
  }
  throw new Error("The redirects did not end.");
}

/** Submits the form of the login page. */
const submit = (jar: Jar, page: URL, form: Record<string, string>, origin = page.origin) =>
  follow(jar, page, { method: "POST", body: new URLSearchParams({ act: "login", ...form }), headers: { origin } });

/** Goes as far as the login page. */
async function toLogin(agent: oidc.Configuration, jar: Jar, more: Record<string, string> = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(agent, {
    redirect_uri: CALLBACK,
    scope: "openid",
    resource: RESOURCE,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  });
  return { verifier, ...(await follow(jar, url)) };
}

interface Tokens {
  readonly access: string;
  readonly refresh: string | undefined;
  readonly id: Readonly<Record<string, unknown>> | undefined;
}

/** Signs in, and gives what the agent gets. */
async function signIn(
  agent: oidc.Configuration,
  jar: Jar,
  form: Record<string, string>,
  more: Record<string, string> = {},
): Promise<Tokens> {
  const { url, verifier } = await toLogin(agent, jar, more);
  const end = await submit(jar, url, form);
  if (end.response !== undefined) throw new Error(await end.response.text());
  const maxAge = more["max_age"] === undefined ? {} : { maxAge: Number(more["max_age"]) };
  const checks = { pkceCodeVerifier: verifier, ...maxAge };
  const tokens = await oidc.authorizationCodeGrant(agent, end.url, checks, { resource: RESOURCE });
  return { access: tokens.access_token, refresh: tokens.refresh_token, id: { ...tokens.claims() } };
}

/** Who the gateway says that a token's holder is. */
async function whoIs(provider: DemoProvider, token: string, audience = RESOURCE) {
  const claims = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };
  const issuer = {
    ...{ issuer: provider.issuer, audiences: [audience], jwksUrl: undefined, algorithms: ["ES256"], requireTyp: true },
    ...{ requiredScopes: [], clockToleranceMs: 0, maxAgeMs: 86_400_000, claims, standing: FULL_STANDING },
  };
  const options = { publicUrl: GATEWAY, jwt: [issuer], apiKeys: [], anonymous: false, scopesSupported: [], people: [] };
  const identity = createIdentity(options, { now: Date.now, log: recordingLog() });
  return identity.identify({ authorization: `Bearer ${token}`, remoteAddress: "127.0.0.1", path: "/mcp" });
}

describe("the demo's identity provider", () => {
  it("signs an agent's user in with a password, and its token is good at the gateway", async () => {
    const { provider, agent, jar, state } = await setUp();
    const { access, id } = await signIn(agent, jar, { user: "carla", password: state.current.password });
    const who = {
      sub: "carla",
      email: "carla@example.com",
      email_verified: true,
      roles: expect.arrayContaining(["cfo"]),
    };
    expect(id).toMatchObject({ ...who, acr: ACR_PASSWORD, amr: ["pwd"], auth_time: expect.any(Number) });
    expect(await whoIs(provider, access)).toMatchObject({
      ok: true,
      principal: {
        ...{ subject: "carla", kind: "person", email: "carla@example.com", name: "Carla" },
        ...{ roles: ["employee", "cfo", "platform-admin"], acr: ACR_PASSWORD, amr: ["pwd"] },
        ...{ authTime: expect.any(Number), clientId: agent.clientMetadata().client_id },
      },
    });
    expect(await whoIs(provider, access, `${GATEWAY}/mcp/crm`)).toMatchObject({ ok: false });
  });

  it.each([
    ["where acr_values ask for it", { acr_values: ACR_CODE }, {}],
    [
      "where an essential claim asks for it",
      { claims: `{"id_token":{"acr":{"essential":true,"value":"${ACR_CODE}"}}}` },
      {},
    ],
    ["where only the user wants it", {}, { with_code: "yes" }],
  ])("takes a code %s, and says so in both tokens", async (_what, wishes, form) => {
    const { provider, agent, jar, state } = await setUp();
    const secrets = { password: state.current.password, code: DEMO_CODE };
    const { access, id } = await signIn(agent, jar, { user: "ann", ...secrets, ...form }, wishes);
    const strong = { acr: ACR_CODE, amr: ["pwd", "otp"] };
    expect(id).toMatchObject(strong);
    expect(await whoIs(provider, access)).toMatchObject({ ok: true, principal: strong });
  });

  it.each([
    ["the password", { acr_values: ACR_CODE }, { password: "wrong", code: DEMO_CODE }],
    ["the code", { acr_values: ACR_CODE }, { code: "000000" }],
    ["the code, left out", { acr_values: ACR_CODE }, {}],
  ])("asks again when %s is wrong, and gives up after five times", async (_what, wishes, wrong) => {
    const { agent, jar, state } = await setUp();
    const { url } = await toLogin(agent, jar, wishes);
    const form = { user: "ann", password: state.current.password, ...wrong };
    for (let i = 0; i < 4; i++) {
      const { response } = await submit(jar, url, form);
      expect(response?.status).toBe(401);
      expect(await response?.text()).toContain('role="alert"');
    }
    expect((await submit(jar, url, form)).url.searchParams.get("error")).toBe("access_denied");
  });

  it.each([
    ["weaker, where it was a wish", { acr_values: ACR_CODE }, undefined],
    [
      "not at all, where it was essential",
      { claims: `{"id_token":{"acr":{"essential":true,"values":["${ACR_CODE}"]}}}` },
      "unmet_authentication_requirements",
    ],
  ])("signs in %s, whoever has no code", async (_what, wishes, error) => {
    const { agent, jar, state } = await setUp();
    const { url } = await toLogin(agent, jar, wishes);
    const form = { user: "ann", password: state.current.password, act: "no_code" };
    const { searchParams } = (await submit(jar, url, form)).url;
    expect(searchParams.get("error") ?? undefined).toBe(error);
    expect(searchParams.has("code")).toBe(error === undefined);
  });

  it("says at once that it does not know the only context that would do", async () => {
    const { agent, jar } = await setUp();
    const claims = '{"id_token":{"acr":{"essential":true,"value":"urn:other"}}}';
    const { url } = await toLogin(agent, jar, { claims });
    expect(url.searchParams.get("error")).toBe("unmet_authentication_requirements");
  });

  it.each([
    {},
    { prompt: "login" },
    { max_age: "0" },
    { max_age: "3600" },
    { prompt: "consent", scope: "openid offline_access" },
  ])("asks everybody each time, also with %o", async (wishes) => {
    const { agent, jar, state } = await setUp();
    const { password } = state.current;
    const first = await signIn(agent, jar, { user: "ann", password });
    const second = await signIn(agent, jar, { user: "sam", password }, wishes);
    expect([first.id?.["sub"], second.id?.["sub"]]).toEqual(["ann", "sam"]);
    expect(second.id?.["auth_time"]).toBeGreaterThanOrEqual(Number(first.id?.["auth_time"]));
  });

  it("keeps an agent signed in, with how its user did", async () => {
    const { provider, agent, jar, state } = await setUp();
    const form = { user: "ann", password: state.current.password, with_code: "yes", code: DEMO_CODE };
    const { refresh, id } = await signIn(agent, jar, form);
    const renewed = await oidc.refreshTokenGrant(agent, refresh ?? "", { resource: RESOURCE });
    expect(await whoIs(provider, renewed.access_token)).toMatchObject({
      principal: { acr: ACR_CODE, authTime: Number(id?.["auth_time"]) * 1000 },
    });
  });

  it("lets a native agent come back at whatever port it got", async () => {
    const { provider, jar, state } = await setUp();
    // RFC 8252 §7.3
    const uris = { redirect_uris: ["http://127.0.0.1/callback", "https://agent.example/redirect"] };
    const agent = await register(provider, { application_type: "native", ...uris });
    const { id } = await signIn(agent, jar, { user: "sam", password: state.current.password });
    expect(id).toMatchObject({ sub: "sam" });
  });

  it("lets nobody in who is not asked", async () => {
    const { agent, jar, state } = await setUp();
    await signIn(agent, jar, { user: "ann", password: state.current.password });
    expect((await toLogin(agent, jar, { prompt: "none" })).url.searchParams.get("error")).toBe("login_required");
  });

  it.each([
    ["of another server", { resource: "http://127.0.0.1:4000/mcp" }, "invalid_target"],
    ["of what is no endpoint", { resource: `${GATEWAY}/api` }, "invalid_target"],
    ["without PKCE", { code_challenge: "", code_challenge_method: "" }, "invalid_request"],
  ])("gives no token %s", async (_what, wishes, error) => {
    const { agent, jar } = await setUp();
    expect((await toLogin(agent, jar, wishes)).url.searchParams.get("error")).toBe(error);
  });

  it("mints a token as of a sign-in by password, which is good at the gateway", async () => {
    const { provider } = await setUp();
    const token = await provider.tokenFor("ann", 60);
    expect(await whoIs(provider, token)).toMatchObject({
      principal: { subject: "ann", kind: "person", roles: ["employee"], acr: ACR_PASSWORD, clientId: "demo-terminal" },
    });
    const { exp, iat } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(exp - iat).toBe(60);
  });

  it("keeps keys, port and registered agents over a restart, so that tokens of yesterday serve", async () => {
    const path = temporaryFile();
    const first = await start(await stateIn(path));
    if (!first.ok) throw new Error(JSON.stringify(first));
    const token = await first.provider.tokenFor("ann", 60);
    const agent = await register(first.provider);
    await first.provider.close();
    const state = await stateIn(path);
    const again = await running(state);
    expect(again.issuer).toBe(first.provider.issuer);
    expect(await whoIs(again, token)).toMatchObject({ ok: true });
    const { id } = await signIn(agent, new Map(), { user: "ann", password: state.current.password });
    expect(id).toMatchObject({ sub: "ann" });
  });

  it("finds another port where that of last time is taken, and refuses one that was asked for", async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, "127.0.0.1", done));
    onTestFinished(() => new Promise((done) => taken.close(() => done())));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const state = await stateIn(temporaryFile());
    state.keepPort(port);
    expect(await start(state, { port })).toMatchObject({ ok: false, error: expect.stringContaining("--idp-port") });
    expect((await running(state)).issuer).not.toContain(`:${port}`);
  });

  it.each(["0.0.0.0", "::", "192.168.1.10", "example.com"])("never listens on %s", async (host) => {
    const started = await start(await stateIn(temporaryFile()), { host });
    expect(started).toMatchObject({ ok: false, why: "refused", error: expect.stringContaining("this machine only") });
  });

  it("keeps its secrets to its owner, and says when the file is broken", async () => {
    const path = temporaryFile();
    await stateIn(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, readFileSync(path, "utf8").slice(0, 100));
    expect(await openProviderState(path)).toMatchObject({ ok: false, error: expect.stringContaining("Remove it") });
  });
});

describe("its pages", () => {
  it("say what they are, run nothing, and lead only to the agent", async () => {
    const { agent, jar } = await setUp();
    const { response } = await toLogin(agent, jar);
    const text = await response?.text();
    expect(text).toContain("Never use this for real");
    expect(text).toContain("An &lt;i&gt;agent&lt;/i&gt;");
    expect(text).not.toMatch(/<script|\son\w+=|style=/);
    const policy = response?.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' http://127.0.0.1:3998;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  });

  it.each([
    ["another name of this machine", { headers: { host: "demo.example" } }],
    ["a form of another page", { method: "POST", headers: { origin: "http://evil.example" }, body: "act=login" }],
  ])("refuse %s", async (_what, init) => {
    const { agent, jar } = await setUp();
    const { url } = await toLogin(agent, jar);
    const { host, ...headers }: Record<string, string> = init.headers;
    const port = Number(url.port);
    const status =
      host === undefined
        ? (await visit(jar, url, { ...init, headers })).status
        : (await send(port, { method: "GET", path: url.pathname, headers: { Host: host } })).status;
    expect(status).toBe(403);
  });

  it("say so when a sign-in is not this browser's", async () => {
    const { agent, jar } = await setUp();
    const { url } = await toLogin(agent, jar);
    const response = await visit(new Map(), url);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("Begin again where you came from");
  });

  it("have words of their own for what the library refuses", async () => {
    const { provider, jar } = await setUp();
    const response = await visit(jar, new URL(`${provider.issuer}/auth?client_id=nobody&response_type=code`));
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/Never use this for real[\s\S]*invalid_client/);
  });
});
