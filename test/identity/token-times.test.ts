import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdentity } from "../../src/identity/create-identity.ts";
import { authTimeOf, readNumericDate } from "../../src/identity/tokens/times.ts";
import { lackOf } from "../../src/step-up/strength.ts";
import { type Claims, startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions, principalOf, refusalOf } from "./helpers.ts";

const NOW = Date.UTC(2026, 10, 21);
const SECONDS = NOW / 1000;
const HOUR = 3_600;
const CLOCK = { now: NOW, toleranceMs: 5_000 };

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

async function identify(change: Claims, maxAgeMs = 24 * HOUR * 1000) {
  const options = identityOptions({ jwt: [issuerOptions(issuer.issuer, { maxAgeMs })] });
  const identity = createIdentity(options, { now: () => NOW, log: recordingLog() });
  // The mint of the library wants numbers; what is signed here is what an issuer wrote.
  const claims = { iss: issuer.issuer, sub: "ann", aud: AUDIENCE, iat: SECONDS, exp: SECONDS + 600, ...change };
  const header = { alg: "ES256", typ: "at+jwt", kid: issuer.publicKey().kid };
  return identity.identify(bearer(await issuer.signTexts(JSON.stringify(header), JSON.stringify(claims))));
}

/** Values that are no seconds since 1970, whatever claim they stand in. */
const NO_TIMES: readonly unknown[] = [
  ...[NOW, NOW * 1000, -1, 1e300, 253_402_300_800],
  ...[`${SECONDS}`, "2026-11-21T00:00:00Z", "", true, null, [SECONDS], { value: SECONDS }],
];

it.each(NO_TIMES)("a time of a token is not %j", (value) => {
  expect(readNumericDate(JSON.parse(JSON.stringify(value)))).toBeUndefined();
});

it.each([
  [0, 0],
  [SECONDS, NOW],
  [SECONDS + 0.25, NOW + 250],
  [253_402_300_799, 253_402_300_799_000],
])("a time of a token is %d seconds", (seconds, ms) => {
  expect(readNumericDate(seconds)).toBe(ms);
});

it("a token holds until its end and the tolerance, which is when it is refused", async () => {
  const identified = await identify({});
  expect(identified.ok && identified.until).toBe(NOW + 600_000 + CLOCK.toleranceMs);
});

describe("a token is refused", () => {
  it.each(["exp", "nbf", "iat"].flatMap((claim) => NO_TIMES.map((value) => [claim, value] as const)))(
    "whose %s is %j",
    async (claim, value) => {
      const { code } = refusalOf(await identify({ [claim]: value }));
      expect(["TOKEN_INVALID", "TOKEN_EXPIRED"]).toContain(code);
    },
  );

  it.each<[string, Claims, number?]>([
    ["that lives for fifty years", { exp: SECONDS + 50 * 365 * 24 * HOUR }],
    ["that lives a second too long", { exp: SECONDS + 24 * HOUR + 1 }],
    ["that lives a second too long for its issuer", { exp: SECONDS + HOUR + 1 }, HOUR * 1000],
    ["that was issued long ago for long", { iat: SECONDS - 23 * HOUR, exp: SECONDS + 2 * HOUR }],
    ["that was issued at a time to come", { iat: SECONDS + 6 }],
    ["that was issued at a time to come, right before a far end", { iat: SECONDS + 1e9, exp: SECONDS + 1e9 + HOUR }],
    ["that does not say since when, and ends too late", { iat: undefined, exp: SECONDS + 24 * HOUR + 6 }],
  ])("%s", async (_what, change, maxAgeMs) => {
    expect(refusalOf(await identify(change, maxAgeMs)).code).toBe("TOKEN_INVALID");
  });
});

describe("a token is accepted", () => {
  it.each<[string, Claims, number?]>([
    ["that lives just as long as it may", { exp: SECONDS + 24 * HOUR }],
    ["that lives for a month where its issuer's may", { exp: SECONDS + 30 * 24 * HOUR }, 30 * 24 * HOUR * 1000],
    ["of an issuer whose clock is ahead", { iat: SECONDS + 5 }],
    ["with times in fractions", { iat: SECONDS - 0.5, exp: SECONDS + 0.5, nbf: SECONDS - 0.5 }],
    ["that does not say since when, and ends soon", { iat: undefined, exp: SECONDS + HOUR }],
  ])("%s", async (_what, change, maxAgeMs) => {
    expect(principalOf(await identify(change, maxAgeMs)).subject).toBe("ann");
  });
});

describe("the time of a sign-in", () => {
  const ask = { acr: [], amr: [], maxAgeMs: 300_000 };
  const lack = (authTime: number | undefined) => lackOf(ask, { acr: undefined, amr: [], authTime }, NOW);

  it.each<[string, unknown, number | undefined]>([
    ["this moment", SECONDS, NOW],
    ["five minutes ago, to the second", SECONDS - 300, NOW - 300_000],
    ["a fraction of a second ago", SECONDS - 0.5, NOW - 500],
    ["within the tolerance ahead: now", SECONDS + 5, NOW],
    ["beyond it", SECONDS + 5.001, undefined],
    ["an hour ahead", SECONDS + HOUR, undefined],
    ["missing", undefined, undefined],
    ...NO_TIMES.filter((value) => value !== 1e300).map((value): [string, unknown, undefined] => [
      `${JSON.stringify(value)}`,
      value,
      undefined,
    ]),
  ])("is read the same in access tokens and ID tokens, and is never fresher than it is: %s", async (_, value, time) => {
    // Issued by a clock that is ahead as far as one may be.
    const claims = JSON.parse(JSON.stringify({ auth_time: value, iat: SECONDS + 5 }));
    expect(authTimeOf(claims, CLOCK)).toBe(time);
    expect(principalOf(await identify(claims)).authTime).toBe(time);
    expect(lack(authTimeOf(claims, CLOCK))).toBe(time === undefined ? "max_age" : undefined);
  });

  it.each<[string, Claims, number | undefined]>([
    ["before it", { iat: SECONDS - 60, auth_time: SECONDS - 61 }, NOW - 61_000],
    ["in the same second", { iat: SECONDS - 60, auth_time: SECONDS - 59.5 }, NOW - 59_500],
    ["in the same second of a token that counts finer", { iat: SECONDS - 59.5, auth_time: SECONDS - 60 }, NOW - 60_000],
    ["a second after it", { iat: SECONDS - 60, auth_time: SECONDS - 59 }, undefined],
    ["after it, as of now", { iat: SECONDS - 3_600, auth_time: SECONDS }, undefined],
    ["after it, within the tolerance", { iat: SECONDS, auth_time: SECONDS + 5 }, undefined],
    ["when the token does not say since when it is", { iat: undefined, auth_time: SECONDS - 60 }, NOW - 60_000],
  ])("counts only of a sign-in that the token can have come of: %s", async (_, claims, time) => {
    expect(principalOf(await identify(claims)).authTime).toBe(time);
  });

  it.each([
    [NOW, undefined],
    [NOW - 300_000, undefined],
    [NOW - 300_001, "max_age"],
    [NOW + 1, "max_age"],
    [NOW + 3_600_000, "max_age"],
    [Number.NaN, "max_age"],
    [undefined, "max_age"],
  ])("satisfies a greatest age only between now and that age: %d", (authTime, expected) => {
    expect(lack(authTime)).toBe(expected);
  });
});
