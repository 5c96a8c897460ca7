import { createHmac } from "node:crypto";
import { exportSPKI, importJWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERRORS } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import type { IssuerOptions } from "../../src/identity/options.ts";
import { type Claims, type Minting, startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions, principalOf, refusalOf } from "./helpers.ts";

const NOW = Date.UTC(2026, 10, 21);
const SECONDS = NOW / 1000;
const CANARY = "canary-7f3a";
const METADATA = 'resource_metadata="http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp"';

let issuer: TestIssuer;
let stranger: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
  stranger = await startIssuer();
});
afterAll(async () => {
  await issuer.close();
  await stranger.close();
});

function identityWith(more: Partial<IssuerOptions> = {}) {
  const log = recordingLog();
  const options = identityOptions({ jwt: [issuerOptions(issuer.issuer, more)], scopesSupported: ["mcp:tools"] });
  return { identity: createIdentity(options, { now: () => NOW, log }), log };
}

const good: Claims = { sub: "ann", aud: AUDIENCE, exp: SECONDS + 600, iat: SECONDS };

/** So many who act one for another. */
function acting(count: number): JsonObject {
  return { sub: `bot-${count}`, ...(count > 1 && { act: acting(count - 1) }) };
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

describe("a token is refused with 401, a code and a challenge that says why", () => {
  const claims: [string, Claims, Minting, string, string][] = [
    ["for a foreign audience", { aud: "https://other.example/mcp" }, {}, "TOKEN_INVALID", "another audience"],
    ["for no audience", { aud: undefined }, {}, "TOKEN_INVALID", "another audience"],
    ["of a foreign issuer", { iss: "https://other.example" }, {}, "TOKEN_INVALID", "issuer"],
    ["of an issuer that differs by a slash", { iss: "http://127.0.0.1/" }, {}, "TOKEN_INVALID", "issuer"],
    ["that has expired", { exp: SECONDS - 6 }, {}, "TOKEN_EXPIRED", "expired"],
    ["that never expires", { exp: undefined }, {}, "TOKEN_INVALID", "expiry"],
    ["that is not valid yet", { nbf: SECONDS + 6 }, {}, "TOKEN_INVALID", "not valid yet"],
    ["without a subject", { sub: undefined }, {}, "TOKEN_INVALID", "subject"],
    ["of type logout+jwt", {}, { header: { typ: "logout+jwt" } }, "TOKEN_INVALID", "typ"],
    ["of type dpop+jwt", {}, { header: { typ: "dpop+jwt" } }, "TOKEN_INVALID", "typ"],
    ["that is an ID token (at_hash)", { at_hash: "x" }, { header: { typ: "JWT" } }, "TOKEN_INVALID", "access token"],
    ["that is an ID token (nonce)", { nonce: "x" }, { header: { typ: "JWT" } }, "TOKEN_INVALID", "access token"],
    ["that is an ID token (typ ID)", { typ: "ID" }, { header: { typ: "JWT" } }, "TOKEN_INVALID", "access token"],
    [
      "that is an ID token (token_use)",
      { token_use: "id" },
      { header: { typ: "JWT" } },
      "TOKEN_INVALID",
      "access token",
    ],
    ["bound to a key of DPoP", { cnf: { jkt: "x" } }, {}, "TOKEN_INVALID", "cnf"],
    ["bound to a certificate", { cnf: { "x5t#S256": "x" } }, {}, "TOKEN_INVALID", "cnf"],
    ["bound to a key that stands in it", { cnf: { jwk: {} } }, {}, "TOKEN_INVALID", "cnf"],
    ["bound in a way of its own", { cnf: { other: "x" } }, {}, "TOKEN_INVALID", "cnf"],
    ["bound to nothing that can be read", { cnf: "x" }, {}, "TOKEN_INVALID", "cnf"],
    ["that is a logout token", { events: {} }, { header: { typ: "JWT" } }, "TOKEN_INVALID", "access token"],
    ["with a key id of nobody's", {}, { header: { kid: "key-9" } }, "TOKEN_INVALID", "key"],
    ["of which somebody acts who is a text", { act: "bot" }, {}, "TOKEN_INVALID", "(act)"],
    ["of which somebody acts who is a list", { act: [{ sub: "bot" }] }, {}, "TOKEN_INVALID", "(act)"],
    ["of which somebody acts who is null", { act: null }, {}, "TOKEN_INVALID", "(act)"],
    ["of which nobody acts", { act: {} }, {}, "TOKEN_INVALID", "(act)"],
    ["of which somebody acts without a name", { act: { sub: "" } }, {}, "TOKEN_INVALID", "(act)"],
    ["of which a number acts", { act: { sub: 5, client_id: "bot" } }, {}, "TOKEN_INVALID", "(act)"],
    ["of which somebody of no issuer acts", { act: { sub: "bot", iss: 5 } }, {}, "TOKEN_INVALID", "(act)"],
    ["of which nobody acted before", { act: { sub: "bot", act: {} } }, {}, "TOKEN_INVALID", "(act)"],
    ["of which too many act", { act: acting(9) }, {}, "TOKEN_INVALID", "(act)"],
    ["with a claim that rounds", { big: JSON.parse("12345678901234567890") }, {}, "TOKEN_INVALID", "differently"],
  ];

  it.each(claims)("%s", async (_, change, minting, code, why) => {
    const { identity } = identityWith();
    const token = await issuer.mint({ ...good, ...change, canary: CANARY }, minting);
    const refusal = refusalOf(await identity.identify(bearer(token)));
    expect(refusal.code).toBe(code);
    expect(ERRORS[refusal.code].status).toBe(401);
    expect(refusal.challenge).toContain(`Bearer ${METADATA}, scope="mcp:tools", error="invalid_token"`);
    expect(refusal.challenge).toMatch(new RegExp(`error_description="[^"]*${why}[^"]*"$`));
    expect(refusal.challenge).not.toContain(CANARY);
  });

  it("without a signature (alg none)", async () => {
    const { identity } = identityWith();
    const token = `${part({ alg: "none", typ: "at+jwt" })}.${part({ ...good, iss: issuer.issuer })}.`;
    expect(refusalOf(await identity.identify(bearer(token))).code).toBe("TOKEN_INVALID");
  });

  it("signed with the public key as a shared secret (HS256)", async () => {
    const { identity } = identityWith();
    const key = await importJWK({ ...issuer.publicKey(), ext: true }, "ES256", { extractable: true });
    if (key instanceof Uint8Array) throw new Error("not a public key");
    const signed = `${part({ alg: "HS256", typ: "at+jwt", kid: "key-1" })}.${part({ ...good, iss: issuer.issuer })}`;
    const signature = createHmac("sha256", await exportSPKI(key))
      .update(signed)
      .digest("base64url");
    const refusal = refusalOf(await identity.identify(bearer(`${signed}.${signature}`)));
    expect(refusal.code).toBe("TOKEN_INVALID");
    expect(refusal.challenge).toContain("algorithm");
  });

  it("of a foreign issuer who claims to be the trusted one", async () => {
    const { identity } = identityWith();
    const token = await stranger.mint({ ...good, iss: issuer.issuer });
    expect(refusalOf(await identity.identify(bearer(token))).code).toBe("TOKEN_INVALID");
  });

  it("with one bit of its claims changed", async () => {
    const { identity } = identityWith();
    const [header, , signature] = (await issuer.mint(good)).split(".");
    const claimed = part({ ...good, iss: issuer.issuer, roles: ["admin"] });
    const token = `${header}.${claimed}.${signature}`;
    expect(refusalOf(await identity.identify(bearer(token))).code).toBe("TOKEN_INVALID");
  });

  it("of an accepted kind of key but an algorithm that is not on the list", async () => {
    const { identity } = identityWith({ algorithms: ["RS256"] });
    expect(refusalOf(await identity.identify(bearer(await issuer.mint(good)))).challenge).toContain("algorithm");
  });

  it.each(["JWT", undefined])("of type %s where the issuer marks access tokens", async (typ) => {
    const { identity } = identityWith({ requireTyp: true });
    const refusal = refusalOf(await identity.identify(bearer(await issuer.mint(good, { header: { typ } }))));
    expect(refusal.challenge).toContain("Its typ is not at+jwt.");
  });

  it.each([
    ["not a token at all", "Bearer not-a-token"],
    ["no token after the scheme", "Bearer "],
    ["two tokens", "Bearer one two"],
    ["a token with characters that no token has", 'Bearer a"b'],
    ["twenty thousand characters", `Bearer ${"x".repeat(20_000)}`],
  ])("that is %s", async (_, authorization) => {
    const { identity } = identityWith();
    const refusal = refusalOf(await identity.identify({ ...bearer(undefined), authorization }));
    expect(refusal.code).toBe("TOKEN_INVALID");
  });
});

describe("a token is accepted", () => {
  it.each<[string, Claims, Minting]>([
    ["of type at+jwt", {}, {}],
    ["of type application/at+jwt", {}, { header: { typ: "application/at+jwt" } }],
    ["of type JWT", {}, { header: { typ: "JWT" } }],
    ["of no type", {}, { header: { typ: undefined } }],
    ["with several audiences", { aud: ["https://other.example", AUDIENCE] }, {}],
    ["within the clock tolerance after its end", { exp: SECONDS - 4 }, {}],
    ["within the clock tolerance before its start", { nbf: SECONDS + 4 }, {}],
    ["with which somebody acts for Ann", { act: { sub: "bot" } }, {}],
    ["with which a client acts for Ann", { act: { client_id: "bot", iss: "https://other.example" } }, {}],
    ["with which eight act one for another", { act: acting(8) }, {}],
    ["of a Keycloak that repeats the nonce", { typ: "Bearer", nonce: "x" }, { header: { typ: "JWT" } }],
  ])("%s", async (_, change, minting) => {
    const { identity } = identityWith();
    const token = await issuer.mint({ ...good, ...change }, minting);
    expect(principalOf(await identity.identify(bearer(token)))).toMatchObject({
      issuer: issuer.issuer,
      subject: "ann",
    });
  });
});

describe("what is needed besides a valid token", () => {
  it("is a scope: without it 403, and the challenge names every scope that it takes", async () => {
    const { identity } = identityWith({ requiredScopes: ["mcp:tools", "mcp:write"] });
    const token = await issuer.mint({ ...good, scope: "mcp:tools" });
    const refusal = refusalOf(await identity.identify(bearer(token)));
    expect(refusal.code).toBe("SCOPE_INSUFFICIENT");
    expect(refusal.challenge).toContain('scope="mcp:tools mcp:write", error="insufficient_scope"');
  });

  it("is nothing once the token has the scopes", async () => {
    const { identity } = identityWith({ requiredScopes: ["mcp:tools"] });
    const token = await issuer.mint({ ...good, scp: ["mcp:tools", "other"] });
    expect(principalOf(await identity.identify(bearer(token))).scopes).toEqual(["mcp:tools", "other"]);
  });
});

it("writes nothing of a token to the log, refused or accepted", async () => {
  const { identity, log } = identityWith();
  const tokens = [
    await issuer.mint({ ...good, sub: CANARY, roles: [CANARY] }),
    await issuer.mint({ ...good, sub: CANARY, aud: CANARY }),
    await issuer.mint({ ...good, sub: CANARY, exp: SECONDS - 100 }),
    await issuer.mint({ ...good, iss: `https://${CANARY}.example` }),
    await issuer.mint({ ...good, sub: CANARY }, { header: { kid: CANARY, typ: CANARY } }),
    `pk_${CANARY}`,
    CANARY,
  ];
  for (const token of tokens) await identity.identify(bearer(token));
  const logged = JSON.stringify(log.lines);
  expect(log.lines.length).toBeGreaterThanOrEqual(tokens.length - 1);
  for (const secret of [CANARY, ...tokens.flatMap((token) => token.split("."))]) expect(logged).not.toContain(secret);
});

it.each([
  ["ann@acme.com", true],
  ['"ann"@acme.com', false],
  ["Ann <ann@acme.com>", false],
  ["ann@acme.com.", false],
])("an address written as %s counts: %s, and the log says so where it does not", async (email, counts) => {
  const { identity, log } = identityWith();
  const token = await issuer.mint({ ...good, email, email_verified: true });
  const principal = principalOf(await identity.identify(bearer(token)));
  expect(principal.email).toBe(counts ? email : undefined);
  const warned = log.lines.filter(({ level }) => level === "warn");
  expect(warned).toHaveLength(counts ? 0 : 1);
  expect(JSON.stringify(log.lines)).not.toContain("acme.com");
});
