import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { CallContext, readSubjectFacts } from "../../src/policy/cel/context.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";
import { explainPolicies } from "../../src/policy/explain/explain.ts";
import { WORK_LIMITS } from "../../src/policy/step-budget/work.ts";
import { policyInput, policySet, refusalOf } from "../support/policy-inputs.ts";

const TOO_MUCH = /steps for this call|steps together|text of more than/;
const numbers = Array.from({ length: 1000 }, (_, index) => index);
const HOSTILE: JsonObject = {
  n: numbers,
  same: numbers,
  t: numbers.map((number) => `item ${number}`),
  o: numbers.map((number) => ({ k: number, deep: { v: [number, number] } })),
  alike: numbers.map((number) => ({ k: number, deep: { v: [number, number] } })),
  s: `${"a".repeat(1_000_000)}`,
  digits: "1".repeat(1_000_000),
};

// What a caller can make slow, by what makes it so.
const SLOW = [
  "args.n.exists(x, args.n.exists(y, x + y > 5000.0))",
  "args.n.all(x, args.n.all(y, x + y < 5000.0))",
  "args.n.map(x, args.n.filter(y, x == y).size()).size() > 5",
  "args.n.exists_one(x, args.n.exists_one(y, x == y))",
  "args.n.exists(x, args.n.exists(y, x.missing == y))",
  "args.n.exists(x, args.n.exists(y, x.missing == y || y.missing == x))",
  "args.o.exists(x, x.missing == 1) || args.o.exists(x, x.missing == 2)",
  "args.o.exists(x, args.o.exists(y, x.deep == y && false))",
  "args.t.all(x, x in args.t) && args.t.all(x, x in args.t)",
  "args.o.all(x, x in args.o)",
  "args.n.all(x, args.n == args.same)",
  "args.n.all(x, args.o == args.alike)",
  "args.n.all(x, (args.n + args.n).size() > 0)",
  'args.n.all(x, args.t.join(",").size() > 0)',
  'args.n.all(x, !args.s.contains("zz"))',
  "args.n.all(x, (args.s + args.s).size() > 0)",
  'args.n.all(x, !args.s.matches("(?i)drop.*table"))',
  'args.s.matches("(?i)drop") || args.s.matches("(?i)table")',
  "args.n.all(x, args.s.lowerAscii() == args.s)",
  "args.n.all(x, size(args.s) > 3)",
  'duration(args.digits) > duration("1s")',
  "int(args.digits) > 3",
  "double(args.digits) > 3.0",
  'timestamp(args.digits) > timestamp("2026-01-01T00:00:00Z")',
] as const;

const language = createPolicyLanguage();
const contextOf = (args: JsonObject): CallContext => {
  const input = policyInput({ arguments: args });
  return new CallContext(input, readSubjectFacts(input.subject));
};

describe("a condition that a caller makes slow", () => {
  it.each(SLOW)("%s is an error that says so", (text) => {
    const compiled = language.condition(text);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    expect(compiled.run(contextOf(HOSTILE))).toEqual({ error: expect.stringMatching(TOO_MUCH) });
  });

  it.each(SLOW)("%s is one even where the rest of it would not need it", (text) => {
    const compiled = language.condition(`(${text}) || args.n.size() > 0`);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    const value = compiled.run(contextOf(HOSTILE));
    // A function that refuses a long text has cost nothing: false or true is true.
    if (value !== true) expect(value).toEqual({ error: expect.stringMatching(TOO_MUCH) });
  });

  it.each([
    ["deny: {}", "deny"],
    ["step_up: { max_age: 5m }", "step_up"],
    ["request_approval: { flow: finance }", "request_approval"],
    ["rate_limit: { limit: 5, per: 1h, by: [user] }", "deny"],
  ])("counts for %s", (effect, outcome) => {
    const set = policySet(`policies: [{ id: p, when: "${SLOW[0]}", then: { ${effect} } }]`);
    const decision = set.decide(policyInput({ arguments: HOSTILE }));
    expect(decision.effect).toBe(outcome);
    expect(decision.matched).toMatchObject([{ policy: "p", because: "error", error: expect.stringMatching(TOO_MUCH) }]);
  });

  it("allows nothing", () => {
    const set = policySet(`policies: [{ id: p, when: "!(${SLOW[0]})", then: { allow: {} } }]`, "deny");
    expect(set.decide(policyInput({ arguments: HOSTILE })).effect).toBe("deny");
  });

  it("is one for every result that a policy looks at, too", () => {
    const when = "result.structured.n.exists(x, result.structured.n.exists(y, x + y > 5000.0))";
    const set = policySet(`policies: [{ id: p, when: "${when}", then: { redact: { detect: [email] } } }]`);
    const answer = { isError: false, text: "", structured: { n: numbers } };
    const decided = set.decideResult(policyInput(), answer);
    expect(decided.redactions).toHaveLength(1);
    expect(decided.matched).toMatchObject([{ because: "error", error: expect.stringMatching(TOO_MUCH) }]);
  });
});

