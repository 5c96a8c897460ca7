import { expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { FULL_STANDING, vouchedAddress } from "../../src/core/standing.ts";
import { claimAt, isVerified } from "../../src/identity/tokens/claims.ts";
import { withUserInfo } from "../../src/step-up/provider/with-user-info.ts";

const BOB = "bob@acme.com";
const MALLORY = "mallory@evil.example";

/** The address that a session would have. */
function addressOf(idToken: JsonObject, userInfo: JsonObject, path = "email"): string | undefined {
  const claims = withUserInfo(idToken, userInfo, path);
  const address = claimAt(claims, path);
  return vouchedAddress(typeof address === "string" ? address : undefined, isVerified(claims), FULL_STANDING);
}

it.each<[string, JsonObject, JsonObject, string | undefined]>([
  ["both in the ID token", { email: BOB, email_verified: true }, {}, BOB],
  ["both at UserInfo", {}, { email: BOB, email_verified: true }, BOB],
  [
    "an address nobody vouches for, and another that is",
    { email: BOB },
    { email: MALLORY, email_verified: true },
    undefined,
  ],
  ["an address here, the vouching there", { email: BOB }, { email_verified: true }, undefined],
  ["the vouching here, an address there", { email_verified: true }, { email: BOB }, undefined],
  ["two addresses, the signed one verified", { email: BOB, email_verified: true }, { email: MALLORY }, BOB],
  ["said to be unverified where it stands", { email: BOB, email_verified: false }, { email_verified: true }, undefined],
  [
    "unverified at UserInfo, verified in the token",
    { email_verified: true },
    { email: BOB, email_verified: false },
    undefined,
  ],
])("an address counts with what its own document says of it: %s", (_what, idToken, userInfo, address) => {
  expect(addressOf(idToken, userInfo)).toBe(address);
});

it("goes by the claim that the address is configured to stand in", () => {
  expect(addressOf({ mail: BOB }, { email: MALLORY, email_verified: true }, "mail")).toBe(undefined);
  expect(addressOf({ mail: BOB, email_verified: true }, { email: MALLORY }, "mail")).toBe(BOB);
});

it("takes what vouches for other claims likewise, and everything else from the signed token first", () => {
  const idToken = { sub: "1", phone_number: "+1", roles: ["a"] };
  const userInfo = { sub: "1", phone_number: "+2", phone_number_verified: true, roles: ["b"], name: "Bob" };
  expect(withUserInfo(idToken, userInfo, "email")).toEqual({ sub: "1", phone_number: "+1", roles: ["a"], name: "Bob" });
});
