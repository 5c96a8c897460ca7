import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttemptBounds, createAttempts } from "../../src/http/attempts.ts";
import { createApiKey } from "../../src/identity/api-keys.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import type { Identified } from "../../src/identity/identity.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions } from "./helpers.ts";

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await startIssuer();
});

afterAll(() => issuer.close());

const ann = createApiKey();
const NOW = Date.now();
const claims = (sub: string, exp = NOW / 1000 + 300) => ({
  sub,
  aud: AUDIENCE,
  exp: Math.floor(exp),
  iat: Math.floor(NOW / 1000),
});

function counted(bounds: Partial<AttemptBounds> = {}) {
  let at = NOW;
  const log = recordingLog();
  const deps = { now: () => at, log };
  const attempts = createAttempts({
    ...deps,
    bounds: { windowMs: 60_000, perCredential: 10, perNetwork: 1_000, ...bounds },
  });
  const keys = [{ name: "laptop", hash: ann.hash, user: "ann", email: undefined, roles: [], groups: [] }];
  const options = identityOptions({ jwt: [issuerOptions(issuer.issuer)], apiKeys: keys });
  const identity = createIdentity(options, { ...deps, attempts });
  const codeOf = (identified: Identified) => (identified.ok ? "good" : identified.refusal.code);
  return {
    try: async (credential: string) => codeOf(await identity.identify(bearer(credential))),
    identify: (credential: string) => identity.identify(bearer(credential)),
    pass(ms: number) {
      at += ms;
    },
  };
}

describe("whoever guesses", () => {
  it("keys that begin like one is answered 429 with Retry-After after ten of them", async () => {
    const { try: attempt, identify } = counted();
    for (let i = 0; i < 10; i++) expect(await attempt(`${ann.key.slice(0, 20)}${i}`)).toBe("TOKEN_INVALID");
    expect(await identify(ann.key)).toMatchObject({
      refusal: { code: "ATTEMPTS_TOO_MANY" },
      headers: { "Retry-After": "60" },
    });
  });

  it("signatures is answered so too, however many come at once", async () => {
    const { try: attempt } = counted();
    const [head = "", body = ""] = (await issuer.mint(claims("ann"))).split(".");
    const guesses = Array.from({ length: 30 }, (_, index) => `${head}.${body}.${"A".repeat(40)}${index + 10}`);
    const codes = await Promise.all(guesses.map(attempt));
    expect(codes.filter((code) => code === "TOKEN_INVALID")).toHaveLength(10);
    expect(codes.filter((code) => code === "ATTEMPTS_TOO_MANY")).toHaveLength(20);
  });
});

describe("others at the same address", () => {
  it("get in with keys and tokens while somebody there guesses", async () => {
    const { try: attempt } = counted();
    for (let i = 0; i < 50; i++) await attempt(`pk_guess${i % 2}`);
    const bad = await issuer.mint({ ...claims("eve"), aud: "https://elsewhere.example" });
    for (let i = 0; i < 50; i++) await attempt(bad);
    expect(await attempt(bad)).toBe("ATTEMPTS_TOO_MANY");
    expect(await attempt(ann.key)).toBe("good");
    expect(await attempt(await issuer.mint(claims("ann")))).toBe("good");
  });

  it("get in with what was good before, even where all of them together have failed too often", async () => {
    const { try: attempt, pass } = counted({ perNetwork: 5 });
    const token = await issuer.mint(claims("ann"));
    expect([await attempt(ann.key), await attempt(token)]).toEqual(["good", "good"]);
    for (let i = 0; i < 6; i++) await attempt(`pk_${i}_guess_guess`);
    expect(await attempt("pk_new")).toBe("ATTEMPTS_TOO_MANY");
    expect([await attempt(ann.key), await attempt(token)]).toEqual(["good", "good"]);
    // Its signature has to be checked anew, which is no guess either.
    pass(61_000);
    for (let i = 0; i < 6; i++) await attempt(`pk_${i}_guess_guess`);
    expect(await attempt(token)).toBe("good");
  });
});

describe("a token that its issuer has made", () => {
  it("is never counted: expired, it is told so as often as it comes", async () => {
    const { try: attempt } = counted({ perNetwork: 5 });
    const expired = await issuer.mint(claims("ann", NOW / 1000 - 60));
    for (let i = 0; i < 20; i++) expect(await attempt(expired)).toBe("TOKEN_EXPIRED");
  });

  it("is not counted while it is good, however often and wherever it comes at once", async () => {
    const { try: attempt } = counted({ perCredential: 2, perNetwork: 2 });
    const token = await issuer.mint(claims("ann"));
    const codes = await Promise.all(Array.from({ length: 30 }, () => attempt(token)));
    expect(new Set(codes)).toEqual(new Set(["good"]));
  });
});