describe("a pattern", () => {
  it.each([
    ["drop", 200_000, false],
    ["drop", 1_000_000, true],
    ["(?i)drop.*table", 200_000, false],
    ["^[a-z0-9._%+-]{1,64}@acme\\\\.com$", 200_000, false],
    ["(?:[0-9][ -]?){13,19}", 200_000, false],
    // Texts that make a machine as large as they are long.
    ["a[ab]{12}$", 10_000, false],
    ["a[ab]{12}$", 20_000, true],
    ["(?:a|b)*a(?:a|b){60}[xy]", 3_000, false],
    ["(?:a|b)*a(?:a|b){60}[xy]", 10_000, true],
    ["a[ab]{900}[xy]", 1_000, true],
    ["(?:(?:a?b?){60}){2}[xy]", 200_000, false],
    ["(a|b|c){1,400}$", 2_000, true],
    // A machine with few states, each of which would have a step for all of Unicode.
    ["^[\\\\p{L}]{1,300}$", 1_000, true],
  ])("costs by its program and by the text: %s over %d characters", (pattern, length, tooMuch) => {
    const compiled = language.condition(`args.s.matches("${pattern}") || args.s == "x"`);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    const value = compiled.run(contextOf({ s: "ab".repeat(length / 2) }));
    expect(typeof value === "object" && TOO_MUCH.test(value.error)).toBe(tooMuch);
  });

  it.each(["(a|b|c){1,1000}$", "((a|b){1,30}){1,30}"])("of more instructions than 2,000 does not compile: %s", (it) => {
    const compiled = language.condition(`args.s.matches("${it}")`);
    expect(compiled.ok ? [] : compiled.problems.map(({ message }) => message)).toEqual([
      "This is not a valid pattern: it comes to more than 2000 instructions; count fewer repetitions.",
    ]);
  });
});

describe("the work of one decision", () => {
  const many = (count: number, when: string): string =>
    `policies: [${Array.from({ length: count }, (_, index) => `{ id: p${index}, when: '${when}', then: { deny: {} } }`).join(", ")}]`;

  it("is bounded over all conditions, and none counts as false beyond it", () => {
    const set = policySet(many(200, "args.n.exists(x, args.n.exists(y, x + y > 5000.0))"));
    const decision = set.decide(policyInput({ arguments: HOSTILE }));
    expect(decision.matched).toHaveLength(200);
    expect(new Set(decision.matched.map(({ because }) => because))).toEqual(new Set(["error"]));
    expect(decision.matched.at(-1)).toMatchObject({ error: expect.stringContaining("together") });
    expect(refusalOf(decision)).toContain("could not be evaluated");
  });

  it("is enough for 5,000 policies that look at a call's own arguments, and at lists of a usual length", () => {
    const input = policyInput({ arguments: { amount: 5, note: "x".repeat(2_000), to: ["a", "b"] } });
    const simple = policySet(many(5_000, 'args.amount > 10.0 || args.note.contains("secret") && size(args.to) > 3'));
    expect(simple.decide(input)).toMatchObject({ effect: "allow", matched: [] });
    const items = Array.from({ length: 100 }, (_, index) => ({ price: index, tags: ["a", "b"] }));
    const lists = policySet(many(20, 'args.items.exists(x, x.price > 1000.0 && x.tags.exists(y, y == "z"))'));
    expect(lists.decide(policyInput({ arguments: { items } }))).toMatchObject({ effect: "allow", matched: [] });
    const pairs = policySet(many(1, "args.items.exists(x, args.items.exists(y, x.price == y.price + 1000.0))"));
    expect(pairs.decide(policyInput({ arguments: { items } }))).toMatchObject({ effect: "allow", matched: [] });
  });

  it("is the same each time, and the same verdict is explained", () => {
    const value = fc.oneof(fc.constant(1), fc.constant("x"), fc.constant({ missing: 1 }), fc.constant([1, 2]));
    const args = fc.record({ n: fc.array(value, { maxLength: 900 }), t: fc.array(fc.string(), { maxLength: 50 }) });
    const set = policySet(
      `policies: [${[
        "args.n.exists(x, args.n.exists(y, x == y && x == 5))",
        "args.n.exists(x, x.missing == 2) || args.t.size() > 100",
        "args.t.all(x, x in args.t)",
      ]
        .map((when, index) => `{ id: p${index}, when: "${when}", then: { deny: {} } }`)
        .join(", ")}]`,
    );
    fc.assert(
      fc.property(args, (given) => {
        const input = policyInput({ arguments: given });
        const decision = set.decide(input);
        expect(set.decide(input)).toEqual(decision);
        const errors = decision.matched.flatMap(({ policy, error }) => (error === undefined ? [] : [[policy, error]]));
        const explained = explainPolicies(set, input, { decision, refusal: undefined, transformed: undefined });
        expect(explained.flatMap(({ id, error }) => (error === undefined ? [] : [[id, error]]))).toEqual(errors);
      }),
      { numRuns: 50 },
    );
  });

  it("spends no more steps than its limits, whatever is thrown at it", () => {
    const context = contextOf(HOSTILE);
    for (const text of [...SLOW, ...SLOW, ...SLOW]) {
      const compiled = language.condition(text);
      if (compiled.ok) compiled.run(context);
    }
    expect(context.work.excessOfDecision).toContain(String(WORK_LIMITS.perDecision));
  });
});

describe("the size of a text", () => {
  it("is its characters, as the specification counts them", () => {
    const size = language.expression("size(args.s) + args.s.size()");
    if (!size.ok) throw new Error("It does not compile.");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(size.run(contextOf({ s: text }))).toEqual({ value: BigInt(2 * [...text].length) });
      }),
    );
  });
});
