import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { claimAt, principalFromClaims } from "../../src/identity/claims.ts";
import type { ClaimsMapping } from "../../src/identity/options.ts";

const mapping: ClaimsMapping = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };
const principal = (claims: JsonObject, more: Partial<ClaimsMapping> = {}) =>
  principalFromClaims(
    "https://idp.acme.com",
    "ann",
    claims,
    { ...mapping, ...more },
    { now: 1_800_000_000_000, toleranceMs: 0 },
  );

describe("a claim", () => {
  it.each<[string, JsonObject, string, unknown]>([
    ["at the top", { roles: ["a"] }, "roles", ["a"]],
    ["one level down", { realm_access: { roles: ["a"] } }, "realm_access.roles", ["a"]],
    ["whose name is a URL", { "https://acme.com/roles": ["a"] }, "https://acme.com/roles", ["a"]],
    ["below a name with dots", { apps: { "my.app": { roles: ["a"] } } }, "apps.my.app.roles", ["a"]],
    ["that is not there", { realm_access: {} }, "realm_access.roles", undefined],
    ["below something that is no object", { realm_access: "x" }, "realm_access.length", undefined],
    ["that every object inherits", {}, "constructor.name", undefined],
  ])("%s is found by its path or not at all", (_, claims, path, expected) => {
    expect(claimAt(claims, path)).toEqual(expected);
  });
});

describe("a principal", () => {
  it.each<[string, JsonObject, readonly string[]]>([
    ["a list", { roles: ["a", "b c"] }, ["a", "b c"]],
    ["a single text", { roles: "platform admin" }, ["platform admin"]],
    ["a list with other things in it", { roles: ["a", 1, null, { x: 1 }, ""] }, ["a"]],
    ["an object", { roles: { a: true } }, []],
    ["nothing", {}, []],
  ])("has the roles of %s", (_, claims, roles) => {
    expect(principal(claims).roles).toEqual(roles);
  });

  it.each<[string, JsonObject, readonly string[]]>([
    ["scope as text", { scope: "a b  c" }, ["a", "b", "c"]],
    ["scope as a list", { scope: ["a", "b"] }, ["a", "b"]],
    ["scp as text", { scp: "a b" }, ["a", "b"]],
    ["scp as a list", { scp: ["a"] }, ["a"]],
  ])("has the scopes of %s", (_, claims, scopes) => {
    expect(principal(claims).scopes).toEqual(scopes);
  });

  it.each<[string, JsonObject, Partial<ClaimsMapping>, string]>([
    ["whose subject is the client", { client_id: "ann" }, {}, "machine"],
    ["whose subject is the azp", { azp: "ann" }, {}, "machine"],
    [
      "with a marking claim",
      { gty: "client-credentials" },
      { machine: { claim: "gty", values: ["client-credentials"] } },
      "machine",
    ],
    ["with a marking list", { idtyp: ["app"] }, { machine: { claim: "idtyp", values: ["app"] } }, "machine"],
    ["with a true marking claim", { bot: true }, { machine: { claim: "bot", values: ["true"] } }, "machine"],
    ["with another value there", { bot: false }, { machine: { claim: "bot", values: ["true"] } }, "person"],
    ["of Auth0 for a client alone", { azp: "agent", gty: "client-credentials" }, {}, "machine"],
    ["of Entra ID for an application alone", { azp: "agent", idtyp: "app" }, {}, "machine"],
    ["of Okta for a client alone", { cid: "ann" }, {}, "machine"],
    ["of Keycloak for a service account", { azp: "Agent", preferred_username: "service-account-agent" }, {}, "machine"],
    ["of Keycloak for a person", { azp: "agent", preferred_username: "ann" }, {}, "person"],
    ["of Entra ID for a person", { azp: "agent", idtyp: "user" }, {}, "person"],
    ["of a client", { client_id: "agent" }, {}, "person"],
  ])("%s is a person or a machine", (_, claims, more, kind) => {
    expect(principal(claims, more).kind).toBe(kind);
  });

  it("has no e-mail address that nobody verified", () => {
    expect(principal({ email: "cfo@acme.com", email_verified: false }).email).toBeUndefined();
    expect(principal({ email: "cfo@acme.com", email_verified: "false" }).email).toBeUndefined();
    expect(principal({ email: "cfo@acme.com", email_verified: true }).email).toBe("cfo@acme.com");
    expect(principal({ email: "cfo@acme.com", email_verified: "true" }).email).toBe("cfo@acme.com");
  });

  it("has acr, amr and the time of the sign-in in milliseconds", () => {
    expect(principal({ acr: "urn:mfa", amr: ["pwd", "otp"], auth_time: 1_795_000_000 })).toMatchObject({
      acr: "urn:mfa",
      amr: ["pwd", "otp"],
      authTime: 1_795_000_000_000,
    });
  });
});
