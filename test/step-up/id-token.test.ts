import { base64url, exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { KEY_TIMES } from "../../src/identity/options.ts";
import { type Answer, type ForgingProvider, signed, startForgingProvider } from "./forging-provider.ts";
import { begin, caller, comeBack, requirement, startStepUp, stepUpOptions, type TestStepUp } from "./helpers.ts";

const SECRET = "canary-client-secret";

async function setUp(metadata: Readonly<Record<string, unknown>> = {}) {
  const provider = await startForgingProvider(metadata);
  const gateway = await startStepUp({
    options: () => stepUpOptions(provider.issuer, { clientSecret: SECRET }),
    limits: { timeoutMs: 1_000 },
  });
  return { provider, gateway };
}

/** The whole way, as far as it goes; then nothing secret is in the log or in the events. */
async function signIn(
  { provider, gateway }: { provider: ForgingProvider; gateway: TestStepUp },
  params: Readonly<Record<string, string>> = {},
): Promise<string> {
  const challenge = await gateway.challenge({}, caller(provider.issuer));
  const begun = await begin(gateway, challenge);
  const { searchParams } = begun.location;
  provider.nonce = searchParams.get("nonce") ?? "";
  const page = await comeBack(gateway, begun, params);
  const told = JSON.stringify([gateway.log.lines, gateway.events], (_key, value: unknown) =>
    value instanceof Error ? { ...value, message: value.message, stack: value.stack, cause: value.cause } : value,
  );
  const secrets = [
    "canary",
    "eyJ",
    provider.nonce,
    searchParams.get("state"),
    provider.posted[0]?.get("code_verifier"),
  ];
  for (const secret of secrets) if (secret) expect(told).not.toContain(secret);
  return page;
}

const seconds = () => Math.floor(Date.now() / 1000);

const claim =
  (change: Readonly<Record<string, unknown>>): Answer =>
  ({ key, claims }) =>
    signed({ ...claims, ...change }, key);

const none: Answer = ({ claims }) =>
  `${base64url.encode(JSON.stringify({ alg: "none" }))}.${base64url.encode(JSON.stringify(claims))}.`;

const WEAK = "403 This sign-in is not strong enough";
const OLD = "403 This sign-in is not fresh enough";
const OTHER = "403 This is somebody else&#39;s request";
const INVALID = "502 The sign-in did not work";
const AWAY = "503 The identity provider does not answer";

describe("an ID token", () => {
  it("that is all right elevates", async () => {
    const setup = await setUp();
    expect(await signIn(setup)).toBe("200 Confirmed");
    expect(setup.provider.posted[0]?.get("code")).toBe("canary-code");
    const check = await setup.gateway.service.check(requirement(), caller(setup.provider.issuer));
    expect(check).toMatchObject({ by: "elevation" });
  });

  it.each<[string, Answer, string]>([
    ["without a signature", none, INVALID],
    [
      "signed with the client's secret",
      ({ claims }) => signed(claims, new TextEncoder().encode(SECRET.repeat(2)), "HS256"),
      INVALID,
    ],
    ["signed by another key", ({ claims, foreignKey }) => signed(claims, foreignKey), INVALID],
    ["that is no token", () => "canary", INVALID],
    ["that is missing", () => undefined, INVALID],
    ["for another client", claim({ aud: "other" }), INVALID],
    ["for two clients, of which ours did not ask", claim({ aud: ["portcullis", "other"], azp: "other" }), INVALID],
    ["that another client is the authorized party of", claim({ azp: "other" }), INVALID],
    ["of another issuer", claim({ iss: "https://evil.example" }), INVALID],
    ["that has expired", claim({ exp: seconds() - 60 }), INVALID],
    ["that never expires", claim({ exp: undefined }), INVALID],
    ["that is not valid yet", claim({ nbf: seconds() + 60 }), INVALID],
    ["with another nonce", claim({ nonce: "other" }), INVALID],
    ["without a nonce", claim({ nonce: undefined }), INVALID],
    ["of somebody else", claim({ sub: "bob" }), OTHER],
    ["of somebody who acts for them", claim({ act: { sub: "bot" } }), OTHER],
    ["of nobody", claim({ sub: undefined }), INVALID],
    ["without a context", claim({ acr: undefined }), WEAK],
    ["of a weaker context", claim({ acr: "pwd" }), WEAK],
    ["with a context that is no text", claim({ acr: ["mfa"] }), WEAK],
    ["without the time of the sign-in", claim({ auth_time: undefined }), OLD],
    ["of a sign-in before the challenge", claim({ auth_time: seconds() - 60 }), OLD],
    ["of a sign-in to come", claim({ auth_time: seconds() + 3_600 }), OLD],
    ["of a sign-in in milliseconds", claim({ auth_time: Date.now() }), OLD],
  ])("%s does not", async (_what, answer, expected) => {
    const setup = await setUp();
    setup.provider.answer(answer);
    expect(await signIn(setup)).toBe(expected);
    const check = await setup.gateway.service.check(requirement(), caller(setup.provider.issuer));
    expect(check).toEqual({ satisfied: false, why: "acr" });
    expect(setup.gateway.events.at(-1)?.act).toBe("refused");
  });
});

describe("a key that came after the provider's keys were read", () => {
  const ES = { id_token_signing_alg_values_supported: ["RS256", "ES256"] };

  /** A provider that signed somebody in a moment ago, and signs with another key now; it shows that one if `shown`. */
  async function rotated(kid: string, shown: boolean) {
    const setup = await setUp(ES);
    expect(await signIn(setup)).toBe("200 Confirmed");
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const keys = shown ? [{ ...(await exportJWK(publicKey)), alg: "ES256", use: "sig", kid }] : [];
    setup.provider.answer(({ claims }) => signed(claims, privateKey, "ES256", kid));
    setup.provider.serve("/jwks", (response) => {
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ keys }));
    });
    return setup;
  }

  it.each(["second", "first"])("signs in at once, under the kid %s, and the code is redeemed once", async (kid) => {
    const setup = await rotated(kid, true);
    expect(await signIn(setup)).toBe("200 Confirmed");
    expect(setup.provider.posted).toHaveLength(2);
  });

  it("is looked for a few times at once and no more, where the provider has no such key", async () => {
    const setup = await rotated("second", false);
    const before = setup.provider.requests.length;
    for (let n = 0; n < 8; n++) expect(await signIn(setup)).toMatch(/^50[23] /);
    const looks = setup.provider.requests.slice(before).filter((path) => path === "/.well-known/openid-configuration");
    expect(looks.length).toBeLessThanOrEqual(KEY_TIMES.atOnce);
  });
});

