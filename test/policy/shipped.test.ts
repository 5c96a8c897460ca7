import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { compilePolicies } from "../../src/policy/compile.ts";
import type { PolicySet } from "../../src/policy/policy-set.ts";
import { readPolicyFiles } from "../../src/policy/read-files.ts";
import { policyInput, refusalOf } from "../support/policy-inputs.ts";

async function shipped(): Promise<PolicySet> {
  const read = await readPolicyFiles("policies", { mayBeMissing: false });
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  const compiled = compilePolicies(read.files, { default: "allow", flows: ["customer-care"] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.set;
}

// Where the demo registers each tool.
const UPSTREAMS: Readonly<Record<string, string>> = {
  create_expense: "expenses",
  list_expenses: "expenses",
  get_customer: "crm",
  search_customers: "crm",
  delete_customer: "crm",
  make_payment: "payments",
};

describe("the shipped policies", () => {
  it.each<[who: string, roles: string[], tool: string, args: JsonObject, effect: string, policy: string | undefined]>([
    ["an employee", ["employee"], "create_expense", { amount: 10_000, currency: "EUR" }, "allow", undefined],
    ["an employee", ["employee"], "create_expense", { amount: 10_000.01, currency: "EUR" }, "deny", "large-expenses"],
    ["an employee", ["employee"], "create_expense", { amount: "a lot", currency: "EUR" }, "deny", "large-expenses"],
    ["an employee", ["employee"], "create_expense", {}, "deny", "large-expenses"],
    ["the CFO", ["employee", "cfo"], "create_expense", { amount: 12_000, currency: "EUR" }, "allow", undefined],
    ["an employee", ["employee"], "list_expenses", {}, "allow", undefined],
    ["an employee", ["employee"], "get_customer", { customer_id: "c-1" }, "deny", "customer-data"],
    ["an employee", ["employee"], "search_customers", { query: "" }, "deny", "customer-data"],
    ["support", ["support"], "get_customer", { customer_id: "c-1" }, "allow", undefined],
    ["an administrator", ["admin"], "search_customers", { query: "" }, "allow", undefined],
    ["an administrator", ["admin"], "delete_customer", { customer_id: "c-1" }, "request_approval", "delete-customer"],
    ["an employee", ["employee"], "make_payment", { amount: 500, to: "ACME" }, "allow", undefined],
    ["the CFO", ["cfo"], "make_payment", { amount: 501, to: "ACME" }, "step_up", "large-payments"],
    ["nobody in particular", [], "get_customer", { customer_id: "c-1" }, "deny", "customer-data"],
  ])("meet %s (%j) calling %s %j with %s", async (_who, roles, tool, args, effect, policy) => {
    const decision = (await shipped()).decide(
      policyInput({ tool: `${UPSTREAMS[tool] ?? ""}/${tool}`, arguments: args, principal: { roles } }),
    );
    expect(decision.effect).toBe(effect);
    expect(decision.effect === "allow" ? undefined : decision.policy).toBe(policy);
  });

  it("say what was asked for", async () => {
    const args = { amount: 12_000.5, currency: "EUR" };
    const decision = (await shipped()).decide(policyInput({ tool: "expenses/create_expense", arguments: args }));
    expect(refusalOf(decision)).toContain("You asked for 12000.5 EUR.");
  });

  it("are described, and tell editors their schema", async () => {
    const set = await shipped();
    expect(set.policies.filter(({ description }) => description === undefined)).toEqual([]);
    for (const { file } of set.policies) {
      expect(readFileSync(file, "utf8")).toMatch(
        /^# yaml-language-server: \$schema=\.\.\/schema\/policy\.schema\.json\n/,
      );
    }
  });
});
