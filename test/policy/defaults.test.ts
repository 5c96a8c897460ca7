import { describe, expect, it } from "vitest";
import { ExactNumber } from "../../src/core/exact-number.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { explainCall } from "../../src/policy/explain/explain.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const object = (properties: JsonObject, ...required: readonly string[]): JsonObject => ({
  type: "object",
  properties,
  required,
});
const definition = (inputSchema: Json): JsonObject => ({ name: "pay", inputSchema });
const amount = (value: Json, more: JsonObject = {}): JsonObject =>
  definition(object({ amount: { type: "number", default: value, ...more } }));

const THENS: Readonly<Record<string, string>> = {
  deny: "deny: {}",
  step_up: "step_up: { acr: [mfa] }",
  request_approval: "request_approval: { flow: finance }",
  redact: "redact: { detect: [email] }",
};

const textOf = (when: string, then = "deny: {}"): string =>
  `policies: [{ id: p, when: ${JSON.stringify(when)}, then: { ${then} } }]`;

/** Whether the policy counts for the call, and with which defaults. */
function matched(when: string, tool: JsonObject, args: JsonObject, then = "deny: {}"): string {
  const set = policySet(textOf(when, then), then === "allow: {}" ? "deny" : "allow");
  const input = policyInput({ tool: "bank/pay", definition: tool, arguments: args });
  const before = JSON.stringify(args);
  const decision = set.decide(input);
  const [match] =
    decision.inspectsResult === true
      ? set.decideResult(input, { isError: false, structured: undefined, text: "" }).matched
      : decision.matched;
  expect(JSON.stringify(args)).toBe(before);
  if (match === undefined) return "passes";
  return `${match.error ?? "counts"}${match.defaults === undefined ? "" : ` with ${match.defaults.join(", ")}`}`;
}

const GUARDED = "has(args.amount) && args.amount > 10000.0";

