import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdentity } from "../../src/identity/create-identity.ts";
import type { Identity } from "../../src/identity/identity.ts";
import { type OidcServer, startOidc } from "../support/oidc.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions, principalOf, refusalOf } from "./helpers.ts";

const OTHER = "https://other.example/mcp";
let idp: OidcServer;
let identity: Identity;
beforeAll(async () => {
  idp = await startOidc({
    accounts: [{ id: "ann", email: "ann@acme.com", name: "Ann", roles: ["cfo", "employee"], groups: ["finance"] }],
    resources: { [AUDIENCE]: ["mcp:tools", "mcp:admin"], [OTHER]: ["mcp:tools"] },
    acrValues: ["urn:acme:mfa"],
  });
  const options = identityOptions({
    // The client's id as a second audience: ID tokens get as far as they ever can.
    jwt: [issuerOptions(idp.issuer, { audiences: [AUDIENCE, idp.clientId], requireTyp: true })],
  });
  identity = createIdentity(options, { now: Date.now, log: recordingLog() });
});
afterAll(() => idp.close());

describe("with tokens of a real identity provider", () => {
  it("a person is known by subject, roles, groups, e-mail, scopes and sign-in", async () => {
    const before = Date.now();
    const sign = { account: "ann", resource: AUDIENCE, scope: "mcp:tools", acr: "urn:acme:mfa" };
    const { accessToken } = await idp.signIn(sign);
    const principal = principalOf(await identity.identify(bearer(accessToken)));
    expect(principal).toMatchObject({
      issuer: idp.issuer,
      subject: "ann",
      kind: "person",
      clientId: "agent",
      email: "ann@acme.com",
      name: "Ann",
      roles: ["cfo", "employee"],
      groups: ["finance"],
      scopes: ["mcp:tools"],
      acr: "urn:acme:mfa",
      amr: ["pwd"],
    });
    expect(Math.abs((principal.authTime ?? 0) - before)).toBeLessThan(60_000);
  });

  it("a client without a person is a machine", async () => {
    const token = await idp.machineToken(AUDIENCE, "mcp:tools");
    expect(principalOf(await identity.identify(bearer(token)))).toMatchObject({ subject: "robot", kind: "machine" });
  });

  it("an access token for another resource is refused", async () => {
    const { accessToken } = await idp.signIn({ account: "ann", resource: OTHER });
    expect(refusalOf(await identity.identify(bearer(accessToken))).code).toBe("TOKEN_INVALID");
  });

  it.each([[true], [false]])("an ID token is refused, whether typ is required (%s) or not", async (requireTyp) => {
    const { idToken } = await idp.signIn({ account: "ann", resource: AUDIENCE, nonce: "n-1" });
    const options = identityOptions({
      jwt: [issuerOptions(idp.issuer, { audiences: [AUDIENCE, idp.clientId], requireTyp })],
    });
    const strict = createIdentity(options, { now: Date.now, log: recordingLog() });
    expect(refusalOf(await strict.identify(bearer(idToken))).code).toBe("TOKEN_INVALID");
  });
});
