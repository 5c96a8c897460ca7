import { describe, expect, it } from "vitest";
import { isAmong, keysOf } from "../../src/approvals/eligibility.ts";
import { createFacts } from "../../src/audit/facts.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { knownAs } from "../../src/core/known-as.ts";
import { KEYS_ISSUER, LOCAL_ISSUER, type Principal } from "../../src/core/principal.ts";
import { FULL_STANDING, GUEST_STANDING, type Standing } from "../../src/core/standing.ts";
import { principalFromClaims } from "../../src/identity/tokens/claims.ts";
import { recordedInput } from "../../src/policy/replay/recorded-call.ts";
import { inputOfCall } from "../../src/policy/tests/given-call.ts";
import { testPersons } from "../support/approval-service.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

/*
 * Whatever a condition or a target reads of the caller, in the words of the company's own issuer and of a partner's: what
 * lets the first one in must not let the other one in, and what stops nobody must not start to let the other one pass.
 */

const HOME = "https://idp.acme.com";
const PARTNER = "https://idp.partner.example";
const mapping = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };

/** What both tokens say, letter by letter. */
const CLAIMS: JsonObject = {
  sub: "carl",
  client_id: "trusted",
  email: "carl@acme.com",
  email_verified: true,
  name: "Carl Cfo",
  preferred_username: "carl@acme.com",
  roles: ["fin"],
  groups: ["board"],
  scope: "mcp pay:write",
  department: "finance",
};

function token(issuer: string, standing: Standing): Principal {
  const claims = { ...CLAIMS, iss: issuer };
  return principalFromClaims({ issuer, claims: mapping, standing }, "carl", claims, { now: 1, toleranceMs: 0 });
}

const carl = token(HOME, FULL_STANDING);
const other = token(PARTNER, GUEST_STANDING);
const effectOf = (rule: string, effect: string, fallback: "allow" | "deny", principal: Principal) =>
  policySet(`policies: [{ id: p, ${rule}, then: { ${effect} } }]`, fallback).decide(
    policyInput({ principal, client: { id: principal.clientId, name: "whatever" } }),
  ).effect;

const RULES = [
  `when: 'user.id == "carl"'`,
  `when: 'user.id in ["ann", "carl"]'`,
  `when: 'user.email == "carl@acme.com"'`,
  `when: 'user.name == "Carl Cfo"'`,
  `when: '"fin" in user.roles'`,
  `when: '"board" in user.groups'`,
  `when: '"pay:write" in user.scopes'`,
  `when: '"fin" in user.claims.roles'`,
  `when: 'user.claims.email == "carl@acme.com"'`,
  `when: 'user.claims["preferred_username"] == "carl@acme.com"'`,
  `when: 'user.claims.sub == "carl"'`,
  `when: 'user.claims.department == "finance"'`,
  `when: 'user.claims.scope.contains("pay:write")'`,
  `when: 'client.id == "trusted"'`,
  `target: { users: [carl] }`,
  `target: { users: ["carl@acme.com"] }`,
  `target: { roles: [fin] }`,
  `target: { groups: [board] }`,
  `target: { clients: [trusted] }`,
  `target: { clients: ["trus*"] }`,
];

/** Where a name means somebody of ours, it does not stop a partner's namesake; everything else stays shut. */
const NAMES_OURS = new Set([0, 1, 4, 5, 6, 13, 16, 17].map((index) => RULES[index]));