describe("an answer", () => {
  const SAYS_ISS = { authorization_response_iss_parameter_supported: true };

  it.each<[string, object, (issuer: string) => Record<string, string>, string]>([
    ["of the issuer, which always says so", SAYS_ISS, (iss) => ({ iss }), "200 Confirmed"],
    ["of the issuer, which need not say so", {}, (iss) => ({ iss }), "200 Confirmed"],
    ["of nobody, where the issuer says who it is", SAYS_ISS, () => ({}), "400 The answer came from the wrong place"],
    ["of another issuer", {}, () => ({ iss: "https://evil.example" }), "400 The answer came from the wrong place"],
    ["that the person cancelled", {}, () => ({ error: "access_denied" }), "403 You cancelled the sign-in"],
    ["that the strength cannot be had", {}, () => ({ error: "unmet_authentication_requirements" }), WEAK],
    ["that something is wrong", {}, () => ({ error: "server_error", error_description: "canary" }), INVALID],
    ["with a token of its own", {}, () => ({ id_token: "eyJhbGciOiJub25lIn0.e30." }), INVALID],
  ])("%s", async (_what, metadata, params, expected) => {
    const setup = await setUp({ ...metadata });
    expect(await signIn(setup, params(setup.provider.issuer))).toBe(expected);
    if (!expected.startsWith("200")) expect(setup.provider.requests).not.toContain("/token");
  });
});

describe("pairwise subjects", () => {
  const oidc = { clientSecret: SECRET, subjectClaim: "oid" };
  const ann = (issuer: string, claims: Record<string, string>) =>
    caller(issuer, { claims: { iss: issuer, ...claims } });

  it.each([
    ["the same in both tokens", { oid: "o-1" }, "200 Confirmed"],
    ["another one", { oid: "o-2" }, OTHER],
    ["none in the ID token", {}, OTHER],
  ])("are told apart by a claim that both tokens have: %s", async (_what, claims, expected) => {
    const provider = await startForgingProvider();
    const gateway = await startStepUp({ options: () => stepUpOptions(provider.issuer, oidc) });
    provider.answer(claim({ sub: "pairwise", ...claims }));
    const begun = await begin(gateway, await gateway.challenge({}, ann(provider.issuer, { oid: "o-1" })));
    provider.nonce = begun.location.searchParams.get("nonce") ?? "";
    expect(await comeBack(gateway, begun)).toBe(expected);
  });

  it("help nobody whose own token lacks the claim", async () => {
    const provider = await startForgingProvider();
    const gateway = await startStepUp({ options: () => stepUpOptions(provider.issuer, oidc) });
    const check = await gateway.service.check(requirement(), ann(provider.issuer, {}));
    expect(check).toEqual({ satisfied: false, why: "not_configured" });
  });
});

