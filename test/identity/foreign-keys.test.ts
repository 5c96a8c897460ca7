import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import { looksLikeToken } from "../../src/core/token-shape.ts";
import { createAttempts } from "../../src/http/attempts.ts";
import { createApiKey } from "../../src/identity/api-keys.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import type { ApiKeyOptions, IdentityOptions } from "../../src/identity/options.ts";
import { startIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, identityOptions, issuerOptions, principalOf, refusalOf } from "./helpers.ts";

const segment = (text: string) => Buffer.from(text).toString("base64url");
const SENDGRID = `SG.${"abcdefghijkl-opqrst_vw"}.${"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"}`;
const KEYS = [
  "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
  SENDGRID,
  "6f1ed002-ab59-4e0c-8f0c-0a0f1e2d3c4b",
  "a+b/c~d.e-f_0123456789==",
];
const ODD = "key:with!#signs(0123456789)";

const entry = (key: string, more: Partial<ApiKeyOptions> = {}): ApiKeyOptions => ({
  name: "crm",
  hash: `sha256:${sha256(key)}`,
  user: "ann",
  email: undefined,
  roles: [],
  groups: [],
  ...more,
});

const identityOf = (keys: readonly ApiKeyOptions[], more: Partial<IdentityOptions> = {}) => {
  const log = recordingLog();
  const now = () => 0;
  return createIdentity(identityOptions({ apiKeys: keys, ...more }), {
    now,
    log,
    attempts: createAttempts({ now, log }),
  });
};

const request = (authorization: string | undefined, apiKey?: string) => ({
  authorization,
  apiKey,
  remoteAddress: "203.0.113.7",
  path: "/mcp",
});

describe("a key of whatever make", () => {
  it.each(KEYS)("is good in both places: %s", async (key) => {
    const identity = identityOf([entry(key)]);
    const ways = [
      request(`Bearer ${key}`),
      request(`bEARER  ${key}`),
      request(undefined, key),
      request(`Bearer ${key}`, key),
    ];
    for (const way of [...ways, ...ways]) {
      expect(principalOf(await identity.identify(way))).toMatchObject({ issuer: "portcullis:keys", subject: "ann" });
    }
  });

  it("with signs that Bearer cannot have comes in its header", async () => {
    const identity = identityOf([entry(ODD)]);
    expect(principalOf(await identity.identify(request(undefined, ODD))).subject).toBe("ann");
    expect(refusalOf(await identity.identify(request(`Bearer ${ODD}`))).code).toBe("TOKEN_INVALID");
  });

  const [good = "", other = ""] = KEYS;
  it.each<[string, string | undefined, string]>([
    ["unknown", undefined, other],
    ["empty", undefined, ""],
    ["short of a character", undefined, good.slice(0, -1)],
    ["twice on two lines", undefined, `${good}, ${good}`],
    ["with a scheme", undefined, `Bearer ${good}`],
    ["with a NUL", undefined, `${good}\0`],
    ["of Latin-1", undefined, `${good}\u00ff`],
    ["very long", undefined, good.repeat(10_000)],
    ["another than in Authorization", `Bearer ${good}`, other],
    ["good, beside another key", `Bearer ${other}`, good],
    ["good, beside Basic", "Basic YTpi", good],
    ["good, beside nonsense", "nonsense", good],
    ["good, beside a token", `Bearer ${segment('{"alg":"ES256"}')}.e30.AA`, good],
  ])("is refused when it is %s", async (_what, authorization, apiKey) => {
    const refusal = refusalOf(await identityOf([entry(good)]).identify(request(authorization, apiKey)));
    expect(refusal.code).toBe("TOKEN_INVALID");
    expect(refusal.challenge).not.toContain(good);
  });

  it("is not what a token in its header is, also one that was good a moment ago", async () => {
    const issuer = await startIssuer();
    try {
      const now = Date.UTC(2026, 10, 21);
      const options = identityOptions({ apiKeys: [entry(good)], jwt: [issuerOptions(issuer.issuer)] });
      const identity = createIdentity(options, { now: () => now, log: recordingLog() });
      const claims = { iss: issuer.issuer, sub: "ann", aud: AUDIENCE, exp: now / 1000 + 600, iat: now / 1000 };
      const token = await issuer.signTexts(
        JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: issuer.publicKey().kid }),
        JSON.stringify(claims),
      );
      expect(principalOf(await identity.identify(request(`Bearer ${token}`))).subject).toBe("ann");
      expect(refusalOf(await identity.identify(request(undefined, token))).code).toBe("TOKEN_INVALID");
    } finally {
      await issuer.close();
    }
  });

  it("is not looked for where there are no keys", async () => {
    const identity = identityOf([]);
    expect(identity.apiKeyHeader).toBeUndefined();
    expect(refusalOf(await identity.identify(request(`Bearer ${good}`))).challenge).toContain(
      "not a well-formed token",
    );
  });

  it("is read in the header that the operator names", () => {
    expect(identityOf([entry(good)]).apiKeyHeader).toBe("x-api-key");
    expect(identityOf([entry(good)], { apiKeyHeader: "x-acme-key" }).apiKeyHeader).toBe("x-acme-key");
  });

  it("has its metadata as claims, which a policy sees", async () => {
    const identity = identityOf([entry(good, { metadata: { tier: "gold", limits: { rows: 5 } } })]);
    expect(principalOf(await identity.identify(request(undefined, good)))).toMatchObject({
      claims: { tier: "gold", limits: { rows: 5 } },
      userClaims: ["*"],
    });
  });

  it("is held back after as many guesses as in Authorization", async () => {
    const identity = identityOf([entry(good)]);
    const codes: string[] = [];
    for (let at = 0; at < 12; at++)
      codes.push(refusalOf(await identity.identify(request(undefined, `guess-guess-${at}`))).code);
    expect(codes.slice(9)).toEqual(["TOKEN_INVALID", "ATTEMPTS_TOO_MANY", "ATTEMPTS_TOO_MANY"]);
  });
});

describe("the form of a token", () => {
  it.each<[string, boolean]>([
    [`${segment('{"alg":"none"}')}.e30.`, true],
    [`${segment(' \n{"alg":"ES256"}')}.e30.AA`, true],
    [`${segment('{"alg":"ES256"}')}.e30`, false],
    [`${segment('{"alg":"ES256"}')}.e30.AA.BB`, false],
    [`${segment("[]")}.e30.AA`, false],
    [SENDGRID, false],
    [createApiKey().key, false],
    ["..", false],
    ["", false],
  ])("%s: %s", (text, expected) => {
    expect(looksLikeToken(text)).toBe(expected);
  });
});
