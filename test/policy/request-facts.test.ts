import { describe, expect, it } from "vitest";
import { parseExact, writeExact } from "../../src/core/exact-json.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import type { SubjectKind } from "../../src/core/subject.ts";
import { CallContext, readSubjectFacts } from "../../src/policy/cel/context.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";
import { renderValue } from "../../src/policy/cel/template.ts";
import type { PolicyInput } from "../../src/policy/policy-set.ts";
import { requestFacts } from "../../src/policy/request-facts.ts";
import { VOCABULARY } from "../../src/policy/syntax/vocabulary.ts";
import { policyInput } from "../support/policy-inputs.ts";

const DEFINITION: JsonObject = {
  name: "handbook",
  title: "A title",
  mimeType: "text/markdown",
  annotations: { readOnlyHint: true },
  _meta: { owner: "hr" },
};

const SIGNED_IN = Date.parse("2026-03-02T09:00:00Z");

function inputOf(kind: SubjectKind, principal: Partial<PolicyInput["principal"]> = {}): PolicyInput {
  const input = policyInput({
    principal: { acr: "gold", amr: ["hwk"], authTime: SIGNED_IN, ...principal },
    request: { session: "s-1", endpoint: "finance", headers: { "x-tenant": "acme" } },
  });
  return { ...input, subject: { kind, upstream: "docs", name: "file:///handbook.md", definition: DEFINITION } };
}

function factOf(input: PolicyInput, record: string, field: string): unknown {
  const facts = requestFacts(input)[record];
  return isObject(facts) ? facts[field] : undefined;
}

const FIELDS = Object.entries(VOCABULARY).flatMap(([record, fields]) =>
  record === "result" ? [] : Object.keys(fields).map((field) => ({ record, field })),
);

describe("what those outside are told of a request", () => {
  it.each(FIELDS)("has $record.$field as conditions see it", ({ record, field }) => {
    const kind = record === "prompt" || record === "resource" ? record : "tool";
    const input = inputOf(kind);
    const expression = createPolicyLanguage().expression(`${record}.${field}`);
    if (!expression.ok) throw new Error("It does not compile.");
    const seen = expression.run(new CallContext(input, readSubjectFacts(input.subject)));
    expect(seen).not.toHaveProperty("error");
    expect(renderValue(factOf(input, record, field))).toBe(renderValue("value" in seen ? seen.value : undefined));
  });

  it.each(["tool", "prompt", "resource"] as const)("has no other field, of a %s", (kind) => {
    const facts = requestFacts(inputOf(kind));
    expect(Object.keys(facts)).toEqual(["user", "client", kind, "args", "request"]);
    for (const record of ["user", "client", kind, "request"] as const) {
      expect(Object.keys(facts[record] ?? {}).sort()).toEqual(Object.keys(VOCABULARY[record]).sort());
    }
  });

  it("leaves out what nobody vouched for, and what nobody could read", () => {
    const text = writeExact(requestFacts(inputOf("tool", { email: undefined, acr: undefined, unread: ["roles"] })));
    expect(JSON.parse(text)).toMatchObject({ user: { groups: ["sales"] } });
    expect(text).not.toMatch(/"(?:email|acr|roles)"/);
  });

  it("shows no claim that policies may not see", () => {
    const input = inputOf("tool", { claims: { department: "sales", ssn: "1" }, userClaims: ["dep*"] });
    expect(factOf(input, "user", "claims")).toEqual({ department: "sales" });
  });

  it("keeps the digits of arguments", () => {
    const args = parseExact('{"n":9007199254740993,"m":[1.50,-0]}') as JsonObject;
    const text = writeExact(requestFacts(policyInput({ arguments: args })));
    expect(text).toContain('"args":{"n":9007199254740993,"m":[1.50,-0]}');
  });

  it("has no time of a sign-in that is no time", () => {
    expect(factOf(inputOf("tool", { authTime: -1e300 }), "user", "auth_time")).toBeUndefined();
  });
});
