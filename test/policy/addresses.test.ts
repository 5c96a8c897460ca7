import { describe, expect, it } from "vitest";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { recordedInput } from "../../src/policy/replay/recorded-call.ts";
import { inputOfCall } from "../../src/policy/tests/given-call.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

/** One address as issuers write it. */
const SPELLINGS = ["bob@acme.com", "Bob@acme.com", "bob@Acme.com", "BOB@ACME.COM"];
const MEANT = [
  'user.email == "bob@acme.com"',
  'user["email"] == "bob@acme.com"',
  'user.email in ["ann@acme.com", "bob@acme.com"]',
  'user.email.endsWith("@acme.com")',
  'user.email.startsWith("bob@")',
  'user.email.matches("^bob@acme\\\\.com$")',
  'user.email.split("@")[1] == "acme.com"',
  'user.email.lowerAscii() == "bob@acme.com"',
  'cel.bind(who, user.email, who == "bob@acme.com")',
  'has(user.email) && user.email == "bob@acme.com"',
];

const effectOf = (when: string, email: string | undefined, effect: "allow" | "deny") =>
  policySet(
    `policies: [{ id: p, when: ${JSON.stringify(when)}, then: { ${effect}: {} } }]`,
    effect === "allow" ? "deny" : "allow",
  ).decide(policyInput({ principal: { email } })).effect;

describe("a condition about an address", () => {
  it.each(MEANT)("means it in whatever case the issuer writes it: %s", (when) => {
    const found = SPELLINGS.map((email) => [effectOf(when, email, "deny"), effectOf(when, email, "allow")]);
    expect(found).toEqual(SPELLINGS.map(() => ["deny", "allow"]));
  });

  it("means a domain in either of its spellings", () => {
    const found = ["bob@MÜNCHEN.example", "bob@xn--mnchen-3ya.example"].map((email) =>
      effectOf('user.email == "bob@xn--mnchen-3ya.example"', email, "deny"),
    );
    expect(found).toEqual(["deny", "deny"]);
  });

  it("does not mean another one, or none", () => {
    const others = ["bob@acme.co", "bob+x@acme.com", "b.ob@acme.com", undefined];
    expect(others.map((email) => effectOf(MEANT[0] ?? "", email, "allow"))).toEqual(others.map(() => "deny"));
    expect(effectOf("!has(user.email)", undefined, "deny")).toBe("deny");
    expect(effectOf("has(user.email)", "Bob@acme.com", "deny")).toBe("deny");
  });

  it.each(SPELLINGS)("means the same of a call that is written down, and of one on record: %s", (email) => {
    const set = policySet(`policies: [{ id: p, when: ${JSON.stringify(MEANT[0])}, then: { deny: {} } }]`, "allow");
    const given = inputOfCall({ tool: "bank/pay", user: { email } }, undefined);
    const { principal, request } = policyInput();
    const recorded = recordedInput(
      {
        ...{ callId: "call_1", at: request.time, issuer: principal.issuer, subject: principal.subject, email },
        ...{ clientId: undefined, clients: [{ name: "c", version: "1" }], ip: "10.0.0.7", endpoint: "" },
        ...{ session: undefined, upstream: "bank", tool: "pay", definition: {}, facts: {}, arguments: {} },
        ...{ argumentsWhole: true, claims: {}, headers: {}, argumentsRefused: false, effect: "allow", matched: [] },
      },
      { name: "c", version: "1" },
      () => undefined,
    );
    expect([set.decide(given).effect, set.decide(recorded).effect]).toEqual(["deny", "deny"]);
  });

  it("is shown in lower case, too", () => {
    const text =
      "policies: [{ id: p, then: { request_approval: { flow: finance, message: 'Of {{ user.email }}.' } } }]";
    const decision = policySet(text, "allow").decide(policyInput({ principal: { email: "Bob@acme.com" } }));
    expect(decision).toMatchObject({ approvals: [{ message: "Of bob@acme.com." }] });
  });
});

describe("a spelling that no address has in a condition", () => {
  const problems = (when: string) => {
    const text = `policies: [{ id: p, when: ${JSON.stringify(when)}, then: { deny: {} } }]`;
    const compiled = compilePolicies([{ name: "p.yaml", text }], { default: "allow", flows: undefined });
    return compiled.ok ? [] : compiled.errors.map(({ hint }) => /write (.*)\.$/.exec(hint ?? "")?.[1]);
  };

  // Loaded, a refusal that goes by it would refuse nobody.
  it.each([
    ['user.email == "Bob@acme.com"', '"bob@acme.com"'],
    ['"bob@Acme.com" != user.email', '"bob@acme.com"'],
    ['user["email"] == "bob@ACME.com"', '"bob@acme.com"'],
    ['user.email == "bob@münchen.example"', '"bob@xn--mnchen-3ya.example"'],
    ['user.email in ["ann@acme.com", "Bob@acme.com"]', '"bob@acme.com"'],
    ['user.email.endsWith("@Acme.com")', '"@acme.com"'],
    ['user.email.endsWith("@münchen.example")', '"@xn--mnchen-3ya.example"'],
    ['user.email.startsWith("Bob")', '"bob"'],
    ['user.email.contains("@ACME.")', '"@acme."'],
    ['user.email.matches("@Acme\\\\.com$")', "the pattern so"],
    ['user.id == "x" || user.roles.exists(r, r == "y" && user.email == "Bob@acme.com")', '"bob@acme.com"'],
  ])("does not load: %s", (when, right) => {
    expect(problems(when)).toEqual([right]);
  });

  it.each([
    ['user.email in ["Bob@acme.com", "bob@acme.com"]'],
    ['user.email.matches("(?i)@Acme\\\\.com$")'],
    ['user.email.matches("^[A-Za-z]+\\\\S*\\\\pL@acme\\\\.com$")'],
    ['user.email.startsWith("müller")'],
    ['user.email == "müller@acme.com"'],
    ['user.id == "Bob@acme.com"'],
    ['user.claims.email == "Bob@acme.com"'],
  ])("is no matter in %s", (when) => {
    expect(problems(when)).toEqual([]);
  });
});
