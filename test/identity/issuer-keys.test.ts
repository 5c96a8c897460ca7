import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createIdentity } from "../../src/identity/create-identity.ts";
import { KEY_TIMES, type KeyTimes } from "../../src/identity/options.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions, principalOf, refusalOf } from "./helpers.ts";

let issuer: TestIssuer;
let now: number;
beforeEach(async () => {
  issuer = await startIssuer();
  now = Date.UTC(2026, 10, 21);
});
afterEach(() => issuer.close());

let jti = 0;
const mint = (more: object = {}, minting = {}) =>
  issuer.mint({ sub: "ann", aud: AUDIENCE, exp: now / 1000 + 3600, jti: String(jti++), ...more }, minting);

function identityWith(jwksUrl: string | undefined = undefined, times: Partial<KeyTimes> = {}) {
  const log = recordingLog();
  const options = identityOptions({ jwt: [issuerOptions(issuer.issuer, { jwksUrl })] });
  const deps = { now: () => now, log, keyTimes: { ...KEY_TIMES, ...times } };
  return { identity: createIdentity(options, deps), log };
}

const jwksFetches = () => issuer.asked.filter((path) => path === "/jwks").length;

describe("an issuer's keys", () => {
  it("are found through its metadata", async () => {
    const { identity } = identityWith();
    expect(principalOf(await identity.identify(bearer(await mint()))).subject).toBe("ann");
    expect(issuer.asked).toContain("/.well-known/openid-configuration");
    expect(issuer.asked).toContain("/jwks");
  });

  it("are taken from jwks_url without asking for metadata", async () => {
    const { identity } = identityWith(issuer.jwksUrl);
    expect(principalOf(await identity.identify(bearer(await mint()))).subject).toBe("ann");
    expect(issuer.asked).toEqual(["/jwks"]);
  });

  it.each([[null], ["x"], [5], [true], [[]], [{}], [null, [{ kty: "EC" }], "", {}]])(
    "serve beside entries that are no keys (%j)",
    async (...entries) => {
      issuer.showBeside(entries);
      const { identity } = identityWith(issuer.jwksUrl);
      expect(principalOf(await identity.identify(bearer(await mint()))).subject).toBe("ann");
    },
  );

  it("are none where no entry is an object: the issuer cannot be asked", async () => {
    issuer.behave("keyless");
    issuer.showBeside([null, "x", []]);
    const { identity } = identityWith(issuer.jwksUrl);
    expect(refusalOf(await identity.identify(bearer(await mint()))).code).toBe("ISSUER_UNREACHABLE");
  });

  it("are fetched once for many tokens, also for those that arrive together", async () => {
    const { identity } = identityWith();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => mint()));
    await Promise.all(tokens.map((token) => identity.identify(bearer(token))));
    await identity.identify(bearer(await mint()));
    expect(jwksFetches()).toBe(1);
  });

  it("are fetched again when a token names a new key, and both the wait and the refusal of the old one follow", async () => {
    const { identity } = identityWith();
    await identity.identify(bearer(await mint()));
    await issuer.rotate();
    now += 1;
    expect(principalOf(await identity.identify(bearer(await mint()))).subject).toBe("ann");
    const withFormer = await mint({}, { withFormerKey: true });
    expect(refusalOf(await identity.identify(bearer(withFormer))).code).toBe("TOKEN_INVALID");
    expect(jwksFetches()).toBe(2);
  });

  it("serve for a while when the issuer stops answering, then no more", async () => {
    const { identity, log } = identityWith(issuer.jwksUrl);
    await identity.identify(bearer(await mint()));
    issuer.behave("failing");
    now += KEY_TIMES.maxAgeMs - 1;
    expect(principalOf(await identity.identify(bearer(await mint()))).subject).toBe("ann");
    now += 1;
    expect(refusalOf(await identity.identify(bearer(await mint()))).code).toBe("ISSUER_UNREACHABLE");
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: "warn", fields: expect.objectContaining({ code: "ISSUER_UNREACHABLE" }) }),
    );
  });
});

describe("a verified token", () => {
  it("is known at once the second time, without a promise", async () => {
    const { identity } = identityWith();
    const token = await mint();
    const first = await identity.identify(bearer(token));
    expect(identity.identify(bearer(token))).toBe(first);
  });

  it("is verified again after a minute", async () => {
    const { identity } = identityWith();
    const token = await mint();
    await identity.identify(bearer(token));
    now += 60_000;
    expect(identity.identify(bearer(token))).toBeInstanceOf(Promise);
  });

  it("is not known past its expiry", async () => {
    const { identity } = identityWith();
    const token = await mint({ exp: now / 1000 + 20 });
    await identity.identify(bearer(token));
    now += 26_000;
    expect(refusalOf(await identity.identify(bearer(token))).code).toBe("TOKEN_EXPIRED");
  });
});