describe("a context in a claim of the provider's own", () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["the one that was asked", { acrs: ["p1", "mfa"] }, "200 Confirmed"],
    ["others", { acrs: ["p1", "p2"] }, WEAK],
    ["none, but an acr", { acr: "mfa" }, WEAK],
  ])("counts, and is asked for there: %s", async (_what, claims, expected) => {
    const provider = await startForgingProvider();
    const gateway = await startStepUp({ options: () => stepUpOptions(provider.issuer, { acrClaim: "acrs" }) });
    provider.answer(claim(claims));
    const begun = await begin(gateway, await gateway.challenge({ acr: [["mfa"]] }, caller(provider.issuer)));
    const { searchParams } = begun.location;
    expect(JSON.parse(searchParams.get("claims") ?? "")).toMatchObject({
      id_token: { acrs: { essential: true, value: "mfa" } },
    });
    provider.nonce = searchParams.get("nonce") ?? "";
    expect(await comeBack(gateway, begun)).toBe(expected);
  });
});

describe("a provider", () => {
  it.each<[string, (provider: ForgingProvider) => void, string]>([
    [
      "that refuses the code",
      (it) =>
        it.serve("/token", (r) =>
          r
            .writeHead(400, { "Content-Type": "application/json" })
            .end('{"error":"invalid_grant","error_description":"canary"}'),
        ),
      INVALID,
    ],
    ["that fails", (it) => it.serve("/token", (r) => r.writeHead(500).end("canary")), AWAY],
    [
      "that answers without end",
      (it) =>
        it.serve("/token", (r) => r.writeHead(200, { "Content-Type": "application/json" }).end(" ".repeat(600_000))),
      AWAY,
    ],
    ["that hangs", (it) => it.serve("/token", () => {}), AWAY],
    ["whose keys are gone", (it) => it.serve("/jwks", (r) => r.writeHead(404).end()), AWAY],
  ])("%s elevates nobody", async (_what, break_, expected) => {
    const setup = await setUp();
    break_(setup.provider);
    expect(await signIn(setup)).toBe(expected);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["of another name", { issuer: "https://evil.example" }],
    ["of no name", { issuer: undefined }],
  ])("%s is not gone to", async (_what, metadata) => {
    const { provider, gateway } = await setUp(metadata);
    const challenge = await gateway.challenge({}, caller(provider.issuer));
    await expect(begin(gateway, challenge)).rejects.toThrow("503");
    expect(gateway.log.lines.some((line) => line.level === "warn")).toBe(true);
  });

  it("is asked for its metadata once, and again after they have aged", async () => {
    let later = 0;
    const provider = await startForgingProvider();
    const now = () => Date.now() + later;
    const gateway = await startStepUp({
      options: () => stepUpOptions(provider.issuer),
      now,
      limits: { challengeMs: 3_600_000 },
    });
    const challenge = await gateway.challenge({}, caller(provider.issuer));
    await Promise.all([begin(gateway, challenge), begin(gateway, challenge)]);
    await begin(gateway, challenge);
    expect(provider.requests).toHaveLength(1);
    later = 900_000;
    await begin(gateway, challenge);
    expect(provider.requests.length).toBeLessThanOrEqual(2);
    await expect.poll(() => provider.requests.length).toBe(2);
  });

  it.each([
    ["in the header", {}, undefined],
    [
      "in the body, where it takes it there only",
      { token_endpoint_auth_methods_supported: ["client_secret_post"] },
      SECRET,
    ],
  ])("gets the secret %s", async (_what, metadata, posted) => {
    const setup = await setUp(metadata);
    expect(await signIn(setup)).toBe("200 Confirmed");
    expect(setup.provider.posted[0]?.get("client_secret") ?? undefined).toBe(posted);
  });
});