describe("what another issuer says as the first one would", () => {
  it.each(RULES)("%s: lets the company's own in, and nobody else", (rule) => {
    expect(effectOf(rule, "allow: {}", "deny", carl)).toBe("allow");
    expect(effectOf(rule, "allow: {}", "deny", other)).toBe("deny");
  });

  it.each(RULES)("%s: a refusal that goes by it is lifted only where it names one of ours", (rule) => {
    expect(effectOf(rule, "deny: {}", "allow", carl)).toBe("deny");
    expect(effectOf(rule, "deny: {}", "allow", other)).toBe(NAMES_OURS.has(rule) ? "allow" : "deny");
  });

  it.each([
    `when: '!(user.id == "carl")'`,
    `when: '!("pay:write" in user.scopes)'`,
    `when: '!("fin" in user.claims.roles)'`,
    `when: 'user.claims.department != "finance"'`,
    `when: 'user.name != "Carl Cfo"'`,
    `when: 'client.id != "trusted"'`,
    `target: { clients: ["!trusted"] }`,
    `target: { users: ["!carl"] }`,
  ])("%s: a refusal of everybody else is one of the namesake", (rule) => {
    expect(effectOf(rule, "deny: {}", "allow", carl)).toBe("allow");
    expect(effectOf(rule, "deny: {}", "allow", other)).toBe("deny");
  });

  it.each([
    `when: 'user.id == "${PARTNER}|carl"'`,
    `when: 'client.id == "${PARTNER}|trusted"'`,
    `when: 'user.issuer == "${PARTNER}"'`,
    `target: { users: ["${PARTNER}|carl"] }`,
    `target: { clients: ["${PARTNER}|trusted"] }`,
  ])("%s: means the namesake", (rule) => {
    expect(effectOf(rule, "allow: {}", "deny", other)).toBe("allow");
    expect(effectOf(rule, "deny: {}", "allow", other)).toBe("deny");
    expect(effectOf(rule, "allow: {}", "deny", carl)).toBe("deny");
  });

  it("a client of the first issuer may be written with its issuer, too", () => {
    const rule = `target: { clients: ["${HOME}|trusted"] }`;
    expect(effectOf(rule, "allow: {}", "deny", carl)).toBe("allow");
    expect(effectOf(rule, "deny: {}", "allow", carl)).toBe("deny");
    expect(effectOf(rule, "allow: {}", "deny", other)).toBe("deny");
  });

  it.each(["dora", "dora@acme.com", `${HOME}|dora`, "*@acme.com"])(
    "whoever acts for somebody is stopped by a refusal of %s, and lets nobody in",
    (name) => {
      const acted = {
        ...carl,
        email: undefined,
        aliases: [],
        actors: [{ issuer: HOME, subject: "dora", names: ["dora", "Dora@acme.com"] }],
      };
      const rule = `target: { users: ["${name}"] }`;
      expect(effectOf(rule, "deny: {}", "allow", acted)).toBe("deny");
      expect(effectOf(rule, "allow: {}", "deny", acted)).toBe("deny");
      expect(effectOf(rule, "deny: {}", "allow", { ...acted, actors: [] })).toBe("allow");
    },
  );

  it.each<[string, string, JsonObject]>([
    ["bob@acme.com", "samlp|corp|bob@acme.com", {}],
    ["bob@acme.com", "acct:bob@acme.com", {}],
    ["*@acme.com", "uid=bob,mail=bob@acme.com,dc=x", {}],
    ["bob@acme.com", "q", { unique_name: "live.com#bob@acme.com" }],
    ["bob@acme.com", "q", { email: "bob_acme.com#EXT#@t.onmicrosoft.com", email_verified: true }],
    ["bob@acme.com", "q", { email: { value: "Bob@acme.com" } }],
    ["bob@acme.com", "q", { sub_id: { format: "email", email: "bob@acme.com" } }],
    ["bob@acme.com", "q", { firebase: { identities: { email: ["bob@acme.com"] } } }],
    ["bob@acme.com", "q", { name: "bob@acme.com" }],
    ["bob@acme.com", "q", { login_hint: "bob@acme.com" }],
    ["bob", "q", { unique_name: "ACME\\bob" }],
    ["bob", "q", { act: { sub: "samlp|corp|bob" } }],
  ])("a refusal of %s fits %s, who is called so within %j", (name, subject, claims) => {
    const standing = { issuer: HOME, claims: mapping, standing: FULL_STANDING };
    const principal = principalFromClaims(standing, subject, claims, { now: 1, toleranceMs: 0 });
    const rule = `target: { users: ["${name}"] }`;
    expect(effectOf(rule, "deny: {}", "allow", principal)).toBe("deny");
    expect(effectOf(rule, "allow: {}", "deny", principal)).toBe("deny");
    const not = `target: { users: ["!${name}"] }`;
    expect(effectOf(not, "allow: {}", "deny", principal)).toBe("deny");
    expect(effectOf(not, "deny: {}", "allow", principal)).toBe("deny");
  });

  it.each<JsonObject>([
    { client_id: "zz", act: { sub: "cl", client_id: "cl" } },
    { client_id: "zz", act: { sub: "q", act: { sub: "z", azp: "cl" } } },
    { client_id: "zz", azp: "cl" },
    { client_id: ["cl"] },
  ])("a refusal of a client fits it wherever it stands: %j", (claims) => {
    const standing = { issuer: HOME, claims: mapping, standing: FULL_STANDING };
    const principal = principalFromClaims(standing, "s", claims, { now: 1, toleranceMs: 0 });
    for (const name of ["cl", `${HOME}|cl`]) {
      expect(effectOf(`target: { clients: ["${name}"] }`, "deny: {}", "allow", principal)).toBe("deny");
      expect(effectOf(`target: { clients: ["${name}"] }`, "allow: {}", "deny", principal)).toBe("deny");
      expect(effectOf(`target: { clients: ["!${name}"] }`, "deny: {}", "allow", principal)).toBe("deny");
    }
  });

  it.each<JsonObject>([
    { roles: "x,contractor" },
    { roles: [{ name: "contractor" }] },
    { roles: [["contractor"]] },
    { roles: ["fin", { name: "contractor" }] },
    { roles: { contractor: true } },
    { roles: 7 },
    { _claim_names: { roles: "src1" }, _claim_sources: { src1: { endpoint: "https://x" } } },
  ])("roles that nobody can read let nobody out and nobody in: %j", (claims) => {
    const effectFor = (said: JsonObject, rule: string, effect: string, fallback: "allow" | "deny") => {
      const standing = { issuer: HOME, claims: mapping, standing: FULL_STANDING };
      return effectOf(rule, effect, fallback, principalFromClaims(standing, "s", said, { now: 1, toleranceMs: 0 }));
    };
    const effect = (...rule: [string, string, "allow" | "deny"]) => effectFor(claims, ...rule);
    expect(effect("target: { roles: [contractor] }", "deny: {}", "allow")).toBe("deny");
    expect(effect("target: { roles: [contractor] }", "hide: {}", "allow")).toBe("hide");
    expect(effect(`target: { roles: ["!fin"] }`, "deny: {}", "allow")).toBe("deny");
    expect(effect(`target: { roles: ["!contractor"] }`, "allow: {}", "deny")).toBe("deny");
    expect(effect("target: { roles: [contractor] }", "allow: {}", "deny")).toBe("deny");
    expect(effect(`when: '"contractor" in user.roles'`, "deny: {}", "allow")).toBe("deny");
    expect(effect(`when: '!("contractor" in user.roles)'`, "allow: {}", "deny")).toBe("deny");
    expect(effect("target: { groups: [contractor] }", "deny: {}", "allow")).toBe("allow");
    expect(effectFor({ roles: "platform admin" }, "target: { roles: [contractor] }", "deny: {}", "allow")).toBe(
      "allow",
    );
    expect(effectFor({ roles: null }, "target: { roles: [contractor] }", "deny: {}", "allow")).toBe("allow");
    expect(effectFor({}, "target: { roles: [contractor] }", "deny: {}", "allow")).toBe("allow");
  });

  it.each(["target: { clients: [trusted] }", `when: 'client.id == "trusted"'`])(
    "%s: a key of this name is one of ours, a partner's client is not",
    (rule) => {
      const key: Principal = { ...carl, issuer: KEYS_ISSUER };
      expect(effectOf(rule, "allow: {}", "deny", key)).toBe("allow");
      expect(effectOf(rule, "allow: {}", "deny", other)).toBe("deny");
    },
  );

  it("counts where the configuration says that it may", () => {
    const scopes = token(PARTNER, { ...GUEST_STANDING, scopes: ["pay:*"] });
    expect(scopes.scopes).toEqual(["pay:write"]);
    const claims = token(PARTNER, { ...GUEST_STANDING, userClaims: ["dep*", "name"] });
    expect(effectOf(`when: 'user.claims.department == "finance"'`, "allow: {}", "deny", claims)).toBe("allow");
    expect(effectOf(`when: 'user.name == "Carl Cfo"'`, "allow: {}", "deny", claims)).toBe("allow");
    expect(effectOf(`when: '"fin" in user.claims.roles'`, "allow: {}", "deny", claims)).toBe("deny");
  });
});

