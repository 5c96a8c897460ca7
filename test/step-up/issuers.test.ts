import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StepUpRequirement } from "../../src/core/decision.ts";
import type { Principal } from "../../src/core/principal.ts";
import { FULL_STANDING, GUEST_STANDING, type Standing } from "../../src/core/standing.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import { createPrincipalNow } from "../../src/identity/principal-now.ts";
import { UserView } from "../../src/policy/cel/views.ts";
import { wantsBetterToken } from "../../src/step-up/strength.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions, principalOf } from "../identity/helpers.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { caller, requirement, startStepUp, stepUpOptions } from "./helpers.ts";

const NOW = 1_800_000_000_000;
const SECONDS = NOW / 1000;

let home: TestIssuer;
let partner: TestIssuer;
beforeAll(async () => {
  home = await startIssuer();
  partner = await startIssuer();
});
afterAll(async () => {
  await home.close();
  await partner.close();
});

const VOUCHES: Standing = { ...GUEST_STANDING, may: ["call", "step_up"], scopes: ["*"] };

function jwt(further: Standing) {
  return [issuerOptions(home.issuer), issuerOptions(partner.issuer, { standing: further })];
}

/** Who comes with a token that says of its sign-in whatever could be asked. */
async function comesFrom(issuer: TestIssuer, further: Standing): Promise<Principal> {
  const identity = createIdentity(identityOptions({ jwt: jwt(further) }), { now: () => NOW, log: recordingLog() });
  const times = { iat: SECONDS, exp: SECONDS + 600, auth_time: SECONDS };
  const says = { acr: "mfa", amr: ["otp"], scope: "pay" };
  return principalOf(
    await identity.identify(bearer(await issuer.mint({ sub: "ann", aud: AUDIENCE, ...times, ...says }))),
  );
}

const POLICIES: readonly (readonly [string, Partial<StepUpRequirement>])[] = [
  ["a context", { acr: [["mfa"]] }],
  ["a method", { acr: [], amr: [["otp"]] }],
  ["a fresh sign-in", { acr: [], maxAgeMs: 300_000 }],
  ["a scope", { acr: [], scopes: ["pay"], via: "scope" }],
  ["all of them", { amr: [["otp"]], maxAgeMs: 300_000, scopes: ["pay"], via: "scope" }],
];
const ISSUERS: readonly (readonly [string, () => TestIssuer, Standing, boolean])[] = [
  ["the first issuer", () => home, GUEST_STANDING, true],
  ["a further issuer", () => partner, GUEST_STANDING, false],
  [
    "a further issuer whose people may do everything else",
    () => partner,
    { ...FULL_STANDING, may: ["call", "approve", "administer"] },
    false,
  ],
  ["a further issuer that may say how its people sign in", () => partner, VOUCHES, true],
];
const PROVIDERS = [
  ["with a provider", () => stepUpOptions(home.issuer)],
  ["without a provider", () => undefined],
] as const;

describe("what a token says of its own sign-in", () => {
  it.each(
    ISSUERS.flatMap(([from, issuer, standing, counts]) =>
      POLICIES.flatMap(([asked, change]) =>
        PROVIDERS.map(([provided, options]) => ({ from, issuer, standing, counts, asked, change, provided, options })),
      ),
    ),
  )("counts ($counts) where $from says it and a policy asks for $asked, $provided", async (row) => {
    const { service } = await startStepUp({ options: row.options, now: () => NOW });
    const principal = await comesFrom(row.issuer(), row.standing);
    const check = await service.check(requirement(row.change), caller("", principal));
    expect(check).toEqual(row.counts ? { satisfied: true, by: "token" } : { satisfied: false, why: "not_configured" });
  });

  it("is nothing that a sign-in at the provider could not make good, where its issuer may not say it", async () => {
    const { service } = await startStepUp({ options: () => stepUpOptions(partner.issuer), now: () => NOW });
    const principal = await comesFrom(partner, GUEST_STANDING);
    expect(await service.check(requirement(), caller("", principal))).toEqual({ satisfied: false, why: "acr" });
  });

  it.each(ISSUERS)("is seen by conditions or not at all, from %s", async (_, issuer, standing, counts) => {
    const { acr, amr, auth_time, claims } = new UserView(await comesFrom(issuer(), standing), Number.POSITIVE_INFINITY);
    expect({ acr, amr, auth_time }).toEqual(
      counts
        ? { acr: "mfa", amr: ["otp"], auth_time: new Date(NOW) }
        : { acr: undefined, amr: [], auth_time: undefined },
    );
    expect(claims).toBeDefined();
  });

  it("counts no longer once its issuer may not say it any more", async () => {
    const before = await comesFrom(partner, VOUCHES);
    const now = createPrincipalNow(identityOptions({ jwt: jwt(GUEST_STANDING) }))(before);
    expect(now).toMatchObject({ may: ["call"], acr: undefined, amr: [], authTime: undefined });
  });
});

describe("a policy that sends clients for a better token", () => {
  it.each(ISSUERS)("does so to %s only where such a token would serve", async (_who, issuer, further, serves) => {
    const principal = await comesFrom(issuer(), further);
    expect(wantsBetterToken({ challenge: "rfc9470" }, principal)).toBe(serves);
    expect(wantsBetterToken({ challenge: undefined }, principal)).toBe(false);
  });
});
