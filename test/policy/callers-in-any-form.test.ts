import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { FULL_STANDING } from "../../src/core/standing.ts";
import { principalFromClaims } from "../../src/identity/tokens/claims.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

/*
 * However a token writes a client or a name, a refusal that names it fits, an allowance that excludes it does not, and
 * nobody is let in by it who was not before.
 */

/** Readers of JSON round it. */
const LONG = Number("12345678901234567890");

const ISSUER = "https://idp.acme.com";
const mapping = { roles: "roles", groups: "groups", email: "mail_address", name: "name", machine: undefined };

function effectOf(target: string, effect: "allow" | "deny", claims: JsonObject, subject = "s"): string {
  const issuer = { issuer: ISSUER, claims: mapping, standing: FULL_STANDING };
  const principal = principalFromClaims(issuer, subject, claims, { now: 1, toleranceMs: 0 });
  const fallback = effect === "deny" ? "allow" : "deny";
  return policySet(`policies: [{ id: p, target: { ${target} }, then: { ${effect}: {} } }]`, fallback).decide(
    policyInput({ principal, client: { id: principal.clientId, name: "whatever" } }),
  ).effect;
}

describe("a client in any form", () => {
  it.each<[claims: JsonObject]>([
    [{ client_id: 555 }],
    [{ azp: 555 }],
    [{ azp: [555] }],
    [{ client_id: "x", appid: 555 }],
    [{ cid: ["x", "555"] }],
    [{ act: { sub: "q", client_id: 555 } }],
    [{ act: { sub: "q", act: { sub: "p", azp: [555] } } }],
    [{ client_id: { id: "555" } }],
    [{ client_id: "x", azp: { id: 555 } }],
    [{ client_id: [["555"]] }],
    [{ client_id: true }],
    [{ client_id: LONG }],
    [{ act: { sub: "q", client_id: { id: "555" } } }],
  ])("%j", (claims) => {
    expect(effectOf('clients: ["555"]', "deny", claims)).toBe("deny");
    expect(effectOf('clients: ["*", "!555"]', "allow", claims)).toBe("deny");
    expect(effectOf('clients: ["555"]', "allow", claims)).toBe("deny");
    expect(effectOf('clients: ["!555"]', "deny", claims)).toBe("deny");
  });

  it.each<[claims: JsonObject]>([
    [{ client_id: null }],
    [{ client_id: "" }],
    [{}],
    [{ azp: "x" }],
    [{ azp: [null, "x"] }],
  ])("none, or another one: %j", (claims) => {
    expect(effectOf('clients: ["555"]', "deny", claims)).toBe("allow");
  });

  it("is a machine's where it is its subject", () => {
    const issuer = { issuer: ISSUER, claims: mapping, standing: FULL_STANDING };
    const kindOf = (claims: JsonObject) => principalFromClaims(issuer, "555", claims, { now: 1, toleranceMs: 0 }).kind;
    for (const claims of [{ client_id: 555 }, { azp: [555] }, { client_id: "x", cid: "555" }])
      expect(kindOf(claims)).toBe("machine");
    expect(kindOf({ client_id: "x" })).toBe("person");
  });
});

describe("a name in any form", () => {
  it.each<[name: string, claims: JsonObject, subject?: string]>([
    ["555", { upn: 555 }],
    ["555", { user_id: 555 }],
    ["555", { email: [555] }],
    ["555", { user: { id: 555 } }],
    ["555", { mail_address: [555] }],
    ["555", { employee_id: "00555" }],
    ["00555", { employee_id: 555 }],
    ["bob@acme.com", { mail_address: ["bob@acme.com"] }],
    ["bob@acme.com", { u: { mail: "bob@acme.com" } }],
    ["bob@acme.com", { identities: [{ profileData: { email: "Bob@acme.com" } }] }],
    ["bob@acme.com", {}, "bob%40acme.com"],
    ["bob@acme.com", {}, Buffer.from("bob@acme.com").toString("base64")],
    ["bob@acme.com", {}, Buffer.from("bob@acme.com").toString("hex")],
    ["bob@acme.com", {}, '"bob"@acme.com'],
    ["bob", {}, "/users/bob"],
    ["anybody", { uid: LONG }],
    ["anybody", { act: { sub: "q", uid: LONG } }],
  ])("%s in %j, subject %j", (name, claims, subject) => {
    expect(effectOf(`users: ["${name}"]`, "deny", claims, subject)).toBe("deny");
    expect(effectOf(`users: ["*", "!${name}"]`, "allow", claims, subject)).toBe("deny");
    expect(effectOf(`users: ["${name}"]`, "allow", claims, subject)).toBe("deny");
    expect(effectOf(`users: ["!${name}"]`, "deny", claims, subject)).toBe("deny");
  });

  it.each<[claims: JsonObject]>([
    [{ manager: { email: "bob@acme.com" } }],
    [{ organization: { email: "bob@acme.com" } }],
    [{ note: "ask bob@acme.com" }],
    [{ roles: ["bob@acme.com"] }],
  ])("somebody else's: %j", (claims) => {
    expect(effectOf('users: ["bob@acme.com"]', "deny", claims)).toBe("allow");
  });
});
