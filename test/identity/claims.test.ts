import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { FULL_STANDING, GUEST_STANDING, type Standing } from "../../src/core/standing.ts";
import type { ClaimsMapping } from "../../src/identity/options.ts";
import { claimAt, principalFromClaims } from "../../src/identity/tokens/claims.ts";

const mapping: ClaimsMapping = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };
const principal = (claims: JsonObject, more: Partial<ClaimsMapping> = {}, standing: Standing = FULL_STANDING) =>
  principalFromClaims({ issuer: "https://idp.acme.com", claims: { ...mapping, ...more }, standing }, "ann", claims, {
    now: 1_800_000_000_000,
    toleranceMs: 0,
  });

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

  it.each<[Json | undefined, Partial<Standing>, boolean]>([
    [true, {}, true],
    ["true", {}, true],
    [false, {}, false],
    ["false", {}, false],
    [undefined, {}, false],
    [1, {}, false],
    ["yes", {}, false],
    [undefined, { emailVerified: "always" }, true],
    [false, { emailVerified: "always" }, true],
    [true, { emailDomains: ["acme.com"] }, true],
    [true, { emailDomains: ["*.acme.com"] }, false],
    [true, { emailDomains: ["ACME.com"] }, true],
    [true, { emailDomains: [] }, false],
    [undefined, { emailVerified: "always", emailDomains: ["partner.example"] }, false],
  ])("whose address has email_verified %j, where its issuer has %j: it counts, %j", (verified, more, counts) => {
    const claims = { email: "cfo@acme.com", ...(verified === undefined ? {} : { email_verified: verified }) };
    const said = principal(claims, {}, { ...FULL_STANDING, ...more });
    expect(said.email).toBe(counts ? "cfo@acme.com" : undefined);
    expect(said.aliases).toEqual(["cfo@acme.com"]);
  });

  it("has the roles and groups that its issuer may give", () => {
    const claims = { roles: ["fin", "partner-dev", "root"], groups: ["partner-all", "staff"] };
    const guest = { ...GUEST_STANDING, roles: ["partner-*", "fin"], groups: ["partner-*"] };
    expect(principal(claims, {}, guest)).toMatchObject({
      roles: ["fin", "partner-dev"],
      groups: ["partner-all"],
      may: ["call"],
      home: false,
    });
    expect(principal(claims, {}, GUEST_STANDING)).toMatchObject({ roles: [], groups: [] });
    expect(principal(claims)).toMatchObject({ roles: claims.roles, groups: claims.groups, home: true });
  });

  it("has every name that its token calls it by, and none of anybody else", () => {
    const claims = {
      ...{ email: "Ann@acme.com", email_verified: false, upn: "ann@corp.acme.com", preferred_username: "ann" },
      ...{ emails: ["ann@home.example", 7], oid: "0f-1", manager: "bob@acme.com", roles: ["bob@acme.com"] },
    };
    const names = ["Ann@acme.com", "ann@corp.acme.com", "ann", "ann@home.example", "7", "0f-1"];
    expect(principal(claims).aliases).toEqual(names);
    expect(principal({ mail: "a@b.c", login: "ann" }, { email: "mail" }).aliases).toEqual(["a@b.c", "ann"]);
  });

  it.each<[claim: string, claims: JsonObject, names: readonly string[]]>([
    ["badge", { badge: 301 }, ["301"]],
    ["badge", { badge: ["b-1", { value: "b-2" }] }, ["b-1", "b-2"]],
    ["badge", { badge: '["b-1"]' }, ["b-1"]],
    ["staff.card", { staff: { card: "c-1" } }, ["c-1"]],
    ["phone_number", { phone_number: "+49 30 1" }, ["+49 30 1", "+49301", "49301"]],
    ["manager", { manager: "ann" }, ["ann"]],
    ["badge", { badge: null }, []],
    ["badge", {}, []],
  ])("is called by what the configuration says names one person alone: %s of %j", (claim, claims, names) => {
    const known = principal(claims, { identity: [claim] });
    expect(known.aliases).toEqual(names);
    expect(known.unread).toBeUndefined();
    // It gives nothing.
    const plain = principal(claims);
    expect(known).toEqual({ ...plain, aliases: names });
  });

  it("may be anybody where such a claim cannot be read", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(12)}1${"}".repeat(12)}`);
    expect(principal({ badge: deep }, { identity: ["badge"] }).unread).toEqual(["users"]);
    expect(principal({ badge: 2 ** 60 }, { identity: ["badge"] }).unread).toEqual(["users"]);
  });

  it.each<[JsonObject, readonly string[]]>([
    [{ "https://acme.com/email": "a@b.c", "cognito:username": "ann", "custom:upn": "u" }, ["a@b.c", "ann", "u"]],
    [{ proxyAddresses: ["SMTP:a@b.c", "x500:/o=acme"] }, ["a@b.c", "x500:/o=acme"]],
    [
      { user: { upn: "u" }, identities: [{ user_id: "a@b.c" }, 7], profile: { user: { upn: "deep" } } },
      ["u", "a@b.c", "deep"],
    ],
    [{ email: { value: "a@b.c", type: "work" }, emails: [{ value: "d@b.c", primary: true }] }, ["a@b.c", "d@b.c"]],
    [{ name: "Ann (a@b.c)", nickname: "ann", display_name: "d@b.c" }, ["a@b.c", "d@b.c"]],
    [{ phone_number: "+49 (30) 1", phone_number_verified: true }, ["+49301", "49301"]],
    [
      {
        phone_number: "+49301",
        owner: "x",
        created_by: "y",
        may_act: { sub: "z" },
        user: { deep: { user: { upn: "q" } } },
      },
      ["q"],
    ],
    [{ "manager.email": "b@b.c", manager: { email: "b@b.c" }, "https://acme.com/manager": "b@b.c" }, []],
  ])("is called by claims of its issuer's own: %j", (claims, names) => {
    expect(principal(claims).aliases).toEqual(names);
  });

  it("is no machine for sure where only a name says so, which people may choose", () => {
    const chosen = principal({ azp: "Agent", preferred_username: "service-account-agent" });
    expect(chosen).toMatchObject({ kind: "machine", machineByName: true });
    expect(principal({ azp: "agent", idtyp: "app", preferred_username: "service-account-agent" }).machineByName).toBe(
      undefined,
    );
  });

  it("has acr, amr and the time of the sign-in in milliseconds", () => {
    expect(principal({ acr: "urn:mfa", amr: ["pwd", "otp"], auth_time: 1_795_000_000 })).toMatchObject({
      acr: "urn:mfa",
      amr: ["pwd", "otp"],
      authTime: 1_795_000_000_000,
    });
  });
});