describe("a default of the tool's schema", () => {
  it.each(Object.entries(THENS))("counts as the value where the call leaves it out, for %s", (_effect, then) => {
    expect(matched(GUARDED, amount(20_000), {}, then)).toBe("counts with args.amount");
    expect(matched(GUARDED, amount(5), {}, then)).toBe("passes");
    expect(matched(GUARDED, amount(20_000), { amount: 5 }, then)).toBe("passes");
  });

  it.each([
    ["is given", { amount: 5 }, 20_000, "passes"],
    ["is given as null", { amount: null }, 5, "args.amount > 10000.0 does not fit the types of its values"],
    ["is left out, and its default is null", {}, null, "passes"],
    [
      "is left out, and its default is a text",
      {},
      "20000",
      "args.amount > 10000.0 does not fit the types of its values with args.amount",
    ],
    [
      "is left out, and its default is an object",
      {},
      { a: 1 },
      "args.amount > 10000.0 does not fit the types of its values with args.amount",
    ],
    [
      "is left out, and its default is beyond all numbers",
      {},
      Number.POSITIVE_INFINITY,
      "a number is beyond ±(2^53-1) with args.amount",
    ],
    [
      "is left out, and its default is no double",
      {},
      new ExactNumber("9007199254740993"),
      "a number has more digits than a double with args.amount",
    ],
  ] as const)("matters only where the argument is missing: it %s", (_what, args, value, outcome) => {
    expect(matched(GUARDED, amount(value), args)).toBe(outcome);
  });

  it("never lets a call pass that was stopped without it", () => {
    for (const when of ["args.amount > 10000.0", "!has(args.amount) || args.amount > 10000.0", "!has(args.amount)"]) {
      expect(matched(when, amount(5), {})).not.toBe("passes");
      expect(matched(when, definition(object({})), {})).not.toBe("passes");
    }
    expect(matched("has(args.amount) && args.amount < 100.0", amount(5), {}, "allow: {}")).toBe("passes");
    expect(matched("has(args.amount) ? args.amount < 100.0 : true", amount(20_000), {}, "allow: {}")).toBe("passes");
    expect(matched("has(args.amount) ? args.amount < 100.0 : true", amount(5), {}, "allow: {}")).toBe("counts");
  });

  it("is not looked at by a condition that only asks whether the argument is there", () => {
    expect(matched("has(args.amount)", amount(20_000), {})).toBe("passes");
    expect(matched('"amount" in args', amount(20_000), {})).toBe("passes");
    const inside = definition(object({ o: object({ force: { type: "boolean", default: false } }) }));
    expect(matched('has(args.o) && "force" in args.o', inside, { o: {} })).toBe("passes");
    expect(matched("has(args.o) && has(args.o.force)", inside, { o: {} })).toBe("passes");
  });

  it.each<readonly [string, JsonObject, string, JsonObject, string]>([
    [
      "an object that is there",
      object({ o: object({ max: { type: "number", default: 500 } }) }),
      "has(args.o) && has(args.o.max) && args.o.max > 100.0",
      { o: {} },
      "counts with args.o.max",
    ],
    [
      "an object that is a default itself",
      object({ o: { ...object({ max: { type: "number", default: 500 } }), default: {} } }),
      "has(args.o) && has(args.o.max) && args.o.max > 100.0",
      {},
      "counts with args.o, args.o.max",
    ],
    [
      "the default of an object around it",
      object({ o: { type: "object", default: { max: 500 } } }),
      "has(args.o) && has(args.o.max) && args.o.max > 100.0",
      {},
      "counts with args.o",
    ],
    [
      "an object that may be missing, and is",
      object({ o: object({ max: { type: "number", default: 500 } }) }),
      "has(args.o) && has(args.o.max) && args.o.max > 100.0",
      {},
      "passes",
    ],
    [
      "the items of a list",
      object({ rows: { type: "array", items: object({ max: { type: "integer", default: 500 } }) } }),
      "has(args.rows) && args.rows.exists(r, has(r.max) && r.max > 100)",
      { rows: [{ max: 5 }, {}] },
      "counts with args.rows[].max",
    ],
    [
      "a reference",
      { $defs: { money: { type: "number", default: 20_000 } }, ...object({ amount: { $ref: "#/$defs/money" } }) },
      GUARDED,
      {},
      "counts with args.amount",
    ],
    [
      "a choice",
      object({ amount: { anyOf: [{ type: "number" }, { type: "null" }], default: 20_000 } }),
      GUARDED,
      {},
      "counts with args.amount",
    ],
    [
      "one of the branches of a choice",
      object({
        amount: {
          anyOf: [
            { type: "number", default: 20_000 },
            { type: "null", default: null },
          ],
        },
      }),
      GUARDED,
      {},
      "counts with args.amount",
    ],
    [
      "several branches that differ",
      object({
        amount: {
          anyOf: [
            { type: "number", default: 20_000 },
            { type: "number", default: 5 },
          ],
        },
      }),
      GUARDED,
      {},
      "the tool's schema has several defaults for a value that the call leaves out with args.amount",
    ],
    [
      "a key that is computed",
      object({ amount: { type: "number", default: 20_000 }, other: { type: "number" } }),
      "args.exists(k, args[k] > 10000.0)",
      { other: 5 },
      "counts with args.amount",
    ],
    [
      "the name of a prototype's member",
      object({ toString: { type: "number", default: 20_000 } }),
      "has(args.toString) && args.toString > 10000.0",
      {},
      "counts with args.toString",
    ],
  ])("is found in %s", (_what, inputSchema, when, args, outcome) => {
    expect(matched(when, definition(inputSchema), args)).toBe(outcome);
  });

  const RECIPIENT = object({ limit: { type: "number", default: 20_000 } });
  const LINES: JsonObject = { type: "array", items: RECIPIENT };
  const OVER = (it: string) => `"limit" in ${it} && ${it}.limit > 10000.0`;
  it.each<readonly [string, JsonObject]>([
    [`[args.to].exists(t, ${OVER("t")})`, { to: {} }],
    [`cel.bind(all, [args.to], ${OVER("all[0]")})`, { to: {} }],
    [`cel.bind(t, {"a": args.to}, ${OVER("t.a")})`, { to: {} }],
    [`cel.bind(t, true ? args.to : args.to, ${OVER("t")})`, { to: {} }],
    [`[args].exists(a, has(a.to) && ${OVER("a.to")})`, { to: {} }],
    [`[args.lines].exists(all, ${OVER("all[0]")})`, { lines: [{}] }],
    [`args.lines.map(l, l).exists(l, ${OVER("l")})`, { lines: [{ limit: 5 }, {}] }],
    [`args.lines.map(l, [l]).exists(l, ${OVER("l[0]")})`, { lines: [{}] }],
    [`args.orders.map(o, o.to).exists(t, ${OVER("t")})`, { orders: [{ to: {} }] }],
    [`!(has(args.lines) ? args.lines : []).all(l, !(${OVER("l")}))`, { lines: [{}] }],
    [`(args.lines + []).exists(l, ${OVER("l")})`, { lines: [{}] }],
    [`(args.lines + args.lines).filter(l, true).exists(l, ${OVER("l")})`, { lines: [{}] }],
    [`args.exists(k, k == "to" && ${OVER("args[k]")})`, { to: {} }],
    [`["to"].exists(k, ${OVER("args[k]")})`, { to: {} }],
  ])("counts however the condition comes to the value: %s", (when, args) => {
    const orders = { type: "array", items: object({ to: RECIPIENT }) };
    const tool = definition(object({ to: RECIPIENT, lines: LINES, orders }));
    expect(matched(when, tool, args)).toMatch(/^counts with args\./);
    expect(matched(`!(${when})`, tool, args, "allow: {}")).toBe("passes");
  });

  it("is found among as many as a schema can have, in a time that ends", () => {
    const names = Array.from({ length: 40 }, (_, at) => `n${at}`);
    const next: JsonObject = { $ref: "#/$defs/node" };
    const node = { ...object(Object.fromEntries(names.map((name) => [name, next]))), default: {} };
    const tool = definition({ ...object({ root: next, rows: { type: "array", items: next } }), $defs: { node } });
    expect(matched("[args.root].exists(r, has(r.n1) && has(r.n1.n2))", tool, { root: {} })).toContain(
      "counts with args.root.n0",
    );
    const rows = Array.from({ length: 1000 }, () => ({}));
    expect(matched("[args.rows].exists(r, r.size() > 1000)", tool, { rows })).toContain("steps together");
  });

  it("can refer to itself without end, and still ends", () => {
    const node: JsonObject = { type: "object", properties: { next: { $ref: "#/$defs/node" } }, default: {} };
    const schema = { ...object({ next: { $ref: "#/$defs/node" } }), $defs: { node } };
    expect(
      matched("has(args.next) && has(args.next.next) && args.next.next != args", definition(schema), {}),
    ).toContain("with args.next, args.next.next");
  });

  it("makes a call no cheaper, and no other account's, for a limit", () => {
    const schema = definition(object({ n: { type: "number", default: 900 }, to: { type: "string", default: "acme" } }));
    const cost = "has(args.n) ? args.n : 0.0";
    const key = "has(args.to) ? args.to : 'nobody'";
    const set = policySet(
      `policies: [{ id: p, then: { rate_limit: { limit: 1000, per: 1d, cost: ${JSON.stringify(cost)}, key: ${JSON.stringify(key)} } } }]`,
    );
    const limitOf = (args: JsonObject) =>
      set.decide(policyInput({ tool: "bank/pay", definition: schema, arguments: args })).limits?.[0];
    expect(limitOf({})?.cost).toBe(900);
    expect(limitOf({ n: 5 })?.cost).toBe(5);
    expect(limitOf({})?.counter).toBe(limitOf({ to: "acme" })?.counter);
    expect(limitOf({ to: "x" })?.counter).not.toBe(limitOf({ to: "acme" })?.counter);
  });

  it("buys a call no more work than any other", () => {
    const rows = { type: "array", items: { type: "string" } };
    const schema = definition(object({ on: { type: "boolean", default: true }, rows }));
    const when = 'has(args.on) && args.on && args.rows.exists(a, args.rows.exists(b, a + "x" == b))';
    const policies = Array.from(
      { length: 40 },
      (_, at) => `- { id: p${at}, when: ${JSON.stringify(when)}, then: { deny: {} } }`,
    );
    const set = policySet(`policies:\n${policies.join("\n")}\n`);
    const args = { rows: Array.from({ length: 100 }, (_, at) => `${at}`) };
    const { matched: all } = set.decide(policyInput({ tool: "bank/pay", definition: schema, arguments: args }));
    expect(all.at(-1)?.error).toContain("steps together");
  });

  it("is named where the decision is explained, with the value that decided", () => {
    const files = [{ name: "p.yaml", text: textOf(GUARDED) }];
    const input = policyInput({ tool: "bank/pay", definition: amount(20_000), arguments: {} });
    const explained = explainCall(files, { default: "allow", flows: undefined }, input);
    expect(explained).toMatchObject({
      ok: true,
      policies: [{ verdict: "applied", defaults: ["args.amount"], trace: { value: "true" } }],
    });
  });
});