describe("a replay", () => {
  const recorded = (facts: JsonObject | undefined) =>
    recordedInput(
      {
        ...{ callId: "call_1", at: 0, issuer: PARTNER, subject: "carl", email: undefined, clientId: "trusted" },
        ...{ clients: [{ name: "x", version: "1" }], ip: "127.0.0.1", endpoint: "", session: undefined },
        ...{
          upstream: "bank",
          tool: "pay",
          definition: { name: "pay" },
          facts,
          arguments: {},
          argumentsWhole: true,
          argumentsRefused: false,
        },
        ...{ claims: {}, headers: {}, effect: "allow", matched: [] },
      },
      { name: "x", version: "1" },
      () => undefined,
    );

  it("sees what the decision saw", () => {
    const facts: unknown = JSON.parse(createFacts()(other, "agent"));
    if (!isObject(facts)) throw new Error("no facts");
    for (const rule of [`user.id == "carl"`, `client.id == "trusted"`, `"pay:write" in user.scopes`]) {
      const set = policySet(`policies: [{ id: p, when: '${rule}', then: { allow: {} } }]`, "deny");
      expect(set.decide(recorded(facts)).effect).toBe("deny");
    }
    const set = policySet(`policies: [{ id: p, when: 'user.id == "${PARTNER}|carl"', then: { allow: {} } }]`, "deny");
    expect(set.decide(recorded(facts)).effect).toBe("allow");
  });
});

