import type { ServerResponse } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { FULL_STANDING } from "../../src/core/standing.ts";
import { STEP_UP_LIMITS } from "../../src/step-up/options.ts";
import type { HeldTokens } from "../../src/step-up/provider/held-tokens.ts";
import { createProvider } from "../../src/step-up/provider/provider.ts";
import { createRenewal } from "../../src/step-up/provider/renew-sign-in.ts";
import { recordingLog } from "../support/recording-log.ts";
import { type ForgingProvider, signed, startForgingProvider } from "./forging-provider.ts";
import { stepUpOptions } from "./helpers.ts";

const CLAIMS = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };
const held: HeldTokens = { accessToken: "a", refreshToken: "r" };

/** A provider that said who Ann is a moment ago, and how it is asked again. */
async function setUp() {
  const provider = await startForgingProvider({ id_token_signing_alg_values_supported: ["RS256", "ES256"] });
  const { oidc } = stepUpOptions(provider.issuer, { clientSecret: "s" });
  const deps = { now: Date.now, log: recordingLog() };
  const asked = createProvider(oidc, { ...STEP_UP_LIMITS, timeoutMs: 2_000 }, deps);
  const accepts = { issuer: provider.issuer, claims: CLAIMS, standing: FULL_STANDING };
  const renew = createRenewal({ provider: asked, options: oidc, accepts, ...deps });
  well(provider);
  expect(await renew("ann", held)).toMatchObject({ ok: true });
  return {
    provider,
    async renew() {
      const renewed = await renew("ann", held);
      return renewed.ok ? "good" : renewed.reason;
    },
  };
}

function well(provider: ForgingProvider): void {
  provider.answer(({ key, claims }) => signed({ ...claims, roles: ["employee"], email: "ann@acme.com" }, key));
}

const says =
  (status: number, body: string, type = "application/json") =>
  (response: ServerResponse) =>
    void response.writeHead(status, { "Content-Type": type }).end(body);

const error = (status: number, code: string) => says(status, JSON.stringify({ error: code }));

describe("a console session whose provider is asked again", () => {
  it.each<[string, (response: ServerResponse) => void, "unknown" | "ended"]>([
    ["is gone", (response) => void response.socket?.destroy(), "unknown"],
    ["hangs", () => {}, "unknown"],
    ["fails", says(500, "canary", "text/html"), "unknown"],
    ["fails as an OAuth server does", error(503, "temporarily_unavailable"), "unknown"],
    ["has too much to do", error(429, "slow_down"), "unknown"],
    ["stands behind a proxy that lost it", says(404, "<html>", "text/html"), "unknown"],
    ["answers with a page", says(200, "<html>", "text/html"), "unknown"],
    ["answers with broken JSON", says(200, "{"), "unknown"],
    ["answers without end", says(200, " ".repeat(600_000)), "unknown"],
    ["does not know the gateway any more", error(401, "invalid_client"), "unknown"],
    ["does not like what the gateway asks", error(400, "invalid_scope"), "unknown"],
    ["ended the sign-in", error(400, "invalid_grant"), "ended"],
    ["wants the person to sign in", error(400, "interaction_required"), "ended"],
  ])("%s", async (_how, answer, expected) => {
    const { provider, renew } = await setUp();
    provider.serve("/token", answer);
    expect(await renew()).toBe(expected);
  });

  it("ends where it says somebody else's name", async () => {
    const { provider, renew } = await setUp();
    provider.answer(({ key, claims }) => signed({ ...claims, sub: "bob", roles: [], email: "b@acme.com" }, key));
    expect(await renew()).toBe("ended");
  });

  it.each(["second", "first"])(
    "goes on where its key was replaced, under the kid %s, and is renewed by the new one",
    async (kid) => {
      const { provider, renew } = await setUp();
      const { privateKey, publicKey } = await generateKeyPair("ES256");
      const jwk = { ...(await exportJWK(publicKey)), alg: "ES256", use: "sig", kid };
      // The set has nothing of it yet.
      provider.answer(({ claims }) =>
        signed({ ...claims, roles: ["employee"], email: "ann@acme.com" }, privateKey, "ES256", kid),
      );
      expect(await renew()).toBe("unknown");
      provider.serve("/jwks", says(200, JSON.stringify({ keys: [jwk] })));
      const asked = provider.posted.length;
      expect(await renew()).toBe("good");
      // A refresh token is good once.
      expect(provider.posted.length).toBe(asked + 1);
    },
  );
});
