import { expect, it } from "vitest";
import { createFacts } from "../../src/audit/facts.ts";
import { opening } from "../support/audit-opening.ts";

const { principal } = opening("");

it("facts are what a condition sees of a caller beyond the columns, and nothing of claims", () => {
  const facts = createFacts();
  const caller = {
    ...principal,
    groups: ["finance"],
    scopes: ["mcp:tools"],
    acr: "urn:mfa",
    amr: ["pwd", "otp"],
    authTime: 1_790_000_000_000,
    claims: { department: "sales" },
    actors: [
      { issuer: "https://idp.example", subject: "bot", names: ["bot", "Bot@acme.com"] },
      { issuer: "https://idp.partner.example", subject: "desk", names: ["desk"] },
    ],
  };
  expect(JSON.parse(facts(caller, "claude/2"))).toEqual({
    kind: "person",
    acted_by: ["https://idp.example|bot", "https://idp.partner.example|desk"],
    name: "Ann",
    roles: ["employee"],
    groups: ["finance"],
    scopes: ["mcp:tools"],
    acr: "urn:mfa",
    amr: ["pwd", "otp"],
    auth_time: 1_790_000_000_000,
    user_agent: "claude/2",
  });
});

it("facts hold only what is there", () => {
  const nobody = { ...principal, kind: "anonymous", name: undefined, roles: [] } as const;
  expect(createFacts()(nobody, "")).toBe('{"kind":"anonymous"}');
});

it.each([
  ["a name", { name: "n".repeat(10_000) }],
  ["a role", { roles: ["r".repeat(10_000)] }],
  ["a list of groups", { groups: Array.from({ length: 10_000 }, (_, n) => `group-${n}`) }],
])("facts stay small whatever %s holds, and say that something is missing", (_what, change) => {
  const text = createFacts()({ ...principal, ...change }, "claude/2");
  expect(text.length).toBeLessThan(4_000);
  expect(JSON.parse(text)).toMatchObject({ kind: "person", cut: true });
});

it("one caller's facts are those of the program that calls, however they alternate", () => {
  const facts = createFacts();
  for (const agent of ["a/1", "b/2", "b/2", "a/1"]) {
    expect(JSON.parse(facts(principal, agent))).toMatchObject({ name: "Ann", user_agent: agent });
  }
  expect(JSON.parse(facts({ ...principal, name: "Bob" }, "a/1"))).toMatchObject({ name: "Bob", user_agent: "a/1" });
});