describe("a budget", () => {
  it.each(["by: [client]", "by: [tool], key: user.id", "by: [tool], key: client.id", "by: [user]"])(
    "%s: is not shared with another issuer's namesake",
    (account) => {
      const set = policySet(`policies: [{ id: p, then: { rate_limit: { limit: 1, per: 1h, ${account} } } }]`);
      const counters = (principal: Principal) =>
        set.decide(policyInput({ principal, client: { id: principal.clientId } })).limits?.map((one) => one.counter);
      expect(counters(carl)).toHaveLength(account.includes("user]") ? 2 : 1);
      expect(counters(other)?.some((counter) => counters(carl)?.includes(counter))).toBe(false);
    },
  );
});

describe("a name of ours that reads like another issuer's", () => {
  /** Whoever can choose a subject, a client or the user of a key, and takes one that is written as the partner's. */
  const posing = (name: string): readonly Principal[] => [
    { ...carl, subject: name, clientId: name, email: undefined, aliases: [] },
    { ...carl, issuer: KEYS_ISSUER, subject: name, clientId: name, email: undefined, aliases: [] },
    { ...carl, issuer: LOCAL_ISSUER, subject: name, clientId: name, email: undefined, aliases: [] },
  ];

  it.each([
    `when: 'user.id == "${PARTNER}|carl"'`,
    `when: 'client.id == "${PARTNER}|trusted"'`,
    `target: { users: ["${PARTNER}|carl"] }`,
    `target: { users: ["${PARTNER}|*"] }`,
    `target: { clients: ["${PARTNER}|trusted"] }`,
  ])("%s: is not that one, where it lets in", (rule) => {
    for (const principal of posing(`${PARTNER}|${rule.includes("trusted") ? "trusted" : "carl"}`))
      expect(effectOf(rule, "allow: {}", "deny", principal)).toBe("deny");
  });

  it.each([`target: { users: ["!${PARTNER}|carl"] }`, `target: { clients: ["!${PARTNER}|trusted"] }`])(
    "%s: is not that one, where a refusal lets out",
    (rule) => {
      expect(effectOf(rule, "deny: {}", "allow", other)).toBe("allow");
      for (const principal of posing(`${PARTNER}|${rule.includes("trusted") ? "trusted" : "carl"}`))
        expect(effectOf(rule, "deny: {}", "allow", principal)).toBe("deny");
    },
  );

  it.each([`${PARTNER}|carl`, `${KEYS_ISSUER}|carl`, `${HOME}|carl`, `${PARTNER.toUpperCase()}|carl`])(
    "%s: is no approver, and is shown with who said it",
    (name) => {
      for (const principal of posing(name)) {
        expect(isAmong({ roles: [], users: [name] }, principal)).toBe(false);
        expect(keysOf(principal, testPersons()).subjects).not.toContain(name);
        expect(knownAs(principal)).toBe(`${principal.issuer}|${name}`);
        expect(isAmong({ roles: [], users: [`${principal.issuer}|${name}`] }, principal)).toBe(true);
      }
    },
  );

  it("is what it reads like in a call that somebody writes down", () => {
    const given = (user: string | undefined, client: string) =>
      inputOfCall({ tool: "bank/pay", user: { id: user }, client: { id: client } }, undefined);
    const rule = `policies: [{ id: p, when: 'user.id == "${PARTNER}|carl" && client.id == "${PARTNER}|trusted"', then: { allow: {} } }]`;
    const set = policySet(rule, "deny");
    expect(set.decide(given(`${PARTNER}|carl`, `${PARTNER}|trusted`)).effect).toBe("allow");
    expect(set.decide(given(`${PARTNER}|carl`, "trusted")).effect).toBe("allow");
    expect(set.decide(given("carl", "trusted")).effect).toBe("deny");
  });
});

describe("a subject with the sign that stands before it", () => {
  it("is found by a refusal that names it bare", () => {
    const principal = { ...carl, subject: "auth0|3f2c", email: undefined, aliases: [] };
    expect(effectOf('target: { users: ["auth0|3f2c"] }', "deny: {}", "allow", principal)).toBe("deny");
    expect(effectOf('target: { users: ["auth0|3f2c"] }', "allow: {}", "deny", principal)).toBe("allow");
    expect(effectOf('target: { users: ["auth0|3f2c"] }', "allow: {}", "deny", { ...principal, home: false })).toBe(
      "deny",
    );
  });
});
