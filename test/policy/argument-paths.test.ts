import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { CallContext, readSubjectFacts } from "../../src/policy/cel/context.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { ArgumentPath } from "../../src/policy/syntax/argument-paths.ts";
import { policyInput } from "../support/policy-inputs.ts";
import { randomArgs, randomCondition, randomRoles } from "../support/random-conditions.ts";

const language = createPolicyLanguage();

function placesIn(text: string): readonly string[] {
  const compiled = language.expression(text);
  if (!compiled.ok) throw new Error(`${text}: ${compiled.problems.map(({ message }) => message).join(" ")}`);
  return compiled.looksAt.map((path) => path.map((step) => step ?? "*").join(".")).sort();
}

describe("the places of arguments that a condition reads", () => {
  it.each<[text: string, places: readonly string[]]>([
    ["args.amount > 10", ["amount"]],
    ['args["amount"] > args.limit.soft', ["amount", "limit.soft"]],
    ["args.items[0].price > 1", ["items.0.price"]],
    ["args.items[args.at].price > 1", ["at", "items.*.price"]],
    ["args[user.name] == 1", ["*"]],
    ["has(args.note) && args.note.size() > 3", ["note"]],
    ['"note" in args', ["note"]],
    ['"urgent" in args.tags', ["tags"]],
    ["size(args) > 2", [""]],
    ["args.items.exists(i, i.amount > 500)", ["items.*.amount"]],
    ["args.items.exists(i, i.a > 1) && args.items.all(i, i.a < 9)", ["items.*.a"]],
    ["args.items.all(i, i.parts.exists(p, p.id == i.main))", ["items.*.main", "items.*.parts.*.id"]],
    ["args.items.filter(i, i.urgent).size() > 2", ["items", "items.*.urgent"]],
    ["args.items.filter(i, i.urgent).exists(i, i.amount > 1)", ["items.*.amount", "items.*.urgent"]],
    ["args.items.map(i, i.amount).exists(x, x > 1)", ["items.*.amount"]],
    ["args.items.exists(i, true)", ["items"]],
    ["args.exists(key, key.startsWith('x'))", ["*"]],
    ["cel.bind(it, args.order, it.total > 1 && it.lines.size() > 2)", ["order.lines", "order.total"]],
    ["cel.bind(most, args.a + args.b, most > 1)", ["a", "b"]],
    ['user.roles.exists(r, r == "x") && tool.name == "y"', []],
  ])("%s", (text, places) => {
    expect(placesIn(text)).toEqual(places);
  });

  it("are all that its value depends on", () => {
    fc.assert(
      fc.property(randomCondition, randomArgs, randomRoles, (text, given, roles) => {
        const compiled = language.condition(text);
        if (!compiled.ok) return;
        const run = (args: JsonObject) => {
          const input = policyInput({ arguments: args, principal: { roles } });
          const value = compiled.run(new CallContext(input, readSubjectFacts(input.subject)));
          return typeof value === "boolean" ? value : "an error";
        };
        const pruned = prune(given, compiled.looksAt);
        expect(run(isObject(pruned) ? pruned : {})).toBe(run(given));
      }),
      { numRuns: 2000 },
    );
  });

  it("stand in a policy's summary, those of its message too", () => {
    const text = `policies:
  - id: sends
    when: args.amount > 10
    then: { request_approval: { flow: finance, message: "Pays {{ args.amount }} to {{ args.payee.name }}." } }
`;
    const compiled = compilePolicies([{ name: "a.yaml", text }], { default: "allow", flows: ["finance"] });
    expect(compiled.ok && compiled.set.policies[0]?.looksAt).toEqual([["amount"], ["amount"], ["payee", "name"]]);
  });
});

/** Takes out what no path leads to; in lists something else stands in its place. */
function prune(value: Json | undefined, paths: readonly ArgumentPath[]): Json | undefined {
  if (paths.some((path) => path.length === 0)) return value;
  const below = (step: string | number) =>
    paths.flatMap((path) => (path[0] === step || path[0] === null ? [path.slice(1)] : []));
  if (Array.isArray(value)) return value.map((item, index) => replace(item, below(index)));
  if (!isObject(value)) return value;
  const kept = Object.keys(value).filter((key) => below(key).length > 0);
  return Object.fromEntries(kept.map((key) => [key, prune(value[key], below(key))]));
}

function replace(item: Json, paths: readonly ArgumentPath[]): Json {
  return paths.length === 0 ? "?" : (prune(item, paths) ?? null);
}
